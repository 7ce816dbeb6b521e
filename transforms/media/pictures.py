"""One decoded frame to one stored picture: scaled, upright, square pixels, JPEG, measured.

Scaling is FFmpeg's area mean with its bit-exact flags, so that all processors of one architecture
give the same bytes. High dynamic range is not tone-mapped. Of the display matrix only the turn is
followed; mirror images stay mirrored.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

Picture = npt.NDArray[np.uint8]

_EXACT = Interpolation.BITEXACT | Interpolation.ACCURATE_RND
_BT709, _UNSPECIFIED = 1, 2
"""Matrix coefficients, ITU-T H.273 table 4."""
_HIGH_DEFINITION_PX = 720
"""Players take an unmarked picture of this height or more for ITU-R BT.709, others for BT.601."""
_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureShape:
    """How frames of one video are brought to stored pictures."""

    width_px: int
    """Width after scaling, before the turn; even."""
    height_px: int
    """Height after scaling, before the turn; even."""
    turn_degrees: int
    """Clockwise turn that makes the picture upright: 0, 90, 180 or 270."""

    @classmethod
    def of(
        cls, size: tuple[int, int], *, sample_aspect_ratio: Fraction, turn: int, short_side_px: int
    ) -> "PictureShape":
        """Choose the shape for frames of `size` (width, height as coded).

        Pixels become square by shrinking the longer side of theirs; then the short side of the
        picture is brought to `short_side_px`. Nothing is ever enlarged.
        """
        width, height = square_size(size, sample_aspect_ratio)
        scale = min(1.0, short_side_px / min(width, height))
        return cls(
            width_px=max(2, 2 * round(width * scale / 2)),
            height_px=max(2, 2 * round(height * scale / 2)),
            turn_degrees=turn,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What is measured on a stored picture; `schemas.video.Frame` explains the numbers."""

    brightness: float
    contrast: float
    sharpness: float


def square_size(size: tuple[int, int], sample_aspect_ratio: Fraction) -> tuple[float, float]:
    """Return width and height of a picture after its pixels were made square by shrinking."""
    width, height = size
    if sample_aspect_ratio > 1:
        return width, height / float(sample_aspect_ratio)
    return width * float(sample_aspect_ratio), height


def clockwise_turn(frame: VideoFrame) -> int:
    """Return the clockwise turn that the frame's display matrix asks for: 0, 90, 180 or 270."""
    return -round(frame.rotation / 90) * 90 % 360


class PictureMaker:
    """Scales, turns, encodes and measures pictures of one video.

    Args:
        shape: what frames are brought to.
        jpeg_quality: 1 to 100, as libjpeg counts.
    """

    def __init__(self, shape: PictureShape, *, jpeg_quality: int) -> None:
        self._shape = shape
        self._is_high_definition = False
        self._quality = jpeg_quality
        # One scaler each: a reformatter keeps its tables only while sizes and formats stay.
        self._scaler = VideoReformatter()
        self._colours = VideoReformatter()
        cv2.setNumThreads(1)

    def scale(self, frame: VideoFrame) -> VideoFrame:
        """Return a small copy, yuv420p; the frame itself where it is so already."""
        self._is_high_definition = frame.height >= _HIGH_DEFINITION_PX
        return self._scaler.reformat(
            frame,
            self._shape.width_px,
            self._shape.height_px,
            format="yuv420p",
            interpolation=Interpolation.AREA | _EXACT,
        )

    def upright(self, scaled: VideoFrame) -> Picture:
        """Return a scaled frame as it is shown: uint8, shape (height, width, 3), BGR."""
        if scaled.colorspace == _UNSPECIFIED and self._is_high_definition:
            scaled.colorspace = _BT709
        # Without ACCURATE_RND half the cost, and no further from the published matrices. Chroma
        # is repeated, which the JPEG's 4:2:0 averages back to what it was.
        frame = self._colours.reformat(
            scaled, format="bgr24", interpolation=Interpolation.BILINEAR | Interpolation.BITEXACT
        )
        picture = frame.to_ndarray().astype(np.uint8, copy=False)
        turn = _TURNS.get(self._shape.turn_degrees)
        return picture if turn is None else _as_bytes(cv2.rotate(picture, turn))

    def encode(self, picture: Picture) -> bytes:
        """Return the picture as a JPEG file: 4:2:0, baseline."""
        options = [cv2.IMWRITE_JPEG_QUALITY, self._quality]
        is_done, data = cv2.imencode(".jpg", picture, options)
        if not is_done:
            raise ValueError(f"OpenCV could not encode a picture of shape {picture.shape}")
        return data.tobytes()


def luma_of(picture: Picture) -> Picture:
    """Return the full-range luma (ITU-R BT.601) of a BGR picture, shape (height, width)."""
    return _as_bytes(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def measure(luma: Picture) -> Measures:
    """Measure brightness, contrast and sharpness of a picture's luma."""
    mean, deviation = cv2.meanStdDev(luma)
    _, edges = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
    return Measures(
        brightness=float(mean[0, 0]),
        contrast=float(deviation[0, 0]),
        sharpness=float(edges[0, 0]) ** 2,
    )


def mean_change(luma: Picture, other: Picture) -> float:
    """Return the mean absolute difference of two pictures of one shape, in levels."""
    return float(cv2.norm(luma, other, cv2.NORM_L1)) / luma.size


def _as_bytes(picture: npt.NDArray[Any]) -> Picture:
    """Tell the type checker what OpenCV's stubs leave open."""
    return picture.astype(np.uint8, copy=False)
