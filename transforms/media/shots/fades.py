"""Fades: the picture goes to black, or comes from it, step by step."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Floats64 = npt.NDArray[np.float64]

_FLAT, _DARK = 14.0, 40.0
_MAX_SIDE_S = 1.6
_MIN_RISE_PER_FRAME = 0.15
_MIN_RISE = 12.0
_MIN_FRAMES = 3
_MAX_STEP_SHARE = 0.6
_EDGE_S = 0.3


class Fade(NamedTuple):
    """A fade, in seconds since the video's first frame."""

    start_s: float
    """Last frame of full brightness before black, or the first black one if that side jumps."""
    end_s: float
    """First frame of full brightness after black, or the last black one if that side jumps."""
    black_start_s: float
    """First black frame."""
    black_end_s: float
    """Last black frame."""
    is_boundary: bool
    """Whether shots lie on both sides: a fade at either end of the video has none there."""


class FadeFinder:
    """Takes frames and gives each fade once no later frame can change it.

    It keeps the frames that an undecided black run may still need, and no others.
    """

    def __init__(self) -> None:
        self._frames = np.zeros((0, 3))
        """Seconds, mean luma and spread of each frame, shape (n, 3)."""
        self._decided_s = -1.0

    def push(self, seconds: Floats64, luma: Floats, spread: Floats) -> None:
        """Take the next frames.

        Args:
            seconds: presentation times since the video's first frame, shape (n,).
            luma: mean luma of each frame, 0 to 255, shape (n,).
            spread: largest less smallest pooled luma of each frame, shape (n,).
        """
        self._frames = np.concatenate([self._frames, np.stack([seconds, luma, spread], axis=1)])

    def find(self, *, is_end: bool) -> list[Fade]:
        """Return the fades that are decided by now and were not before, in time order.

        Args:
            is_end: whether no frame follows.
        """
        seconds, luma, spread = self._frames.T
        is_black = ((spread < _FLAT) & (luma < _DARK)).astype(np.int8)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], is_black, [0]])))
        fades, needed = [], len(seconds)
        for first, last in zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True):
            if seconds[last] <= self._decided_s:
                continue
            if not is_end and seconds[-1] - seconds[last] < _MAX_SIDE_S:
                needed = first
                break
            self._decided_s = float(seconds[last])
            fade = _judge(luma, seconds, first, last, is_end=is_end)
            if fade is not None:
                fades.append(fade)
        if needed:
            reach = seconds[min(needed, len(seconds) - 1)] - _MAX_SIDE_S
            self._frames = self._frames[np.searchsorted(seconds, reach) :].copy()
        return fades


def _judge(
    luma: Floats64, seconds: Floats64, first: int, last: int, *, is_end: bool
) -> Fade | None:
    """Return the fade around the black frames `first` to `last`, or None if both sides jump."""
    start, end = _walk(luma, seconds, first, -1), _walk(luma, seconds, last, 1)
    starts_slow = _is_slow(luma[start : first + 1][::-1])
    ends_slow = _is_slow(luma[last : end + 1])
    if not starts_slow and not ends_slow:
        return None
    is_edge = seconds[first] <= _EDGE_S or (is_end and seconds[last] >= seconds[-1] - _EDGE_S)
    return Fade(
        start_s=float(seconds[start if starts_slow else first]),
        end_s=float(seconds[end if ends_slow else last]),
        black_start_s=float(seconds[first]),
        black_end_s=float(seconds[last]),
        is_boundary=not is_edge,
    )


def _walk(luma: Floats64, seconds: Floats64, black: int, step: int) -> int:
    """Return where the picture, walking away from black, stops getting brighter."""
    here = black
    while 0 <= here + step < len(luma) and abs(seconds[here] - seconds[black]) < _MAX_SIDE_S:
        if luma[here + step] <= luma[here] + _MIN_RISE_PER_FRAME:
            break
        here += step
    return here


def _is_slow(rising: Floats64) -> bool:
    """Tell whether luma, from black on, rises far enough, in several steps, none a jump."""
    rise = float(rising[-1] - rising[0])
    if rise <= _MIN_RISE or len(rising) <= _MIN_FRAMES:
        return False
    return float(np.diff(rising).max()) < _MAX_STEP_SHARE * rise
