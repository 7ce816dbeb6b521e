"""Cuts and camera flashes: sudden changes, and whether the pictures on both sides differ too."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .descriptors import WEIGHTS, Describer, Floats, History, distance, has_colour

_TRIGGER_CHANGE = 6.0
_CUT_CHANGE = 9.0
_NEIGHBOURS = 12
_REACH = 5
_PEAK_RATIO = 3.61
_NEAREST = 10.96
_NEAREST_OVER_OWN = 0.903
_LUMA_HISTOGRAM = 0.243
_COLOUR_HISTOGRAM = 0.101
_FLASH_SHARE = 0.35
"""Constants tuned on joined real clips that the measured files do not contain."""

_SURE_NEAREST = 50.0
_SURE_LUMA_HISTOGRAM = 0.5
"""Far beyond what flickers: the nearest pair of any false candidate in real footage was at 25."""


class Cut(NamedTuple):
    """A cut before frame number `frame` of the history."""

    frame: int
    score: float


def changes(descriptors: Floats) -> Floats:
    """Return the distance of each frame to the one before it, shape (n,); 0 for the first."""
    result = np.zeros(len(descriptors), np.float32)
    result[1:] = distance(descriptors[1:], descriptors[:-1])
    return result


def find_triggers(change: Floats) -> npt.NDArray[np.int64]:
    """Return the frames whose change stands out from that of the 8 frames on each side."""
    window = np.lib.stride_tricks.sliding_window_view(np.pad(change, 8), 17)
    mean = (window.sum(1) - change) / 16
    stands_out = (change > _TRIGGER_CHANGE) & (change > 1.5 * mean + 1)
    is_peak = change >= 0.8 * np.maximum(window[:, 7], window[:, 9])
    return np.flatnonzero(stands_out & is_peak)


def judge_cut(history: History, describer: Describer, change: Floats, frame: int) -> Cut | None:
    """Return the cut before `frame`, or None if the change there is something else.

    A flash or a passing hand changes the picture too, but then the frames before and after it
    are alike: the nearest pair of frames on both sides must differ as well.
    """
    if frame < 1 or change[frame] < _CUT_CHANGE:
        return None
    around = [change[max(1, frame - _NEIGHBOURS) : frame], change[frame + 1 : frame + _NEIGHBOURS]]
    neighbours = np.concatenate(around)
    if len(neighbours) and change[frame] + 0.5 < _PEAK_RATIO * (neighbours.mean() + 0.5):
        return None
    first = max(0, frame - _REACH)
    before = history.descriptors[first:frame]
    after = history.descriptors[frame : frame + _REACH]
    pairs = np.abs(before[:, None] - after[None]) @ WEIGHTS
    a, b = np.unravel_index(pairs.argmin(), pairs.shape)
    nearest = float(pairs[a, b])
    own = max(distance(before, before[-1]).max(), distance(after, after[0]).max())
    if nearest < _NEAREST or nearest + 0.5 < _NEAREST_OVER_OWN * (own + 0.5):
        return None
    luma, colour = describer.histogram_distances(history, first + int(a), frame + int(b))
    # From one gray picture to another the colours say nothing, nor in a film without any.
    is_sure = nearest >= _SURE_NEAREST and luma >= _SURE_LUMA_HISTOGRAM
    is_gray = not (has_colour(before[a]) or has_colour(after[b]))
    is_like = colour < _COLOUR_HISTOGRAM and not (is_gray or is_sure)
    if luma < _LUMA_HISTOGRAM or is_like:
        return None
    return Cut(frame, 0.8 + 0.02 * float(np.log1p(nearest)))


def without_flashes(descriptors: Floats, change: Floats, triggers: npt.NDArray[np.int64]) -> Floats:
    """Return descriptors in which flashes are bridged, so that they do not spoil dissolves."""
    result = descriptors.copy()
    done = -1
    for frame in triggers:
        after = result[frame + 1 : frame + 7]
        if frame <= done or frame < 1 or not len(after):
            continue
        first = max(0, frame - 2)
        pairs = np.abs(result[first:frame][:, None] - after[None]) @ WEIGHTS
        a, b = np.unravel_index(pairs.argmin(), pairs.shape)
        if pairs[a, b] >= _FLASH_SHARE * change[frame]:
            continue
        start, end = first + int(a), int(frame) + 1 + int(b)
        share = ((np.arange(start + 1, end) - start) / (end - start)).astype(np.float32)
        result[start + 1 : end] = result[start] + (result[end] - result[start]) * share[:, None]
        done = end - 1
    return result
