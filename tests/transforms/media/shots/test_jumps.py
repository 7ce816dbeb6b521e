"""Jumps: every cut is one, steady motion is none."""

import numpy as np

from interlink.transforms.media.shots.jumps import JumpFinder
from interlink.transforms.media.shots.planes import Planes


def frame(level, noise, rng):
    return Planes(
        *(
            (level + rng.integers(0, noise + 1, shape)).astype(np.uint8)
            for shape in ((45, 80), (23, 40), (23, 40))
        )
    )


def jumps(levels, noise=3):
    finder, rng = JumpFinder(), np.random.default_rng(0)
    return [i for i, level in enumerate(levels) if finder.push(frame(level, noise, rng))]


def test_a_step_is_a_jump_and_the_first_frame_is_none():
    assert jumps([50] * 20 + [90] * 20) == [20]


def test_small_changes_and_steady_motion_are_no_jumps():
    assert jumps([50, 53] * 20) == []
    late = [i for i in jumps([50, 90] * 20) if i > 3]
    assert late == []


def test_grain_does_not_hide_a_large_step():
    assert 20 in jumps([50] * 20 + [120] * 20, noise=20)
