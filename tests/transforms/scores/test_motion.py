"""Motion of a clip."""

import pytest

from interlink.transforms.clips import ChooseClips
from interlink.transforms.scores.motion import motion


def clip_of(records, frames):
    (clip,) = ChooseClips().process(records.video(4, frames=frames))
    return clip


def test_motion_is_the_mean_of_changes_inside_the_clip(records):
    frames = [records.frame(n * 500_000, motion=m) for n, m in enumerate((90.0, 2.0, 4.0))]
    assert motion(clip_of(records, frames)) == pytest.approx(3.0)  # the cut's 90 is not counted


def test_frames_beside_a_boundary_do_not_count(records):
    frames = [
        records.frame(0),
        records.frame(500_000, motion=2.0),
        records.frame(700_000, motion=99.0, is_grid=False),
    ]
    assert motion(clip_of(records, frames)) == 2.0


def test_a_clip_with_one_grid_frame_has_no_motion_to_measure(records):
    assert motion(clip_of(records, [records.frame(0, motion=5.0)])) is None
