"""The bytes of a stored picture to pixels."""

from typing import TYPE_CHECKING, Any

from ...schemas.errors import RecordError
from ...schemas.outcome import ErrorCode

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decode_jpeg(data: bytes) -> "NDArray[Any]":
    """Decode a JPEG to RGB, uint8, shape (height, width, 3).

    Raises:
        RecordError: `media_corrupt`, it cannot be decoded.
    """
    import cv2
    import numpy as np

    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if bgr is None:
        raise RecordError(
            ErrorCode.MEDIA_CORRUPT, f"a frame of {len(data)} bytes cannot be decoded as JPEG"
        )
    rgb: NDArray[Any] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return rgb
