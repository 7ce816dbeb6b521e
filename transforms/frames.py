"""Which frames of the frame set a clip shows. Pure; reads no picture."""

import bisect
from collections.abc import Sequence
from typing import TypeVar

from ..schemas.video import Frame

Item = TypeVar("Item")


def evenly_spaced(items: Sequence[Item], count: int) -> tuple[Item, ...]:
    """Pick `count` of `items`, each from the middle of one of `count` equal stretches.

    The middles rather than the ends, because a clip's first and last frames may lie inside a
    transition.

    Args:
        items: in order.
        count: how many to pick, at least 1; all of them where there are no more.

    Raises:
        ValueError: `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"count={count} must be >= 1")
    if len(items) <= count:
        return tuple(items)
    return tuple(items[(2 * n + 1) * len(items) // (2 * count)] for n in range(count))


def frames_between(frames: Sequence[Frame], start_us: int, end_us: int) -> tuple[Frame, ...]:
    """Return the frames whose own time lies in `[start_us, end_us)`; never none at all.

    Where none begins inside (a picture that stands longer than the span), it is the one shown at
    `start_us`: the last that began before it, or the first of all.

    Args:
        frames: the frame set in time order; empty gives an empty result.
        start_us: start, on the source's presentation clock.
        end_us: end, exclusive.
    """
    first = bisect.bisect_left(frames, start_us, key=lambda frame: frame.time_us)
    last = bisect.bisect_left(frames, end_us, key=lambda frame: frame.time_us)
    if first == last:
        first = max(first - 1, 0)
        last = first + 1
    return tuple(frames[first:last])
