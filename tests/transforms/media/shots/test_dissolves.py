"""Dissolves between made-up pictures."""

import numpy as np
import pytest

from interlink.transforms.media.shots.descriptors import Describer
from interlink.transforms.media.shots.dissolves import (
    find_windows,
    judge_dissolve,
    make_slots,
    slot_numbers,
)
from interlink.transforms.media.shots.planes import Planes

SHAPES = ((45, 80), (23, 40), (23, 40))
FPS = 25


def scene(seed):
    rng = np.random.default_rng(seed)
    return [
        np.kron(rng.integers(0, 256, (9, 16)), np.ones((5, 5)))[:45, :80],
        np.full((23, 40), rng.integers(60, 200)),
        np.full((23, 40), rng.integers(60, 200)),
    ]


def mixes(shares):
    a, b = scene(1), scene(2)
    return [
        Planes(*((x + (y - x) * share).astype(np.uint8) for x, y in zip(a, b, strict=True)))
        for share in shares
    ]


def dissolves_of(shares):
    return dissolves_in(mixes(shares))


def dissolves_in(frames):
    describer = Describer(frames[0])
    history = describer.describe(frames, [i * 40_000 for i in range(len(frames))])
    slots = make_slots(history.descriptors, history.time_us / 1e6)
    windows = find_windows(slots, describer)
    found = (judge_dissolve(history, describer, slots, window) for window in windows)
    return [dissolve for dissolve in found if dissolve is not None]


@pytest.mark.parametrize("frames", [8, 15, 30])
def test_a_linear_mix_is_found_where_it_is(frames):
    ramp = np.linspace(0, 1, frames + 2)[1:-1]
    found = dissolves_of([0] * 50 + list(ramp) + [1] * 50)
    assert found
    best = max(found, key=lambda d: d.score)
    assert best.start == pytest.approx(50, abs=4)
    assert best.end == pytest.approx(50 + frames, abs=4)


def test_a_still_picture_and_a_cut_are_no_dissolves():
    assert dissolves_of([0] * 100) == []
    assert dissolves_of([0] * 50 + [1] * 50) == []


def test_a_way_that_wanders_is_no_dissolve():
    """A pan shows a new picture every few frames, and never goes straight to the last one."""
    wide = np.concatenate([scene(seed)[0] for seed in range(3, 7)], axis=1)
    colours = scene(3)[1:]
    frames = [
        Planes(*(part.astype(np.uint8) for part in (wide[:, x : x + 80], *colours)))
        for x in range(0, 240, 4)
    ]
    assert dissolves_in(frames) == []


def test_slots_count_from_the_first_frame_and_skip_holes():
    seconds = np.array([0.0, 0.04, 0.08, 0.5, 0.52])
    assert slot_numbers(seconds).tolist() == [0, 0, 1, 6, 6]
    descriptors = np.arange(5, dtype=np.float32)[:, None] * np.ones(224, np.float32)
    slots = make_slots(descriptors, seconds)
    assert slots.descriptors[:, 0].tolist() == [0.5, 2.0, 3.5]
    assert slots.middles.tolist() == [1, 2, 4]
    assert slots.steps == pytest.approx([0, 3, 3])


def test_too_few_frames_give_no_window():
    assert dissolves_of([0, 1]) == []
