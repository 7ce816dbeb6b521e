"""How the camera moves, measured on frames half a second apart; `unclear` where it cannot tell."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

CameraMotion = Literal[
    "still",
    "pans left",
    "pans right",
    "tilts up",
    "tilts down",
    "zooms in",
    "zooms out",
    "moves",
    "unclear",
]
GrayFrame = NDArray[Any]
"""uint8, shape (height, width)."""

_MIN_SHIFT = 0.05
"""Shift of the picture, as a share of its side, that counts as motion."""
_MIN_ZOOM = 0.12
_MIN_CELLS = 6
"""Of 4 x 4: one moving object covers fewer, so that agreement in six means the camera."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFact:
    """What the camera did over a clip."""

    motion: CameraMotion
    """The verdict."""
    shift_x: float
    """Net shift of the picture to the right, as a share of its width."""
    shift_y: float
    """Net shift of the picture downwards, as a share of its height."""
    scale: float
    """Net magnification."""
    support: float
    """Share of neighbouring frames whose motion was measured."""


class _Step(NamedTuple):
    """Motion of the picture between two frames, in shares of width and height."""

    x: float
    y: float
    scale: float
    is_measured: bool
    is_still: bool


def measure_camera(grays: Sequence[GrayFrame]) -> CameraFact:
    """Measure the camera's motion over a clip.

    Args:
        grays: uint8, shape (height, width) each, in time order, about 320 px wide. Only one frame
            gives `unclear`.
    """
    # Without equalisation text and objects take all features and a plain background none.
    equalizer = cv2.createCLAHE(4.0, (8, 8))
    equal = [equalizer.apply(gray) for gray in grays]
    pairs = zip(grays, grays[1:], equal, equal[1:], strict=False)
    return _verdict([_measure_step(*pair) for pair in pairs])


def _measure_step(
    before: GrayFrame, after: GrayFrame, equal_before: GrayFrame, equal_after: GrayFrame
) -> _Step:
    change = cv2.absdiff(before, after)
    is_still = bool(np.mean(change > 8) < 0.12 and np.median(change) <= 2)
    if is_still and np.mean(change > 4) < 0.002:
        return _Step(0.0, 0.0, 1.0, True, True)
    matrix = _similarity(equal_before, equal_after)
    if matrix is None:
        return _Step(0.0, 0.0, 1.0, False, is_still)
    height, width = before.shape
    center = np.array([width / 2, height / 2, 1.0])
    moved = matrix @ center - center[:2]
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    return _Step(moved[0] / width, moved[1] / height, scale, True, is_still)


def _similarity(before: GrayFrame, after: GrayFrame) -> NDArray[np.float64] | None:
    """Fit shift, turn and scale (2 x 3) to tracked corners; None where too few agree."""
    corners = cv2.goodFeaturesToTrack(before, 200, 0.01, 6)
    if corners is None or len(corners) < 12:
        return None
    tracked, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, corners, corners.copy(), winSize=(15, 15), maxLevel=3
    )
    good = found.ravel() == 1
    if good.sum() < 12:
        return None
    source, target = corners[good].reshape(-1, 2), tracked[good].reshape(-1, 2)
    cv2.setRNGSeed(0)
    matrix, inliers = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=1.5
    )
    if matrix is None or inliers.mean() <= 0.5:
        return None
    height, width = before.shape
    spots = source[inliers.ravel() == 1] * (4 / width, 4 / height)
    if len({(int(x), int(y)) for x, y in spots}) < _MIN_CELLS:
        return None
    fitted: NDArray[np.float64] = matrix
    return fitted


def _verdict(steps: Sequence[_Step]) -> CameraFact:
    count = max(len(steps), 1)
    x, y = sum(s.x for s in steps), sum(s.y for s in steps)
    scale = math.prod(s.scale for s in steps)
    support = sum(s.is_measured for s in steps) / count
    still = sum(s.is_still for s in steps) / count
    return CameraFact(
        motion=_name(steps, support=support, still=still) if steps else "unclear",
        shift_x=round(x, 3),
        shift_y=round(y, 3),
        scale=round(scale, 3),
        support=round(support, 3),
    )


def _name(steps: Sequence[_Step], *, support: float, still: float) -> CameraMotion:
    x, y = _path([s.x for s in steps]), _path([s.y for s in steps])
    zoom = _path([math.log(s.scale) for s in steps])
    is_steady = max(x.reach, y.reach) < _MIN_SHIFT and zoom.reach < _MIN_ZOOM
    if still > 0.7 and is_steady:
        return "still"
    if support < 0.6:
        return "unclear"
    if is_steady:
        return "still"
    if zoom.reach > _MIN_ZOOM and zoom.reach > 0.8 * max(x.reach, y.reach):
        return _directed(zoom, "zooms in", "zooms out")
    if x.reach >= y.reach:
        # The picture moves to the right when the camera turns to the left.
        return _directed(x, "pans left", "pans right")
    return _directed(y, "tilts up", "tilts down")


class _Path(NamedTuple):
    net: float
    reach: float
    """Farthest that it ever was from where it has been: highest minus lowest position."""


def _path(changes: Sequence[float]) -> _Path:
    positions = np.concatenate([[0.0], np.cumsum(changes)])
    return _Path(float(positions[-1]), float(positions.max() - positions.min()))


def _directed(path: _Path, positive: CameraMotion, negative: CameraMotion) -> CameraMotion:
    """Name a direction only where the way led there, not to and fro."""
    if abs(path.net) < 0.8 * path.reach:
        return "moves"
    return positive if path.net > 0 else negative
