"""The samples of a frame do not depend on how its planes lie in memory."""

import av
import numpy as np
import pytest

from interlink.transforms.media.shots.planes import PlaneSampler


def picture(width=640, height=360, seed=0):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (height // 20, width // 20), np.uint8)
    luma = np.kron(coarse, np.ones((20, 20), np.uint8))
    blue, red = (np.full((height // 2, width // 2), v, np.uint8) for v in (90, 170))
    rows = np.concatenate([blue.ravel(), red.ravel()]).reshape(-1, width)
    return av.VideoFrame.from_ndarray(np.concatenate([luma, rows]), format="yuv420p"), luma


def test_samples_are_the_pixels_at_a_stride():
    frame, luma = picture()
    samples = PlaneSampler().sample(frame)
    assert samples.luma.shape == (45, 80)
    assert (samples.luma == luma[4::8, 4::8]).all()
    assert samples.blue.shape == samples.red.shape == (23, 40)
    assert (samples.blue == 90).all()
    assert (samples.red == 170).all()


@pytest.mark.parametrize("name", ["nv12", "yuv420p10le", "yuv422p", "yuv444p"])
def test_other_pixel_formats_give_the_same_samples(name):
    frame, _ = picture()
    wanted = PlaneSampler().sample(frame)
    converted = frame.reformat(format=name, dst_color_range="MPEG")
    found = PlaneSampler().sample(converted)
    for a, b in zip(wanted, found, strict=True):
        assert a.shape == b.shape
        assert np.abs(a.astype(int) - b).max() <= 2


def test_a_frame_of_another_size_is_brought_to_the_first_ones():
    sampler = PlaneSampler()
    first = sampler.sample(picture()[0])
    other = sampler.sample(picture(320, 180)[0])
    assert [a.shape for a in first] == [b.shape for b in other]


@pytest.mark.parametrize("size", [(50, 50), (321, 181), (16, 16), (3840, 100)])
def test_odd_and_tiny_sizes_are_read(size):
    frame = av.VideoFrame(*size, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([77]) * plane.buffer_size)
    samples = PlaneSampler().sample(frame)
    assert all(part.size and (part == 77).all() for part in samples)


def test_samples_outlive_the_frame():
    frame, luma = picture()
    samples = PlaneSampler().sample(frame)
    frame.planes[0].update(bytes(frame.planes[0].buffer_size))
    assert (samples.luma == luma[4::8, 4::8]).all()
