"""JPEG bytes to what the tower sees, held against PIL and numpy."""

import io

import numpy as np
import pytest
from PIL import Image

from interlink.model.data.pictures import choose_evenly, decode_picture, resize_picture


def jpeg(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


@pytest.fixture
def photo() -> np.ndarray:
    """Smooth, with different channels, 96 wide and 64 high."""
    y, x = np.mgrid[0:64, 0:96]
    return np.stack([x * 2, y * 3, 255 - x - y], -1).astype(np.uint8)


def test_a_picture_that_has_the_size_is_what_pil_decodes(photo):
    data = jpeg(photo[:, :64])
    ours = decode_picture(data, 64)
    pil = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).transpose(2, 0, 1)
    assert ours.shape == (3, 64, 64)
    assert np.abs(ours.astype(int) - pil).max() <= 1  # two builds of libjpeg may round apart


def test_the_whole_picture_is_shown_without_cropping(photo):
    small = resize_picture(photo, 32)
    blocks = photo.reshape(32, 2, 32, 3, 3).mean((1, 3)).transpose(2, 0, 1)
    assert np.abs(small - blocks).max() <= 0.51


def test_a_picture_that_is_too_small_is_enlarged_smoothly(photo):
    large = resize_picture(photo, 128).astype(int)
    assert large.shape == (3, 128, 128)
    assert np.abs(np.diff(large[0], axis=1)).max() <= 4


def test_a_gray_jpeg_has_three_equal_channels():
    data = jpeg(np.full((16, 16), 77, np.uint8))
    assert (decode_picture(data, 8) == 77).all()


@pytest.mark.parametrize("data", [b"", b"no picture at all"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(ValueError, match="are no picture"):
        decode_picture(data, 8)


def test_indices_are_spread_evenly_with_both_ends():
    assert list(choose_evenly(3, 8)) == [0, 1, 2]
    assert list(choose_evenly(9, 3)) == [0, 4, 8]
    assert list(choose_evenly(9, 1)) == [4]
    assert list(choose_evenly(0, 4)) == []
    for count in range(1, 30):
        for wanted in range(2, 12):
            chosen = list(choose_evenly(count, wanted))
            assert len(set(chosen)) == len(chosen) == min(count, wanted)
            assert chosen[0] == 0
            assert chosen[-1] == count - 1
