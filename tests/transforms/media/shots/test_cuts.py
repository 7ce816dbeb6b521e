"""Cuts and flashes in made-up descriptors."""

import numpy as np

from interlink.transforms.media.shots.cuts import (
    changes,
    find_triggers,
    judge_cut,
    without_flashes,
)
from interlink.transforms.media.shots.descriptors import Describer
from interlink.transforms.media.shots.planes import Planes


def history_of(scenes):
    """Each number is a frame of that scene; scenes differ in luma and colour."""
    rng = np.random.default_rng(5)
    pictures = {
        scene: Planes(
            *(rng.integers(0, 256, shape, np.uint8) for shape in ((45, 80), (23, 40), (23, 40)))
        )
        for scene in sorted(set(scenes))
    }
    for scene, picture in pictures.items():
        picture.luma[:] = picture.luma // 4 + 60 * scene
        picture.blue[:] = picture.blue // 8 + 40 * scene
        picture.red[:] = picture.red // 8 + 200 - 40 * scene
    frames = [pictures[scene] for scene in scenes]
    describer = Describer(frames[0])
    return describer.describe(frames, [i * 40_000 for i in range(len(frames))]), describer


def cuts_of(scenes):
    history, describer = history_of(scenes)
    change = changes(history.descriptors)
    found = (judge_cut(history, describer, change, int(i)) for i in find_triggers(change))
    return [cut.frame for cut in found if cut is not None]


def test_a_cut_is_the_first_frame_of_the_new_scene():
    assert cuts_of([0] * 20 + [1] * 20) == [20]


def test_two_cuts_half_a_second_apart_are_both_found():
    assert cuts_of([0] * 20 + [1] * 13 + [2] * 20) == [20, 33]


def test_a_flash_of_two_frames_is_no_cut():
    assert cuts_of([0] * 20 + [3] * 2 + [0] * 20) == []


def test_a_still_picture_has_no_trigger():
    history, _ = history_of([0] * 30)
    change = changes(history.descriptors)
    assert change.max() == 0
    assert find_triggers(change).size == 0


def test_a_cut_before_the_first_frame_is_none():
    history, describer = history_of([0, 1])
    assert judge_cut(history, describer, np.full(2, 50, np.float32), 0) is None


def test_flashes_are_bridged_in_a_copy():
    history, _ = history_of([0] * 10 + [3] * 2 + [0] * 10)
    before = history.descriptors.copy()
    change = changes(history.descriptors)
    smooth = without_flashes(history.descriptors, change, find_triggers(change))
    assert (history.descriptors == before).all()
    assert changes(smooth).max() < 1
