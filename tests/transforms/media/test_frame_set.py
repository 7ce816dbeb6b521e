"""The frame set's grid, and the frames beside boundaries."""

import io

import av
import numpy as np
import PIL.Image
import pytest

from interlink.transforms.media.blobs import BlobWriter
from interlink.transforms.media.frame_set import FrameSet
from interlink.transforms.media.pictures import PictureMaker, PictureShape

GRID_US = 500_000


def grey(level):
    planes = np.full((96, 64), 128, np.uint8)
    planes[:64] = level
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def make_set():
    file = io.BytesIO()
    shape = PictureShape(width_px=64, height_px=64, turn_degrees=0)
    frames = FrameSet(PictureMaker(shape, jpeg_quality=90), BlobWriter(file), grid_us=GRID_US)
    return frames, file


def grid_of(times_us, end_us):
    frames, _ = make_set()
    for time_us in times_us:
        frames.push(grey(100), time_us, is_jump=False)
    frames.finish(end_us)
    return [kept.time_us for kept in frames.frames([])]


def shown_at_grid(times_us, end_us):
    """The definition, by brute force: the last frame up to each grid time of the video's span."""
    first = -(-times_us[0] // GRID_US) * GRID_US
    shown = [max(t for t in times_us if t <= g) for g in range(first, end_us, GRID_US)]
    return sorted(set(shown)) or [times_us[0]]


@pytest.mark.parametrize("seed", range(8))
def test_the_grid_takes_the_frames_shown_at_its_times(seed):
    rng = np.random.default_rng(seed)
    steps = rng.choice([20_000, 33_333, 100_000, 500_000, 1_700_000], 60)
    times = (int(rng.integers(-300_000, 900_000)) + np.cumsum(steps)).tolist()
    end_us = times[-1] + int(rng.integers(1, 700_000))
    assert grid_of(times, end_us) == shown_at_grid(times, end_us)


def test_a_frame_exactly_on_the_grid_is_the_one_shown():
    assert grid_of([0, 250_000, 500_000, 750_000, 1_000_000], 1_250_000) == [0, 500_000, 1_000_000]


def test_a_grid_time_at_the_end_is_outside():
    assert grid_of([0, 250_000], 500_000) == [0]


def test_a_video_between_two_grid_times_keeps_its_first_frame():
    assert grid_of([600_000, 640_000], 680_000) == [600_000]


def test_both_sides_of_a_jump_are_the_very_frames():
    frames, _ = make_set()
    for i in range(60):
        frames.push(grey(60 if i < 33 else 180), i * 40_000, is_jump=i == 33)
    frames.keep_beside(32 * 40_000, 33 * 40_000)
    frames.finish(60 * 40_000)
    kept = frames.frames([(32 * 40_000, 33 * 40_000)])
    assert [k.time_us for k in kept if not k.is_grid] == [32 * 40_000, 33 * 40_000]
    assert [k.measures.brightness > 120 for k in kept if not k.is_grid] == [False, True]


def test_beside_a_gradual_change_lie_the_nearest_held_frames():
    frames, _ = make_set()
    for i in range(100):
        frames.push(grey(100), i * 40_000, is_jump=False)
    frames.keep_beside(1_300_000, 2_100_000)
    frames.finish(4_000_000)
    kept = frames.frames([(1_300_000, 2_100_000)])
    assert [k.time_us for k in kept if not k.is_grid] == [1_240_000, 2_240_000]


def test_frames_of_a_boundary_that_did_not_hold_are_left_out():
    frames, _ = make_set()
    for i in range(60):
        frames.push(grey(100), i * 40_000, is_jump=i == 33)
    frames.keep_beside(32 * 40_000, 33 * 40_000)
    frames.finish(60 * 40_000)
    assert all(kept.is_grid for kept in frames.frames([]))


def test_the_ring_does_not_grow_with_the_video():
    frames, _ = make_set()
    for i in range(5000):
        frames.push(grey(100), i * 40_000, is_jump=True)
    assert len(frames._ring) <= 160


def test_motion_is_the_change_since_the_grid_frame_before_per_second():
    frames, file = make_set()
    for i, level in enumerate([50] * 13 + [90] * 13):
        frames.push(grey(level), i * 40_000, is_jump=False)
    frames.finish(26 * 40_000)
    first, second, third = frames.frames([])
    assert first.motion == 0
    assert second.motion == pytest.approx(0, abs=1)
    # Luma 50 and 90 of limited range are 39.6 and 86.2 of full range.
    assert third.time_us - second.time_us == 520_000
    assert third.motion == pytest.approx((86.2 - 39.6) / 0.52, rel=0.03)
    data = file.getvalue()[third.blob.offset : third.blob.offset + third.blob.size]
    assert np.asarray(PIL.Image.open(io.BytesIO(data))).mean() == pytest.approx(86.2, abs=2)
