"""The verdict on what packets and frames cover."""

import pytest

from interlink.schemas.errors import RecordError
from interlink.schemas.outcome import ErrorCode
from interlink.transforms.media.container import Declared
from interlink.transforms.media.coverage import CoverageCounter

STEP_US = 40_000


def counter(times_us, *, frames=0, duration_us=None, container_start_us=None, corrupt=0):
    declared = Declared(
        num_frames=frames, duration_us=duration_us, container_start_us=container_start_us
    )
    result = CoverageCounter(declared)
    for number, time_us in enumerate(times_us):
        result.add_packet(is_keyframe=number % 50 == 0)
        result.add_frame(time_us, is_corrupt=number < corrupt)
    return result


def verdict(result, times_us):
    try:
        result.check(start_us=times_us[0], end_us=times_us[-1] + STEP_US)
    except RecordError as error:
        return error.code
    return None


def regular(count, start_us=0):
    return [start_us + i * STEP_US for i in range(count)]


@pytest.mark.parametrize(
    ("count", "declared", "code"),
    [
        (200, 200, None),
        (195, 200, None),
        (92, 200, ErrorCode.TRUNCATED),
        (180, 200, ErrorCode.TRUNCATED),
    ],
)
def test_a_stream_that_ends_early_is_truncated(count, declared, code):
    times = regular(count)
    result = counter(times, frames=declared, duration_us=declared * STEP_US)
    assert verdict(result, times) is code


def test_frames_that_an_edit_list_hides_are_not_missed():
    times = regular(100)
    result = counter(times, frames=200, duration_us=100 * STEP_US)
    assert verdict(result, times) is None


def test_the_containers_duration_counts_sound_that_outlasts_the_pictures():
    times = regular(100)
    result = counter(times, duration_us=10_000_000, container_start_us=0)
    assert verdict(result, times) is ErrorCode.TRUNCATED
    result.add_end(9_990_000)
    assert verdict(result, times) is None


def test_a_hole_in_a_regular_video_is_a_gap():
    times = [t for t in regular(300) if not 4_000_000 <= t < 6_000_000]
    result = counter(times, duration_us=300 * STEP_US)
    with pytest.raises(RecordError, match=r"no frame for 2.04 s") as caught:
        result.check(start_us=0, end_us=times[-1] + STEP_US)
    assert caught.value.value == pytest.approx(2.04)
    assert not result.is_variable_rate
    assert result.coverage().max_gap_us == 2_040_000


def test_a_screen_recording_may_stand_still():
    times = sorted({*regular(100), *(4_000_000 + i * 2_300_000 for i in range(10))})
    result = counter(times)
    assert result.is_variable_rate
    assert verdict(result, times) is None


@pytest.mark.parametrize(("corrupt", "code"), [(4, None), (5, ErrorCode.MEDIA_CORRUPT)])
def test_at_most_two_percent_may_be_damaged(corrupt, code):
    times = regular(200)
    assert verdict(counter(times, corrupt=corrupt), times) is code


def test_refused_packets_count_as_damaged():
    times = regular(100)
    result = counter(times)
    for _ in range(5):
        result.add_packet(is_keyframe=False)
        result.add_undecodable()
    assert verdict(result, times) is ErrorCode.MEDIA_CORRUPT
    assert result.coverage().num_frames_corrupt == 5


def test_no_frame_at_all_is_corrupt():
    result = CoverageCounter(Declared(num_frames=0, duration_us=None, container_start_us=0))
    result.add_packet(is_keyframe=True)
    with pytest.raises(RecordError, match="none of 1 video packets could be decoded"):
        result.check(start_us=0, end_us=0)


def test_the_numbers_are_kept():
    coverage = counter(regular(120), frames=120, duration_us=4_800_000).coverage()
    assert (coverage.num_packets, coverage.num_frames_decoded) == (120, 120)
    assert (coverage.num_keyframes, coverage.max_gap_us) == (3, STEP_US)
    assert coverage.declared_duration_us == 4_800_000
