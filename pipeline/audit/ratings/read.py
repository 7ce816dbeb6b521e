"""Ratings as they come back: read, checked against the plan, and one for each rater and item.

| form    | a row is                                                                     |
|---------|------------------------------------------------------------------------------|
| JSONL   | a `Rating`, as the review page downloads it; unknown keys are refused        |
| Parquet | a `Rating`; columns that it does not have are ignored                        |
| CSV     | one claim's verdict, with the columns of its rating beside it; others are ignored |
| JSON    | a task of Label Studio with its annotations                                  |

The first three may also be rating sheets, filled in (`export/rating_sheet.py`): what is left empty
in them is not judged yet. Every problem is told with its file and line (of Parquet its row, of
Label Studio its task), and nothing is imported where a file has one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

from ....schemas.audit import AuditPlan, Rating
from ....schemas.errors import UsageError
from .check import check_row
from .raw import LeftOut, Problem, Row, Why
from .rows import read_rows

MAX_PROBLEMS = 20
"""So many are told; the rest is counted."""
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """The ratings that count."""

    ratings: tuple[Rating, ...]
    """One for each rater and item, by rater and the items' order."""
    num_read: int
    """Ratings in all files: the sum of the four below."""
    num_new: int
    """First ones of a rater and item."""
    num_changed: int
    """Those that took the place of an earlier one that differs."""
    num_unchanged: int
    """Those that say what was known."""
    num_replaced: int
    """Those that do not count, because a later one that differs was known."""
    left_out: tuple[tuple[Why, int], ...] = ()
    """How many are no ratings yet, by reason."""
    empty: tuple[str, ...] = ()
    """Files without a rating."""


class _Fate(Enum):
    NEW = auto()
    CHANGED = auto()
    UNCHANGED = auto()
    REPLACED = auto()


def read_ratings(paths: Sequence[str], plan: AuditPlan, known: Sequence[Rating] = ()) -> Ratings:
    """Read files of ratings.

    Of several ratings by one rater of one item the one with the latest `rated_at` counts; where one
    of them has no time, the one that is read last.

    Args:
        paths: local paths or fsspec URLs that end with one of `rows.SUFFIXES`.
        plan: the audit that they belong to.
        known: ratings of it that count already, one for each rater and item.

    Raises:
        UsageError: a file cannot be read as ratings, or is of another audit or dataset version;
            the text has file, line and what to do.
    """
    items = {item.item_id: item for item in plan.items}
    latest: dict[_Key, Rating] = {(one.rater, one.item_id): one for one in known}
    problems: dict[tuple[str, str], list[Problem]] = {}
    left_out: Counter[Why] = Counter()
    fates: Counter[_Fate] = Counter()
    empty = []
    for path in paths:
        num_before = fates.total()
        for row in read_rows(path):
            found = check_row(row, plan, items) if isinstance(row, Row) else row
            if isinstance(found, Problem):
                problems.setdefault((path, found.what), []).append(found)
            elif isinstance(found, LeftOut):
                left_out[found.why] += 1
            else:
                fates[_add(latest, found)] += 1
        if fates.total() == num_before:
            empty.append(path)
    if problems:
        raise UsageError(_told(list(problems.values())))
    return Ratings(
        ratings=tuple(sorted(latest.values(), key=lambda r: (r.rater, items[r.item_id].order))),
        num_read=fates.total(),
        num_new=fates[_Fate.NEW],
        num_changed=fates[_Fate.CHANGED],
        num_unchanged=fates[_Fate.UNCHANGED],
        num_replaced=fates[_Fate.REPLACED],
        left_out=tuple((why, left_out[why]) for why in Why if left_out[why]),
        empty=tuple(empty),
    )


def _add(latest: dict[_Key, Rating], rating: Rating) -> _Fate:
    """Add a rating to those that count, and return what became of it."""
    key = rating.rater, rating.item_id
    before = latest.get(key)
    if before is not None and rating == before:
        return _Fate.UNCHANGED
    if before is not None and _is_older(rating, before):
        return _Fate.REPLACED
    latest[key] = rating
    return _Fate.NEW if before is None else _Fate.CHANGED


def _is_older(rating: Rating, than: Rating) -> bool:
    one, other = _time(rating), _time(than)
    return one is not None and other is not None and one < other


def _time(rating: Rating) -> datetime | None:
    if rating.rated_at is None:
        return None
    time = datetime.fromisoformat(rating.rated_at)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _told(problems: Sequence[Sequence[Problem]]) -> str:
    """Return the text about problems; those of one file that are alike are told once."""
    lines = [
        f"{alike[0]} ({len(alike)} times in this file)" if len(alike) > 1 else str(alike[0])
        for alike in problems[:MAX_PROBLEMS]
    ]
    num_more = sum(len(alike) for alike in problems[MAX_PROBLEMS:])
    more = [f"and {num_more} more"] if num_more else []
    return "\n  ".join(["no rating was imported:", *lines, *more])
