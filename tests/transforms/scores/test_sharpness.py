"""Sharpness of a clip."""

import dataclasses

from interlink.transforms.clips import ChooseClips
from interlink.transforms.scores.sharpness import sharpness


def test_sharpness_is_the_median_so_that_one_blurred_frame_does_not_count(records):
    frames = [records.frame(n * 500_000, sharpness=s) for n, s in enumerate((60.0, 1.0, 80.0))]
    (clip,) = ChooseClips().process(records.video(4, frames=frames))
    assert sharpness(clip) == 60.0
    assert sharpness(dataclasses.replace(clip, frames=())) is None
