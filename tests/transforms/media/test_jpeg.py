"""Stored pictures are decoded to RGB, or refused."""

import cv2
import numpy as np
import pytest

from interlink.schemas.errors import RecordError
from interlink.transforms.media.jpeg import decode_jpeg


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"GIF89a"])
def test_bytes_that_are_no_jpeg_are_a_record_error(data):
    with pytest.raises(RecordError, match="cannot be decoded as JPEG"):
        decode_jpeg(data)


def test_decoded_picture_is_rgb():
    _, data = cv2.imencode(".png", np.full((2, 3, 3), (10, 20, 30), np.uint8))

    assert decode_jpeg(data.tobytes()).tolist()[0][0] == [30, 20, 10]
