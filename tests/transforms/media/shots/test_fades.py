"""Fades in made-up brightness curves, told as soon as they are certain."""

import numpy as np
import pytest

from interlink.transforms.media.shots.fades import FadeFinder

FPS = 25


def curve(*parts):
    """Join (frames, from, to) ramps of luma."""
    return np.concatenate([np.linspace(a, b, n, endpoint=False) for n, a, b in parts])


def find(luma, block=64):
    finder, fades, told = FadeFinder(), [], []
    seconds = np.arange(len(luma)) / FPS
    spread = np.where(luma < 30, 2.0, 90.0).astype(np.float32)
    luma = luma.astype(np.float32)
    for i in range(0, len(luma), block):
        part = slice(i, i + block)
        finder.push(seconds[part], luma[part], spread[part])
        new = finder.find(is_end=False)
        told += [seconds[part][-1]] * len(new)
        fades += new
        assert len(finder._frames) < 400
    return fades + finder.find(is_end=True), told


def test_a_fade_through_black_spans_both_ramps():
    luma = curve((100, 120, 120), (10, 120, 16), (5, 16, 16), (10, 16, 120), (200, 120, 120))
    [fade], told = find(luma)
    assert fade.start_s == pytest.approx(100 / FPS, abs=0.05)
    assert fade.end_s == pytest.approx(125 / FPS, abs=0.05)
    assert fade.start_s < fade.black_start_s <= fade.black_end_s < fade.end_s
    assert fade.is_boundary
    assert told[0] < 10


def test_a_jump_to_black_and_a_slow_return_is_a_fade_on_one_side():
    luma = curve((100, 120, 120), (10, 16, 16), (10, 16, 120), (100, 120, 120))
    [fade], _ = find(luma)
    assert fade.start_s == fade.black_start_s == pytest.approx(100 / FPS)
    assert fade.end_s > fade.black_end_s


def test_jumps_on_both_sides_are_cuts_and_no_fade():
    assert find(curve((100, 120, 120), (10, 16, 16), (100, 120, 120)))[0] == []


def test_fades_at_the_ends_are_told_but_are_no_boundary():
    luma = curve((5, 16, 16), (10, 16, 120), (150, 120, 120), (10, 120, 16), (5, 16, 16))
    fades, _ = find(luma)
    assert [fade.is_boundary for fade in fades] == [False, False]


def test_blocks_of_any_size_give_the_same_fades():
    luma = curve((80, 120, 120), (12, 120, 16), (90, 16, 16), (12, 16, 120), (80, 120, 120)) * 1.0
    luma = np.concatenate([luma, luma, luma])
    wanted, _ = find(luma, block=10_000)
    assert len(wanted) == 3
    for block in (1, 7, 64):
        assert find(luma, block=block)[0] == wanted


def test_no_frame_gives_no_fade():
    assert FadeFinder().find(is_end=True) == []
