"""How the camera moves, measured on frames half a second apart; `unclear` where it cannot tell."""

import itertools
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
Matrix = NDArray[Any]

_MIN_SHIFT = 0.05
"""Shift of the picture, as a share of its side, that counts as motion."""
_MIN_ZOOM = 0.12
"""Logarithm of the magnification that counts as motion."""
_MAX_STILL_SHIFT, _MAX_STILL_ZOOM = 0.03, 0.04
"""What a camera on a stand or in a steady hand stays under; between the two lies `unclear`."""
_MIN_SUPPORT = 0.6
_MIN_CORNERS = 12
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


def measure_camera(grays: Sequence[GrayFrame]) -> CameraFact:
    """Measure the camera's motion over a clip.

    Args:
        grays: uint8, shape (height, width) each, in time order, about 320 px wide. Only one frame
            gives `unclear`.
    """
    # Without equalisation text and objects take all features and a plain background none.
    equalizer = cv2.createCLAHE(4.0, (8, 8))
    equal = [equalizer.apply(gray) for gray in grays]
    pairs = list(itertools.pairwise(grays))
    steps = [
        _Step(0.0, 0.0, 1.0, True) if _is_same(*pair) else _measure_step(*equal_pair)
        for pair, equal_pair in zip(pairs, itertools.pairwise(equal), strict=True)
    ]
    # Over a smooth picture a slow zoom changes little from frame to frame, but adds up.
    distant = [(grays[0], gray) for gray in grays[len(grays) // 2 :]]
    is_still = bool(np.mean([_is_like(*pair) for pair in [*pairs, *distant]]) > 0.8)
    return _verdict(steps, is_still=is_still)


def _is_same(before: GrayFrame, after: GrayFrame) -> bool:
    return bool(np.mean(cv2.absdiff(before, after) > 4) < 0.002)


def _is_like(before: GrayFrame, after: GrayFrame) -> bool:
    """Whether all but things of some size stayed as they were."""
    change = cv2.absdiff(before, after)
    return bool(np.mean(change > 8) < 0.12 and np.median(change) <= 2)


def _measure_step(before: GrayFrame, after: GrayFrame) -> _Step:
    matrix = _similarity(before, after)
    if matrix is None:
        return _Step(0.0, 0.0, 1.0, False)
    height, width = before.shape
    center = np.array([width / 2, height / 2, 1.0])
    moved = matrix @ center - center[:2]
    return _Step(moved[0] / width, moved[1] / height, math.hypot(matrix[0, 0], matrix[1, 0]), True)


def _similarity(before: GrayFrame, after: GrayFrame) -> Matrix | None:
    """Fit shift, turn and scale (2 x 3) to tracked corners; None where too few agree."""
    corners = cv2.goodFeaturesToTrack(before, 200, 0.01, 6)
    if corners is None or len(corners) < _MIN_CORNERS:
        return None
    matrix = _track(before, after, corners, (0.0, 0.0))
    if matrix is None:
        # Half a second of a quick pan is farther than tracking reaches by itself.
        window = cv2.createHanningWindow(before.shape[::-1], cv2.CV_32F)
        shift, _ = cv2.phaseCorrelate(before.astype(np.float32), after.astype(np.float32), window)
        matrix = _track(before, after, corners, shift)
    return matrix


def _track(
    before: GrayFrame, after: GrayFrame, corners: Matrix, shift: Sequence[float]
) -> Matrix | None:
    """Track corners from where they would be after a shift, and fit what most of them did."""
    tracked, found, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        corners,
        corners + np.array(shift, np.float32),
        winSize=(15, 15),
        maxLevel=3,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    good = found.ravel() == 1
    if good.sum() < _MIN_CORNERS:
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
    fitted: Matrix = matrix
    return fitted


def _verdict(steps: Sequence[_Step], *, is_still: bool) -> CameraFact:
    support = sum(step.is_measured for step in steps) / max(len(steps), 1)
    return CameraFact(
        motion=_name(steps, support=support, is_still=is_still) if steps else "unclear",
        shift_x=round(sum(step.x for step in steps), 3),
        shift_y=round(sum(step.y for step in steps), 3),
        scale=round(math.prod(step.scale for step in steps), 3),
        support=round(support, 3),
    )


def _name(steps: Sequence[_Step], *, support: float, is_still: bool) -> CameraMotion:
    x, y = _path([s.x for s in steps]), _path([s.y for s in steps])
    zoom = _path([math.log(s.scale) for s in steps])
    shift = max(x.reach, y.reach)
    is_steady = shift < _MAX_STILL_SHIFT and zoom.reach < _MAX_STILL_ZOOM
    if is_steady and (is_still or support >= _MIN_SUPPORT):
        return "still"
    if support < _MIN_SUPPORT or (shift < _MIN_SHIFT and zoom.reach < _MIN_ZOOM):
        return "unclear"
    if zoom.reach > _MIN_ZOOM and zoom.reach > 0.8 * shift:
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
