"""Stored pictures: size, turn, colour, JPEG, and what is measured on them."""

import io
from fractions import Fraction

import av
import numpy as np
import PIL.Image
import pytest

from interlink.transforms.media.pictures import (
    PictureMaker,
    PictureShape,
    luma_of,
    mean_change,
    measure,
    square_size,
)


def shape_of(size, sar=Fraction(1), turn=0, short_side_px=336):
    return PictureShape.of(size, sample_aspect_ratio=sar, turn=turn, short_side_px=short_side_px)


@pytest.mark.parametrize(
    ("size", "sar", "stored"),
    [
        ((1920, 1080), 1, (598, 336)),
        ((1080, 1920), 1, (336, 598)),
        ((320, 180), 1, (320, 180)),
        ((336, 336), 1, (336, 336)),
        ((720, 576), Fraction(16, 15), (448, 336)),
        ((720, 480), Fraction(8, 9), (448, 336)),
        ((1440, 1080), Fraction(4, 3), (598, 336)),
        ((50, 50), 1, (50, 50)),
    ],
)
def test_the_short_side_is_336_and_nothing_is_enlarged(size, sar, stored):
    shape = shape_of(size, Fraction(sar))
    assert (shape.width_px, shape.height_px) == stored


def test_square_pixels_are_made_by_shrinking():
    assert square_size((320, 180), Fraction(4, 3)) == (320, 135)
    assert square_size((320, 180), Fraction(3, 4)) == (240, 180)


MATRICES = {1: (0.2126, 0.0722), 6: (0.299, 0.114)}
"""Weights of red and blue, ITU-R BT.709 and BT.601, by their number in ITU-T H.273."""


def flat(rgb, matrix, *, is_full, size=(1280, 720)):
    """Encode one colour by the published formulas."""
    red, green, blue = (value / 255 for value in rgb)
    kr, kb = MATRICES[matrix]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    scale = (255, 255, 0) if is_full else (219, 224, 16)
    values = (scale[2] + scale[0] * luma, *(128 + scale[1] * c for c in chroma))
    frame = av.VideoFrame(*size, "yuv420p")
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update(bytes([round(value)]) * plane.buffer_size)
    frame.color_range = 2 if is_full else 1
    return frame


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("matrix", MATRICES)
def test_colours_are_those_of_the_marked_matrix(matrix, is_full):
    frame = flat((200, 60, 40), matrix, is_full=is_full)
    frame.colorspace = matrix
    maker = PictureMaker(shape_of((1280, 720)), jpeg_quality=88)
    picture = maker.upright(maker.scale(frame))
    assert picture.shape == (336, 598, 3)
    assert picture[100, 100, ::-1] == pytest.approx([200, 60, 40], abs=4)


@pytest.mark.parametrize(("size", "matrix"), [((1280, 720), 1), ((640, 480), 6)])
def test_an_unmarked_picture_is_taken_as_players_take_it(size, matrix):
    frame = flat((200, 60, 40), matrix, is_full=False, size=size)
    maker = PictureMaker(shape_of(size), jpeg_quality=88)
    picture = maker.upright(maker.scale(frame))
    assert picture[100, 100, ::-1] == pytest.approx([200, 60, 40], abs=4)


@pytest.mark.parametrize(("turn", "corner"), [(0, (0, 0)), (90, (0, -1)), (180, (-1, -1)),
                                              (270, (-1, 0))])  # fmt: skip
def test_the_top_left_corner_turns_clockwise(turn, corner):
    planes = np.full((96, 64), 128, np.uint8)
    planes[:64] = 30
    planes[:16, :16] = 220
    maker = PictureMaker(shape_of((64, 64), turn=turn), jpeg_quality=88)
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    luma = luma_of(maker.upright(maker.scale(frame)))
    assert luma[corner] > 200
    assert np.count_nonzero(luma > 128) == pytest.approx(256, abs=40)


def test_a_jpeg_is_deterministic_and_close_to_the_picture():
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(0, 256, (12, 16, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    maker = PictureMaker(shape_of((256, 192)), jpeg_quality=88)
    data = maker.encode(picture)
    assert data == maker.encode(picture.copy())
    decoded = np.asarray(PIL.Image.open(io.BytesIO(data)))[..., ::-1]
    assert np.abs(decoded.astype(float) - picture).mean() < 8


def test_measures_are_those_of_numpy():
    luma = np.random.default_rng(1).integers(0, 256, (60, 80), np.uint8)
    found = measure(luma)
    assert found.brightness == pytest.approx(luma.mean())
    assert found.contrast == pytest.approx(luma.std())
    padded = np.pad(luma.astype(float), 1, mode="reflect")
    edges = (
        padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    ) - 4 * padded[1:-1, 1:-1]
    assert found.sharpness == pytest.approx(edges.var(), rel=1e-6)
    assert mean_change(luma, 255 - luma) == pytest.approx(
        np.abs(255 - 2 * luma.astype(float)).mean()
    )
