"""Small upright pictures with square pixels."""

from fractions import Fraction

import av
import numpy as np
import pytest

from interlink.transforms.media.picture_filter import PictureFilter, fit


@pytest.mark.parametrize(
    ("size", "pixel_aspect", "expected"),
    [
        ((1920, 1080), Fraction(1), (640, 360)),
        ((1080, 1920), Fraction(1), (360, 640)),
        ((320, 180), Fraction(1), (320, 180)),
        ((321, 181), Fraction(1), (320, 180)),
        ((720, 576), Fraction(64, 45), (640, 360)),
        ((1440, 1080), Fraction(4, 3), (640, 360)),
        ((704, 480), Fraction(10, 11), (480, 360)),
        ((4, 2), Fraction(0), (4, 2)),
    ],
)
def test_a_picture_shrinks_to_a_short_side_of_360_with_its_shape_as_shown(
    size, pixel_aspect, expected
):
    assert fit(*size, pixel_aspect) == expected


def test_pictures_of_another_size_or_format_come_out_like_the_first():
    pictures = PictureFilter(Fraction(1))
    first = pictures.apply(frame(640, 480, "yuv420p"))
    other = pictures.apply(frame(320, 240, "yuv444p10le"))
    for picture in (first, other):
        assert (picture.width, picture.height, picture.format.name) == (480, 360, "yuv420p")


def test_pictures_that_need_no_change_keep_their_pixels():
    rng = np.random.default_rng(0)
    luma = rng.integers(16, 236, (270, 320), np.uint8)
    before = av.VideoFrame.from_ndarray(luma, format="yuv420p")
    before.pts, before.time_base = 0, Fraction(1, 30)
    after = PictureFilter(Fraction(1)).apply(before)
    np.testing.assert_array_equal(after.to_ndarray(), luma)


def frame(width, height, pixel_format):
    made = av.VideoFrame(width, height, "rgb24").reformat(format=pixel_format)
    made.pts, made.time_base = 0, Fraction(1, 30)
    return made
