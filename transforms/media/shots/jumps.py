"""A cheap first look at each frame: may a cut lie before it?"""

import collections

import cv2

from .planes import Planes

_MIN_CHANGE = 9.0
_MIN_RATIO = 1.5
_FRAMES = 11


class JumpFinder:
    """Tells at once what the rules only tell seconds later, but far too often.

    The mean absolute difference of samples is never below that of their means, on which the
    rules work, so that a cut by the rules is a jump here unless grain hides it.
    """

    def __init__(self) -> None:
        self._last: Planes | None = None
        self._changes: collections.deque[float] = collections.deque(maxlen=_FRAMES)

    def push(self, planes: Planes) -> bool:
        """Return whether a frame stands out from those just before it."""
        if self._last is None:
            self._last = planes
            return False
        luma, blue, red = (
            cv2.norm(new, old, cv2.NORM_L1) for new, old in zip(planes, self._last, strict=True)
        )
        change = luma / planes.luma.size + (blue + red) / (2 * planes.blue.size)
        usual = sum(self._changes) / max(1, len(self._changes))
        self._last = planes
        self._changes.append(change)
        return change >= _MIN_CHANGE and change + 0.5 >= _MIN_RATIO * (usual + 0.5)
