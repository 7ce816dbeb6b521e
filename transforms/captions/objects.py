"""Plain things in a clip: colour, shape, place and motion, only where all of them are sure."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .colors import Lab, name_color
from .regions import Box, Region, Track, find_regions, link_tracks, moving_masks, salient_mask
from .shapes import ShapeName, name_shape

_MIN_MOVE = 0.08
"""Way, as a share of the side, that counts as motion."""
_MAX_SPREAD = 7.0
"""Colour spread inside a thing: drawn ones stay under 4 after JPEG, textured ones lie above 8."""
_MIN_AGREEMENT = 0.6
"""Share of a thing's frames that must show the same shape."""
_MAX_TRACKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFact:
    """One thing seen over several frames."""

    color: str
    """Name of its median colour."""
    shape: ShapeName
    """Name of its outline."""
    direction: str | None
    """Where it moves, such as `from left to right`; None if it stays."""
    place: str
    """Where it is on average, such as `at the lower right`."""
    area: float
    """Largest share of the picture that it covers."""
    num_frames: int
    """Frames that it was seen in."""


def find_objects(
    labs: Sequence[Lab], text_boxes: Sequence[Box], *, is_camera_still: bool
) -> tuple[ObjectFact, ...]:
    """Find things of one colour and a plain shape.

    Args:
        labs: CIELAB frames in time order, shape (height, width, 3), about 160 px wide.
        text_boxes: where text is: never a thing.
        is_camera_still: whether motion in the picture is motion of things.
    """
    found: list[tuple[ObjectFact, Track]] = []
    if is_camera_still and len(labs) >= 3:
        masks = moving_masks(labs)
        for track in _tracks(masks, labs, text_boxes):
            if len(track) >= max(3, 0.3 * len(labs)) and _way(track) > _MIN_MOVE:
                _add(found, track, is_moving=True)
    masks = [salient_mask(lab) for lab in labs]
    for track in _tracks(masks, labs, text_boxes):
        if len(track) >= max(min(2, len(labs)), 0.5 * len(labs)):
            _add(found, track, is_moving=is_camera_still and _way(track) > 1.5 * _MIN_MOVE)
    return tuple(fact for fact, _ in found)


def _tracks(
    masks: Sequence[np.ndarray], labs: Sequence[Lab], text_boxes: Sequence[Box]
) -> list[Track]:
    regions = [find_regions(m, lab, text_boxes) for m, lab in zip(masks, labs, strict=True)]
    return link_tracks(regions)[:_MAX_TRACKS]


def _add(found: list[tuple[ObjectFact, Track]], track: Track, *, is_moving: bool) -> None:
    """Add what a track shows, unless it is unsure or known already."""
    fact = _describe(track, is_moving=is_moving)
    if fact is not None and not any(_is_same(track, known) for _, known in found):
        found.append((fact, track))


def _describe(track: Track, *, is_moving: bool) -> ObjectFact | None:
    regions = [region for _, region in track]
    whole = [region for region in regions if not region.touches_edge]
    if not whole or np.median([region.spread for region in whole]) > _MAX_SPREAD:
        return None
    shapes = Counter(_shape(region) for region in whole)
    shape, votes = shapes.most_common(1)[0]
    if shape is None or votes < _MIN_AGREEMENT * len(whole):
        return None
    first, last = regions[0].center, regions[-1].center
    return ObjectFact(
        color=name_color(_color(whole)),
        shape=shape,
        direction=_direction(last[0] - first[0], last[1] - first[1]) if is_moving else None,
        place=_place(_center(whole)),
        area=round(max(region.area for region in whole), 4),
        num_frames=len(track),
    )


def _shape(region: Region) -> ShapeName | None:
    # At twice the size the outline of a small region is less of a staircase.
    return name_shape(cv2.threshold(cv2.resize(region.mask * 255, None, fx=2, fy=2), 127, 1, 0)[1])


def _is_same(track: Track, known: Track) -> bool:
    ours, theirs = [r for _, r in track], [r for _, r in known]
    is_near = math.dist(_center(ours), _center(theirs)) < 0.25
    return is_near and bool(np.linalg.norm(_color(ours) - _color(theirs)) < 14)


def _color(regions: Sequence[Region]) -> Lab:
    color: Lab = np.median([region.lab for region in regions], axis=0)
    return color


def _center(regions: Sequence[Region]) -> tuple[float, float]:
    x, y = np.median([region.center for region in regions], axis=0)
    return float(x), float(y)


def _way(track: Track) -> float:
    return math.dist(track[0][1].center, track[-1][1].center)


def _direction(dx: float, dy: float) -> str | None:
    if math.hypot(dx, dy) < _MIN_MOVE:
        return None
    if abs(dx) > 2 * abs(dy):
        return "from left to right" if dx > 0 else "from right to left"
    if abs(dy) > 2 * abs(dx):
        return "downwards" if dy > 0 else "upwards"
    return f"{'down' if dy > 0 else 'up'} and to the {'right' if dx > 0 else 'left'}"


def _place(center: tuple[float, float]) -> str:
    x, y = center
    column = "left" if x < 0.37 else "right" if x > 0.63 else ""
    row = "upper" if y < 0.35 else "lower" if y > 0.68 else ""
    if row:
        return f"at the {row} {column or 'center'}"
    return f"on the {column}" if column else "in the center"
