"""How fast a step goes, from the times of its commits, and how long the rest will take."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from ..parts.commit import Commit

WINDOW = timedelta(hours=1)
"""What counts is the last hour of work: workers come and go."""
STRAGGLING = 3.0
"""A part that takes so many times the median of the finished ones is told of."""
_MIN_STRAGGLING_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a step went in its last hour of work."""

    parts_per_h: float
    """Parts committed in an hour."""
    records_per_h: float
    """Records that the step took in an hour, whatever became of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """How long what is left will take."""

    seconds: float
    """At least so long; of the steps whose pace is known, one after the other."""
    unknown: tuple[str, ...]
    """Steps with parts to do of which none is finished, so that nobody knows."""


def pace_of(commits: Iterable[Commit]) -> Pace | None:
    """Return the pace of a step; None where no commit says when it ended."""
    timed = sorted(
        ((end, commit) for commit in commits if (end := ended_at(commit)) is not None),
        key=lambda pair: pair[0],
    )
    if not timed:
        return None
    last = timed[-1][0]
    recent = [(end, commit) for end, commit in timed if last - end <= WINDOW]
    # From the beginning of the work on them: a single part has a pace as well.
    first = min(end - timedelta(seconds=commit.wall_s) for end, commit in recent)
    hours = max((last - first).total_seconds(), 1e-3) / 3600
    records = sum(commit.stages[0].planned for _, commit in recent if commit.stages)
    return Pace(parts_per_h=len(recent) / hours, records_per_h=records / hours)


def rest_of(steps: Sequence[tuple[str, int, Pace | None]]) -> Rest:
    """Return how long the rest takes.

    Args:
        steps: name, parts to do and pace of each step.
    """
    known = [(left, pace) for _, left, pace in steps if left and pace is not None]
    seconds = sum(left / pace.parts_per_h * 3600 for left, pace in known)
    unknown = tuple(name for name, left, pace in steps if left and pace is None)
    return Rest(seconds=seconds, unknown=unknown)


def straggles(running_s: float, finished: Iterable[Commit]) -> bool:
    """Tell whether a part takes far longer than those that are finished.

    Args:
        running_s: seconds since it was begun.
        finished: commits of the same step.
    """
    walls = [commit.wall_s for commit in finished]
    return bool(walls) and running_s > max(_MIN_STRAGGLING_S, STRAGGLING * median(walls))


def ended_at(commit: Commit) -> datetime | None:
    """Return when a part was committed; None where its commit does not say."""
    return datetime.fromisoformat(commit.ended) if commit.ended else None
