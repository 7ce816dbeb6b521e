"""The timeline of a picture: rows of equal length, where a time lies in them, and their ticks."""

import math
from dataclasses import dataclass

WIDTH_PX = 1600
"""Width of the picture."""
LEFT_PX, RIGHT_PX = 100, WIDTH_PX - 32
"""Where a row begins and ends."""

_ROWS_S = ((5, 4), (10, 6), (20, 12), (30, 12), (60, 12), (120, 12), (300, 12), (600, 12))
"""Seconds of a row, and at most how many such rows; what is longer still has 12 rows."""
_TICKS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A stretch `[start_us, end_us)` of the timeline."""

    start_us: int
    end_us: int

    @property
    def duration_us(self) -> int:
        """Its length."""
        return self.end_us - self.start_us

    def x(self, time_us: float) -> float:
        """Return the horizontal place of a time, kept inside the row."""
        share = (time_us - self.start_us) / self.duration_us
        return LEFT_PX + min(max(share, 0.0), 1.0) * (RIGHT_PX - LEFT_PX)

    def meets(self, start_us: int, end_us: int) -> bool:
        """Tell whether `[start_us, end_us)` shows in the row."""
        return start_us < self.end_us and end_us > self.start_us

    def shared_us(self, start_us: int, end_us: int) -> int:
        """Return how much of `[start_us, end_us)` shows in the row; negative if it is elsewhere."""
        return min(self.end_us, end_us) - max(self.start_us, start_us)


def divide_rows(start_us: int, end_us: int) -> list[Row]:
    """Divide a timeline into rows of one length; the last one may reach beyond the end."""
    total_us = max(end_us - start_us, 1)
    fitting = (s * 1_000_000 for s, most in _ROWS_S if total_us <= s * most * 1_000_000)
    row_us = min(next(fitting, math.ceil(total_us / 12)), total_us)
    count = math.ceil(total_us / row_us)
    starts = [start_us + number * row_us for number in range(count)]
    return [Row(start_us=start, end_us=start + row_us) for start in starts]


def ticks(row: Row, end_us: int) -> list[int]:
    """Return the times to label in a row, about ten, none after `end_us`."""
    fitting = (round(s * 1_000_000) for s in _TICKS_S if row.duration_us <= s * 12 * 1_000_000)
    step_us = next(fitting, math.ceil(row.duration_us / 10))
    first = math.ceil(row.start_us / step_us) * step_us
    return list(range(first, min(row.end_us, end_us) + 1, step_us))
