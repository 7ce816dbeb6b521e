"""Windows respect their limits and end where the content does."""

from dataclasses import replace

import pytest

from interlink.schemas.video import BoundaryKind
from interlink.transforms.text.windows import divide_clips

S = 1_000_000


@pytest.fixture
def clips(make_clips):
    """Twenty clips of 4 s, 1 s apart."""
    return make_clips(20, frames=1)


def _sizes(clips, **limits):
    limits = {"max_clips": 32, "max_duration_us": 600 * S} | limits
    windows = divide_clips(clips, **limits)
    assert [clip for window in windows for clip in window] == list(clips)
    return [len(window) for window in windows]


def test_what_fits_stays_whole(clips):
    assert _sizes(clips) == [20]
    assert _sizes(clips, max_clips=20) == [20]
    assert _sizes(clips[:1]) == [1]
    assert _sizes([]) == []


def test_without_a_better_place_a_window_is_filled(clips):
    assert _sizes(clips, max_clips=8) == [8, 8, 4]
    # Clip 9 ends 49 s after clip 0 starts.
    assert _sizes(clips, max_duration_us=49 * S) == [10, 10]
    assert _sizes(clips, max_duration_us=49 * S - 1) == [9, 9, 2]


def test_a_window_ends_after_a_fade_near_its_limit(clips):
    faded = replace(clips[6].boundary, end_kind=BoundaryKind.FADE)
    clips[6] = replace(clips[6], boundary=faded)
    assert _sizes(clips, max_clips=8)[0] == 7


def test_a_fade_far_from_the_limit_does_not_make_a_short_window(clips):
    faded = replace(clips[2].boundary, end_kind=BoundaryKind.FADE)
    clips[2] = replace(clips[2], boundary=faded)
    assert _sizes(clips, max_clips=8)[0] == 8


def test_without_a_fade_a_window_ends_before_the_longest_gap(clips):
    later = [
        replace(clip, start_us=clip.start_us + 3 * S, end_us=clip.end_us + 3 * S)
        for clip in clips[7:]
    ]
    assert _sizes([*clips[:7], *later], max_clips=8)[0] == 7


def test_a_clip_longer_than_the_limit_is_a_window_of_its_own(clips):
    assert _sizes(clips[:3], max_duration_us=S) == [1, 1, 1]
