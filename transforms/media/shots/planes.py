"""A few thousand samples of a decoded frame, read by strides from its planes: no scaler."""

from typing import NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import Interpolation, VideoReformatter

Sample = TypeVar("Sample", np.uint8, np.uint16)
Bytes = npt.NDArray[np.uint8]

_NUM_LUMA_SAMPLES = 3600
_PLANAR = frozenset({"yuv420p", "yuvj420p"})
_SEMI_PLANAR = "nv12"
_DEEP = {"yuv420p9le": 1, "yuv420p10le": 2, "yuv420p12le": 4, "yuv420p14le": 6, "yuv420p16le": 8}
"""Planar formats of 16-bit samples: how many bits they have beyond 8."""
_EXACT = Interpolation.POINT | Interpolation.BITEXACT | Interpolation.ACCURATE_RND


class Planes(NamedTuple):
    """Samples of one frame, uint8. The two colour planes have half the rows and columns."""

    luma: Bytes
    blue: Bytes
    red: Bytes


class PlaneSampler:
    """Reads about 80 x 45 luma samples of each frame, and half as many of colour a side.

    A frame of another size than the first one is brought to the first one's size, so that all
    samples of one video have one shape.
    """

    def __init__(self) -> None:
        self._size: tuple[int, int] | None = None
        self._luma = self._colour = (slice(0), slice(0))
        self._reformatter = VideoReformatter()

    def sample(self, frame: VideoFrame) -> Planes:
        """Return copies of the samples of `frame`."""
        if self._size is None:
            self._use_size(frame.width, frame.height)
        name = frame.format.name
        if (frame.width, frame.height) != self._size or not _is_known(name):
            width, height = self._size or (frame.width, frame.height)
            frame = self._reformatter.reformat(
                frame, width, height, format="yuv420p", interpolation=_EXACT
            )
            name = "yuv420p"
        luma, *colours = frame.planes
        if name in _PLANAR:
            blue, red = colours
            return Planes(
                _rows(luma, np.uint8)[self._luma].copy(),
                _rows(blue, np.uint8)[self._colour].copy(),
                _rows(red, np.uint8)[self._colour].copy(),
            )
        if name == _SEMI_PLANAR:
            pairs = _rows(colours[0], np.uint8)
            pairs = pairs.reshape(len(pairs), -1, 2)[self._colour]
            samples = _rows(luma, np.uint8)[self._luma]
            return Planes(samples.copy(), pairs[..., 0].copy(), pairs[..., 1].copy())
        wide = [
            _rows(plane, np.uint16)[place] >> _DEEP[name]
            for plane, place in zip(frame.planes, (self._luma, *[self._colour] * 2), strict=True)
        ]
        return Planes(*(samples.astype(np.uint8) for samples in wide))

    def _use_size(self, width: int, height: int) -> None:
        self._size = (width, height)
        step = max(1, round((width * height / _NUM_LUMA_SAMPLES) ** 0.5))
        self._luma = slice(step // 2, height, step), slice(step // 2, width, step)
        rows, columns = (height + 1) // 2, (width + 1) // 2
        self._colour = slice(step // 4, rows, step), slice(step // 4, columns, step)


def _is_known(name: str) -> bool:
    return name in _PLANAR or name in _DEEP or name == _SEMI_PLANAR


def _rows(plane: VideoPlane, dtype: type[Sample]) -> npt.NDArray[Sample]:
    """Return a view of a plane, shape (rows, line size); its columns end with padding."""
    samples = np.frombuffer(cast(bytes, plane), dtype)
    return samples.reshape(-1, plane.line_size // samples.itemsize)
