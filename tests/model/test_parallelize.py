"""Two processes under gloo against one: losses, gradients, steps that are not taken."""

import dataclasses
import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import interlink
from interlink.model.parallelize import Ranks

STEP = Path(__file__).with_name("step_of_ranks.py")
families = pytest.mark.parametrize("family", ["llama", "opt"])


def load_step():
    spec = importlib.util.spec_from_file_location("interlink_test_step_of_ranks", STEP)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def step():
    """What the processes run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_step()
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Metrics and tensors of both ranks: `found("llama-both")`."""
    folder = tmp_path_factory.mktemp("ranks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "PYTHONPATH": str(Path(interlink.__file__).parent.parent),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": "2",
        "CUDA_VISIBLE_DEVICES": "",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, str(STEP), str(folder)],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors

    def read(name):
        return [
            (
                json.loads((folder / f"{name}-{rank}.json").read_text()),
                load_file(folder / f"{name}-{rank}.safetensors"),
            )
            for rank in range(2)
        ]

    return read


def check_equal(step, found, name, *, atol):
    """Both ranks have what one process has."""
    options = step.CASES[name]
    trainer, metrics, expected = step.take_step(Ranks(), **options)
    plain = json.loads(json.dumps(dataclasses.asdict(metrics)))
    assert any(key.startswith("gradient.") for key in expected)
    for other, tensors in found(name):
        assert other.pop("ledger") == dataclasses.asdict(trainer.ledger)
        assert other.keys() == plain.keys()
        for key in ("loss", "contrastive_loss", "retrieval_top1", "negatives", "tokens"):
            assert other[key] == (plain[key] and pytest.approx(plain[key], abs=atol)), key
        assert other["loss_by_kind"] == pytest.approx(plain["loss_by_kind"], abs=atol)
        assert tensors.keys() == expected.keys()
        for key, tensor in tensors.items():
            if key.startswith("gradient."):
                torch.testing.assert_close(tensor, expected[key], rtol=0, atol=atol, msg=key)
    return metrics, expected


@families
def test_the_contrastive_loss_over_two_ranks_is_that_of_all_pairs_in_one(step, found, family):
    metrics, expected = check_equal(step, found, f"{family}-contrastive", atol=1e-6)
    # Of five pairs the two of one video are no negatives of one another: (3 + 4 + 4 + 3 + 4) / 5.
    assert metrics.negatives == pytest.approx(18 / 5)
    moved = {key.split(".")[1] for key, t in expected.items() if "gradient" in key and t.any()}
    assert moved == {"resampler", "heads"}


@families
def test_the_language_loss_over_two_ranks_is_that_of_one(step, found, family):
    """The ranks have unlike numbers of tokens of each kind: a mean of means would differ."""
    metrics, _ = check_equal(step, found, f"{family}-language", atol=1e-6)
    assert metrics.contrastive_loss is None
    assert metrics.loss_by_kind.keys() == {"given", "caption"}


@families
def test_both_losses_in_micro_batches_over_two_ranks_are_those_of_one_batch_in_one(
    step, found, family
):
    check_equal(step, found, f"{family}-both", atol=1e-6)
    _, whole, expected = step.take_step(Ranks(), family=family)
    _, parts, tensors = step.take_step(Ranks(), **step.CASES[f"{family}-both"])
    assert parts.loss == pytest.approx(whole.loss, abs=1e-6)
    for key, tensor in tensors.items():
        if key.startswith("gradient."):
            torch.testing.assert_close(tensor, expected[key], rtol=0, atol=1e-6, msg=key)


@families
def test_a_step_that_is_not_finite_on_one_rank_is_taken_on_none(step, found, family):
    first, second = found(f"{family}-broken")
    for metrics, tensors in (first, second):
        assert metrics["skipped"] == ["row 2"]
        assert metrics["ledger"]["skipped_steps"] == 1
        assert metrics["ledger"]["steps"] == 1
        state = {
            f"state.{n}": t
            for n, t in step.tiny_of(family).model(gates=0.3).trained_state().items()
        }
        assert tensors.keys() == state.keys()
        assert all(torch.equal(tensors[key], tensor) for key, tensor in state.items())


def test_the_ranks_stay_equal(found):
    for name in ("llama-both", "opt-both"):
        (_, first), (_, second) = found(name)
        assert all(torch.equal(tensor, second[key]) for key, tensor in first.items())
