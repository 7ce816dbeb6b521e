"""Brightness and contrast of a clip."""

import dataclasses

from interlink.transforms.clips import ChooseClips
from interlink.transforms.scores.exposure import brightness, contrast


def test_brightness_and_contrast_are_means_over_all_frames(records):
    frames = [
        records.frame(0, brightness=10.0, contrast=2.0),
        records.frame(500_000, brightness=30.0, contrast=4.0, is_grid=False),
    ]
    (clip,) = ChooseClips().process(records.video(4, frames=frames))
    assert (brightness(clip), contrast(clip)) == (20.0, 3.0)
    empty = dataclasses.replace(clip, frames=())
    assert (brightness(empty), contrast(empty)) == (None, None)
