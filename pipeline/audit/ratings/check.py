"""Whether a row is a rating of an audit's plan."""

from collections.abc import Iterator, Mapping

from ....schemas.audit import AuditItem, AuditPlan, Rating
from .raw import Problem, Row
from .values import ClaimError, rating_of


def check_row(row: Row, plan: AuditPlan, items: Mapping[str, AuditItem]) -> Rating | Problem:
    """Return the rating of a row if it fits the plan.

    Args:
        row: the row.
        plan: the audit.
        items: its items by id.
    """
    audit_id = row.values.get("audit_id")
    if isinstance(audit_id, str) and audit_id and audit_id != plan.audit_id:
        return row.problem(
            f"it is of audit {audit_id[:12]}, not of {plan.audit_id[:12]}, which was drawn from "
            f"version {plan.dataset_version} of {plan.dataset_url}: import ratings of another "
            "sample or dataset version into the folder of their own audit"
        )
    try:
        rating = rating_of(row.values)
    except ClaimError as error:
        return row.problem(str(error), claim=error.number)
    except ValueError as error:
        return row.problem(str(error))
    item = items.get(rating.item_id)
    if item is None:
        return row.problem(
            f"item {rating.item_id[:12]!r} is not in this audit; was it rated in a larger sample?"
        )
    return next(_misfits(row, rating, item), rating)


def _misfits(row: Row, rating: Rating, item: AuditItem) -> Iterator[Problem]:
    sizes = {text.side: len(text.claims) for text in item.texts}
    judged: set[tuple[str, int]] = set()
    for number, verdict in enumerate(rating.claims):
        name = f"claim {verdict.claim} of side {verdict.side!r}"
        if verdict.side not in sizes:
            yield row.problem(f"{name} does not exist: the item has one caption", claim=number)
        elif not 0 <= verdict.claim < sizes[verdict.side]:
            what = f"{name} does not exist: it has {sizes[verdict.side]}, counted from 0"
            yield row.problem(what, claim=number)
        if (verdict.side, verdict.claim) in judged:
            yield row.problem(f"{name} is judged twice in one rating", claim=number)
        judged.add((verdict.side, verdict.claim))
    if rating.preferred is not None and len(sizes) < 2:
        yield row.problem(f"preferred={rating.preferred!r}, but the item has one caption")
