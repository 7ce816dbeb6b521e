"""Numbers of a training's events as lines over tokens, thin enough to be drawn."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Line = tuple[Values, Values]
"""Tokens and values."""
Events = Sequence[Mapping[str, Any]]

_MAX_POINTS = 2000
"""More than a panel has pixels."""


def line_of(events: Events, *path: str) -> Line:
    """Return one number of all events that have it; null is left out, as is what is missing."""
    found = [(event["tokens"], value_of(event, *path)) for event in events]
    points = np.array([(t, v) for t, v in found if v is not None], np.float64).reshape(-1, 2)
    return points[:, 0], points[:, 1]


def value_of(event: Mapping[str, Any], *path: str) -> float | None:
    """Return a finite number of an event: `value_of(event, "gates", "2.attention")`."""
    value: Any = event
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    is_number = isinstance(value, (int, float)) and math.isfinite(value)
    return float(value) if is_number else None


def keys_of(events: Events, name: str) -> list[str]:
    """Return the keys of a mapping that any of the events has, in the order of appearance."""
    keys: dict[str, None] = {}
    for event in events:
        keys.update(dict.fromkeys(event.get(name) or ()))
    return list(keys)


def smoothed(line: Line) -> Line:
    """Return the mean over neighbouring steps, a fortieth of all of them; fewer at the ends."""
    tokens, values = line
    half = len(values) // 80
    sums = np.concatenate([[0.0], values.cumsum()])
    at = np.arange(len(values))
    first, end = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    return tokens, (sums[end] - sums[first]) / (end - first)


def thinned(line: Line) -> Line:
    """Return a line of few points that looks the same: lowest and highest of each stretch."""
    tokens, values = line
    if len(values) <= _MAX_POINTS:
        return line
    kept = []
    for stretch in np.array_split(np.arange(len(values)), _MAX_POINTS // 2):
        lowest, highest = values[stretch].argmin(), values[stretch].argmax()
        kept += sorted({int(stretch[lowest]), int(stretch[highest])})
    return tokens[kept], values[kept]
