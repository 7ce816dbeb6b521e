"""Dissolves: stretches in which the picture goes straight from one shot to another.

A mix of two pictures moves on the straight line between them; motion wanders. Descriptors are
averaged in slots of 80 ms, windows of .24 to 1.84 s are searched at two scales, and the best ones
are judged by how straight, how even and how flat they are.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .descriptors import (
    COARSE_WEIGHTS,
    NUM_LUMA,
    WEIGHTS,
    Describer,
    Floats,
    History,
    distance,
    has_colour,
)

SLOTS_PER_S = 12.5
_LENGTHS = (3, 4, 5, 7, 9, 12, 15, 19, 23)
_FINE_DISTANCE, _COARSE_DISTANCE = 10.0, 7.0
_MIN_SCORE = 4.0
_MAX_OVERLAP = 0.34
_DISTANCE = 17.6
_MAX_STEP_SHARE = 0.75
_LINE_RESIDUAL = 0.287
_RAMP_ERROR = 0.201
_LUMA_HISTOGRAM = 0.341
_COLOUR_HISTOGRAM = 0.318
_VARIANCE_DIP = 0.901


class Dissolve(NamedTuple):
    """A dissolve; `start` and `end` are frame numbers of the history, both blended or beside."""

    start: int
    end: int
    score: float


class Slots(NamedTuple):
    """Means of descriptors over 80 ms."""

    descriptors: Floats
    """Shape (m, 224)."""
    middles: npt.NDArray[np.int64]
    """Frame number in the middle of each slot, shape (m,)."""
    steps: Floats
    """Distance of each slot to the one before it, shape (m,)."""


def make_slots(descriptors: Floats, seconds: npt.NDArray[np.float64]) -> Slots:
    """Average descriptors over slots; a slot without a frame is left out."""
    numbers = slot_numbers(seconds)
    _, first, counts = np.unique(numbers, return_index=True, return_counts=True)
    sums = np.add.reduceat(descriptors, first, 0, dtype=np.float32)
    means = (sums / counts[:, None]).astype(np.float32)
    steps = np.zeros(len(means), np.float32)
    steps[1:] = distance(means[1:], means[:-1])
    return Slots(means, first + counts // 2, steps)


def slot_numbers(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the slot that each time lies in; slots start at the video's first frame."""
    return np.floor(seconds * SLOTS_PER_S + 1e-6).astype(np.int64)


def find_windows(slots: Slots, describer: Describer) -> list[tuple[int, int]]:
    """Return candidate windows `(first slot, last slot)` at both scales, without repeats."""
    coarse = describer.coarse(slots.descriptors)
    coarse_steps = np.zeros(len(coarse), np.float32)
    coarse_steps[1:] = np.abs(coarse[1:] - coarse[:-1]) @ COARSE_WEIGHTS
    fine = _straight(slots.descriptors, slots.steps, WEIGHTS, _FINE_DISTANCE)
    rough = _straight(coarse, coarse_steps, COARSE_WEIGHTS, _COARSE_DISTANCE)
    return list(dict.fromkeys([*fine, *rough]))


def judge_dissolve(
    history: History, describer: Describer, slots: Slots, window: tuple[int, int]
) -> Dissolve | None:
    """Return the dissolve in a window, or None if the change there is something else."""
    start, end = window
    first, last = slots.descriptors[start], slots.descriptors[end]
    whole = float(distance(first, last))
    steps = slots.steps[start + 1 : end + 1]
    if whole < _DISTANCE or steps.max() > _MAX_STEP_SHARE * (steps.sum() + 0.01):
        return None
    direction = last - first
    moved = slots.descriptors[start : end + 1] - first
    share = (moved * direction) @ WEIGHTS / ((direction * direction) @ WEIGHTS + 1e-3)
    ramp = np.linspace(0, 1, end - start + 1)
    off_line = np.abs(moved - share[:, None] * direction) @ WEIGHTS
    if np.sqrt(((share - ramp) ** 2).mean()) > _RAMP_ERROR:
        return None
    if off_line[1:-1].mean() > _LINE_RESIDUAL * whole:
        return None
    middle = (start + end) // 2
    blend = share[middle - start]
    mixed = blend * _contrast(last) + (1 - blend) * _contrast(first)
    if _contrast(slots.descriptors[middle]) > _VARIANCE_DIP * max(mixed, 1.0):
        return None
    frames = int(slots.middles[start]), int(slots.middles[end])
    luma, colour = describer.histogram_distances(history, *frames)
    is_gray = not (has_colour(first) or has_colour(last))
    if luma < _LUMA_HISTOGRAM or (colour < _COLOUR_HISTOGRAM and not is_gray):
        return None
    return Dissolve(*frames, 0.8 + 0.02 * float(np.log1p(whole)))


def _contrast(descriptor: Floats) -> float:
    """Return the luma variance, which dips in the middle of a mix, plus 1."""
    return float(descriptor[:NUM_LUMA].var()) + 1


def _straight(
    points: Floats, steps: Floats, weights: Floats, min_distance: float
) -> Iterator[tuple[int, int]]:
    """Yield windows whose ends lie far apart for the length of the way between them."""
    way = np.cumsum(steps)
    found = []
    for length in _LENGTHS:
        if len(points) <= length:
            break
        apart = np.abs(points[length:] - points[:-length]) @ weights
        path = way[length:] - way[:-length] + np.float32(0.01)
        largest = np.lib.stride_tricks.sliding_window_view(steps[1:], length).max(1)
        is_straight = (apart > 0.45 * path) & (1.5 * apart - 0.5 * path > _MIN_SCORE)
        start = np.flatnonzero((apart > min_distance) & is_straight & (largest < 0.7 * path))
        found.append(np.stack([apart[start], path[start], start, start + length]))
    if not found:
        return
    apart, path, starts, ends = np.concatenate(found, 1)
    for penalty in (1.0, 0.5):
        score = apart - penalty * (path - apart)
        order = np.flatnonzero(score >= _MIN_SCORE)
        order = order[np.argsort(-score[order], kind="stable")]
        for window in _best_first(starts[order].astype(int), ends[order].astype(int)):
            yield _trimmed(*window, steps, way)


def _best_first(
    starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> Iterator[tuple[int, int]]:
    """Yield windows in order, leaving out what overlaps an earlier one by more than a third."""
    while len(starts):
        start, end = starts[0], ends[0]
        yield int(start), int(end)
        overlap = np.minimum(ends, end) - np.maximum(starts, start)
        keep = overlap <= _MAX_OVERLAP * np.minimum(ends - starts, end - start)
        keep[0] = False
        starts, ends = starts[keep], ends[keep]


def _trimmed(start: int, end: int, steps: Floats, way: Floats) -> tuple[int, int]:
    """Cut quiet slots off both ends of a window."""
    quiet = 0.3 * (way[end] - way[start]) / (end - start)
    while end - start > 3 and steps[start + 1] < quiet:
        start += 1
    while end - start > 3 and steps[end] < quiet:
        end -= 1
    return start, end
