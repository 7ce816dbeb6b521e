"""Speeds of a step, with a clock that is turned by hand."""

import time

import pytest
import torch

from interlink.model import step_clock
from interlink.model.cosmo.model import Cosmo
from interlink.model.data.order import World
from interlink.model.training_data import TrainingStreams


@pytest.fixture
def hands(monkeypatch):
    """Returns the clock's time, which only the test moves."""
    now = [100.0]
    monkeypatch.setattr(step_clock.time, "monotonic", lambda: now[0])
    yield now
    assert time.monotonic() == now[0]


def test_waiting_is_a_share_of_the_step_and_evaluations_are_in_none(recipe, hands):
    processor = Cosmo.build(recipe.model).processor
    batch, pairs = next(iter(TrainingStreams(recipe, processor, World())))

    def slowly():
        for _ in range(2):
            hands[0] += 1.0
            yield batch, pairs

    clock = step_clock.StepClock()
    speeds = []
    for found, _ in clock.waiting(slowly()):
        hands[0] += 3.0
        speeds.append(clock.speed(found, pairs, ranks=2))
        hands[0] += 50.0
        clock.go_on()
    tokens = int((batch.document_BL >= 0).sum())
    clips = torch.stack([b.media.frame_mask_BMF.any(-1).sum() for b in (batch, pairs)]).sum()
    assert [speed.data_wait_share for speed in speeds] == [0.25, 0.25]
    assert speeds[0].tokens_per_s == 2 * tokens / 4
    assert speeds[1].clips_per_s == 2 * clips / 4
