"""Regions that stand out from the picture around them, and their tracks over a clip's frames."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .colors import Lab

Mask = NDArray[Any]
"""uint8, shape (height, width); 1 inside."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of width and height."""

_MIN_AREA, _MAX_AREA = 0.002, 0.3
_MAX_STEP = 0.35
"""Farthest that a thing moves between frames half a second apart, as a share of the side."""
_MAX_COLOR_STEP = 25.0
_MAX_MISSING = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Region:
    """One connected region of one frame."""

    center: tuple[float, float]
    """As shares of width and height."""
    area: float
    """As a share of the picture."""
    lab: Lab
    """Median colour of its inside, shape (3,)."""
    spread: float
    """Standard deviation of its inside's colour in Lab, mean over the channels."""
    mask: Mask
    """1 inside, shape (height, width)."""
    touches_edge: bool
    """Whether the picture's edge cuts it."""


Track = list[tuple[int, Region]]
"""One thing over time: index of the frame, and its region there."""


def moving_masks(labs: Sequence[Lab]) -> list[Mask]:
    """Mask what differs from the temporal median: what moves before a still camera.

    Args:
        labs: CIELAB, float32, shape (height, width, 3) each.
    """
    background = np.median(np.stack(labs), axis=0)
    return [(np.linalg.norm(lab - background, axis=2) > 14).astype(np.uint8) for lab in labs]


def salient_mask(lab: Lab) -> Mask:
    """Mask the pixels whose colour is far from those along the picture's border."""
    rim = max(2, lab.shape[0] // 20)
    border = np.concatenate(
        [
            lab[:rim].reshape(-1, 3),
            lab[-rim:].reshape(-1, 3),
            lab[:, :rim].reshape(-1, 3),
            lab[:, -rim:].reshape(-1, 3),
        ]
    )
    center = np.median(border, axis=0)
    spread = np.maximum(np.percentile(np.abs(border - center), 80, axis=0), 3)
    relative = np.linalg.norm((lab - center) / (2.2 * spread), axis=2)
    mask: Mask = (relative > 2.2) & (np.linalg.norm(lab - center, axis=2) > 22)
    return mask.astype(np.uint8)


def find_regions(mask: Mask, lab: Lab, text_boxes: Sequence[Box]) -> list[Region]:
    """Find connected regions of a mask that are neither too small, too large nor text."""
    height, width = mask.shape
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, centers = cv2.connectedComponentsWithStats(mask, connectivity=8)
    regions = []
    for index in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[index])
        box = (x / width, y / height, (x + w) / width, (y + h) / height)
        if not _MIN_AREA < area / (height * width) < _MAX_AREA:
            continue
        if any(_overlap(box, text) for text in text_boxes):
            continue
        own = (labels == index).astype(np.uint8)
        inside = cv2.erode(own, np.ones((3, 3), np.uint8))
        pixels = lab[inside > 0] if inside.sum() > 20 else lab[own > 0]
        regions.append(
            Region(
                center=(float(centers[index][0]) / width, float(centers[index][1]) / height),
                area=area / (height * width),
                lab=np.median(pixels, axis=0),
                spread=float(pixels.std(axis=0).mean()),
                mask=own,
                touches_edge=x <= 1 or y <= 1 or x + w >= width - 1 or y + h >= height - 1,
            )
        )
    return regions


def link_tracks(regions: Sequence[Sequence[Region]]) -> list[Track]:
    """Link the regions of neighbouring frames that are alike in colour and place.

    Args:
        regions: for each frame, its regions.

    Returns:
        Tracks, those of most frames first.
    """
    tracks: list[Track] = []
    for index, found in enumerate(regions):
        for region in found:
            costs = [(_cost(track, index, region), order) for order, track in enumerate(tracks)]
            cost, order = min(costs, default=(math.inf, -1))
            if cost < 1.6:
                tracks[order].append((index, region))
            else:
                tracks.append([(index, region)])
    return sorted(tracks, key=len, reverse=True)


def _cost(track: Track, index: int, region: Region) -> float:
    last_index, last = track[-1]
    if last_index >= index or index - last_index > _MAX_MISSING:
        return math.inf
    step = math.dist(last.center, region.center) / _MAX_STEP
    size = abs(math.log(last.area / region.area)) / 2
    return step + size + float(np.linalg.norm(last.lab - region.lab)) / _MAX_COLOR_STEP


def _overlap(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
