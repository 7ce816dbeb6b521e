"""Ratings as they come back: read, checked against the plan, and one for each rater and item.

| form    | a row is                                                                     |
|---------|------------------------------------------------------------------------------|
| JSONL   | a `Rating`, as the review page downloads it; unknown keys are refused        |
| Parquet | a `Rating`; columns that it does not have are ignored                        |
| CSV     | one claim's verdict, with the columns of its rating beside it; others are ignored |
| JSON    | a task of Label Studio with its annotations                                  |

The first three may also be rating sheets, filled in (`export/rating_sheet.py`): what is left empty
in them is not judged yet. Every problem is told with its file and line (of Parquet its row, of
Label Studio its task), and nothing is imported of a file that has one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ....schemas.audit import AuditItem, AuditPlan, Rating
from ....schemas.errors import UsageError
from .raw import LeftOut, Problem, Row, Why
from .rows import read_rows
from .values import rating_of

MAX_PROBLEMS = 20
"""So many are told; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """The ratings that count."""

    ratings: tuple[Rating, ...]
    """One for each rater and item, by rater and the items' order."""
    num_read: int
    """Ratings in all files."""
    num_replaced: int
    """Ratings that a later one of the same rater and item replaced."""
    left_out: tuple[tuple[Why, int], ...] = ()
    """How many are no ratings yet, by reason."""


def read_ratings(paths: Sequence[str], plan: AuditPlan) -> Ratings:
    """Read files of ratings.

    Of several ratings by one rater of one item the one with the latest `rated_at` counts; where one
    of them has no time, the one that is read last.

    Args:
        paths: local paths or fsspec URLs that end with one of `rows.SUFFIXES`.
        plan: the audit that they belong to.

    Raises:
        UsageError: a file cannot be read as ratings, or is of another audit or dataset version;
            the text has file, line and what to do.
    """
    items = {item.item_id: item for item in plan.items}
    latest: dict[tuple[str, str], Rating] = {}
    problems: list[str] = []
    left_out: Counter[Why] = Counter()
    num_read = 0
    for path in paths:
        for found in _ratings_of(path, plan, items):
            if isinstance(found, Problem):
                problems.append(str(found))
                continue
            if isinstance(found, LeftOut):
                left_out[found.why] += 1
                continue
            num_read += 1
            key = found.rater, found.item_id
            if key not in latest or not _is_older(found, latest[key]):
                latest[key] = found
    if problems:
        raise UsageError(_told(problems))
    ratings = sorted(latest.values(), key=lambda r: (r.rater, items[r.item_id].order))
    return Ratings(
        ratings=tuple(ratings),
        num_read=num_read,
        num_replaced=num_read - len(ratings),
        left_out=tuple((why, left_out[why]) for why in Why if left_out[why]),
    )


def _ratings_of(
    path: str, plan: AuditPlan, items: dict[str, AuditItem]
) -> Iterator[Rating | Problem | LeftOut]:
    for row in read_rows(path):
        yield _checked(row, plan, items) if isinstance(row, Row) else row


def _checked(row: Row, plan: AuditPlan, items: dict[str, AuditItem]) -> Rating | Problem:
    """Return the rating of a row if it fits the plan."""
    audit_id = row.values.get("audit_id")
    if isinstance(audit_id, str) and audit_id and audit_id != plan.audit_id:
        return row.problem(
            f"it is of audit {audit_id[:12]}, not of {plan.audit_id[:12]}, which was drawn from "
            f"version {plan.dataset_version} of {plan.dataset_url}: ratings of another sample or "
            "dataset version do not count here"
        )
    try:
        rating = rating_of(row.values)
    except ValueError as error:
        return row.problem(str(error))
    item = items.get(rating.item_id)
    if item is None:
        return row.problem(
            f"item {rating.item_id[:12]!r} is not in this audit; was it rated in a larger sample?"
        )
    problem = next(_misfits(rating, item), None)
    return row.problem(problem) if problem else rating


def _misfits(rating: Rating, item: AuditItem) -> Iterator[str]:
    sizes = {text.side: len(text.claims) for text in item.texts}
    judged: set[tuple[str, int]] = set()
    for verdict in rating.claims:
        name = f"claim {verdict.claim} of side {verdict.side!r}"
        if verdict.side not in sizes:
            yield f"{name} does not exist: the item has one caption"
        elif not 0 <= verdict.claim < sizes[verdict.side]:
            yield f"{name} does not exist: it has {sizes[verdict.side]}, counted from 0"
        if (verdict.side, verdict.claim) in judged:
            yield f"{name} is judged twice in one rating"
        judged.add((verdict.side, verdict.claim))
    if rating.preferred is not None and len(sizes) < 2:
        yield f"preferred={rating.preferred!r}, but the item has one caption"


def _is_older(rating: Rating, than: Rating) -> bool:
    one, other = _time(rating), _time(than)
    return one is not None and other is not None and one < other


def _time(rating: Rating) -> datetime | None:
    if rating.rated_at is None:
        return None
    time = datetime.fromisoformat(rating.rated_at)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _told(problems: Iterable[str]) -> str:
    listed = list(problems)
    more = len(listed) - MAX_PROBLEMS
    shown = listed[:MAX_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
    return "no rating was imported:\n  " + "\n  ".join(shown)
