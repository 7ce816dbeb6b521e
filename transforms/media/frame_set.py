"""Which frames of a video are kept: those on a fixed grid of times, and those beside boundaries.

A boundary is known only seconds after its frames went by, and no frame is decoded twice. So small
copies are held back in a ring: of the frames shown at a grid twice as fine, and of both sides of
every jump of the picture. Beside a cut these are the very frames; beside a fade or dissolve the
nearest ones outside it, at most half a grid step away.
"""

import bisect
import collections
from dataclasses import dataclass

from av.video.frame import VideoFrame

from .blobs import Blob, BlobWriter
from .pictures import Measures, Picture, PictureMaker, luma_of, mean_change, measure

MICROSECONDS = 1_000_000
_RING_FRAMES = 160
"""About 48 MB of small copies, and 20 s of a video without jumps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFrame:
    """A stored picture."""

    time_us: int
    blob: Blob
    width_px: int
    height_px: int
    is_grid: bool
    measures: Measures
    motion: float


@dataclass(slots=True)
class _Held:
    """A small copy that may still be asked for."""

    time_us: int
    scaled: VideoFrame


class FrameSet:
    """Takes every decoded frame of a video in time order, and stores the few that are kept.

    Args:
        maker: makes the pictures.
        blobs: where their JPEG files go.
        grid_us: distance of grid times; the grid holds all their multiples.
    """

    def __init__(self, maker: PictureMaker, blobs: BlobWriter, *, grid_us: int) -> None:
        self._maker = maker
        self._blobs = blobs
        self._grid_us = grid_us
        self._ring: collections.deque[_Held] = collections.deque(maxlen=_RING_FRAMES)
        self._last: tuple[int, VideoFrame] | None = None
        self._next_us = 0
        self._kept: dict[int, KeptFrame] = {}
        self._grid_lumas: collections.deque[tuple[int, Picture]] = collections.deque(
            maxlen=_RING_FRAMES
        )

    def push(self, frame: VideoFrame, time_us: int, *, is_jump: bool) -> None:
        """Take the next frame.

        Args:
            frame: as decoded; held until the next one comes.
            time_us: its presentation time, later than the one before.
            is_jump: whether it looks so different from the one before that a cut may lie between.
        """
        if self._last is None:
            half = self._grid_us // 2
            self._next_us = -(-time_us // half) * half
            self._hold(frame, time_us)
        else:
            self._pass_grid(time_us)
            if is_jump:
                last_us, last = self._last
                self._hold(last, last_us)
                self._hold(frame, time_us)
        self._last = (time_us, frame)

    def keep_beside(self, before_us: int, after_us: int) -> None:
        """Store the last held frame up to `before_us` and the first one from `after_us` on."""
        before = [held for held in self._ring if held.time_us <= before_us]
        after = [held for held in self._ring if held.time_us >= after_us]
        for held in (*before[-1:], *after[:1]):
            if held.time_us not in self._kept:
                self._store(held, is_grid=False)

    def finish(self, end_us: int) -> None:
        """Take the end of the video: the grid goes up to it, and no video is left without frame."""
        self._pass_grid(end_us)
        if not self._kept and self._ring:
            self._store(self._ring[0], is_grid=False)

    def frames(self, beside: list[tuple[int, int]]) -> list[KeptFrame]:
        """Return the frame set in time order.

        Args:
            beside: for each boundary the times that `keep_beside` was called with. Frames stored
                for boundaries that did not hold in the end are left out.
        """
        stored = sorted(self._kept.values(), key=lambda kept: kept.time_us)
        times_us = [kept.time_us for kept in stored]
        wanted: set[int] = set()
        for before_us, after_us in beside:
            before = bisect.bisect_right(times_us, before_us)
            wanted.update(times_us[max(0, before - 1) : before])
            after = bisect.bisect_left(times_us, after_us)
            wanted.update(times_us[after : after + 1])
        has_grid = any(kept.is_grid for kept in stored)
        return [k for k in stored if k.is_grid or k.time_us in wanted or not has_grid]

    def _pass_grid(self, time_us: int) -> None:
        """Take the last frame for all grid times before `time_us`, at which it is shown."""
        if self._last is None or self._next_us >= time_us:
            return
        last_us, last = self._last
        half = self._grid_us // 2
        is_grid = -(-self._next_us // self._grid_us) * self._grid_us < time_us
        self._next_us = -(-time_us // half) * half
        held = self._hold(last, last_us)
        if is_grid:
            self._store(held, is_grid=True)

    def _hold(self, frame: VideoFrame, time_us: int) -> _Held:
        """Put a small copy in the ring, once for each frame."""
        if not self._ring or self._ring[-1].time_us < time_us:
            self._ring.append(_Held(time_us, self._maker.scale(frame)))
        return self._ring[-1]

    def _store(self, held: _Held, *, is_grid: bool) -> None:
        picture = self._maker.upright(held.scaled)
        luma = luma_of(picture)
        motion = self._motion(held.time_us, luma)
        if is_grid:
            self._grid_lumas.append((held.time_us, luma))
        height, width = luma.shape
        self._kept[held.time_us] = KeptFrame(
            time_us=held.time_us,
            blob=self._blobs.add(self._maker.encode(picture)),
            width_px=width,
            height_px=height,
            is_grid=is_grid,
            measures=measure(luma),
            motion=motion,
        )

    def _motion(self, time_us: int, luma: Picture) -> float:
        """Return the change since the grid frame before, in levels per s; 0 for the first."""
        for other_us, other in reversed(self._grid_lumas):
            if other_us < time_us:
                return mean_change(luma, other) * MICROSECONDS / (time_us - other_us)
        return 0.0
