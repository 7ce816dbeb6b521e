import pytest
import torch
from torch import nn

from interlink.model.tiny.training import Descent, reproducible


def test_chance_and_threads_of_the_caller_come_back():
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    torch.set_num_threads(2)
    try:
        with reproducible(0):
            assert torch.get_num_threads() == 1
            torch.rand(10)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.rand(3), expected)


def test_chance_inside_depends_on_the_seed_alone():
    draws = []
    for outside in (1, 2):
        torch.manual_seed(outside)
        with reproducible(7):
            draws.append(torch.rand(3))
    assert torch.equal(*draws)


def test_threads_come_back_after_an_error():
    threads = torch.get_num_threads()
    with pytest.raises(RuntimeError, match="lost"), reproducible(0):
        raise RuntimeError("lost")
    assert torch.get_num_threads() == threads


def test_descent_finds_the_lowest_point():
    torch.manual_seed(0)
    line = nn.Linear(1, 1)
    descent = Descent(line, learning_rate=0.1, steps=200)
    x = torch.linspace(-1, 1, 20)[:, None]
    for step in range(200):
        loss = ((line(x) - (2 * x - 1)) ** 2).mean()
        descent.step(loss, step)
    assert loss.item() < 1e-3
