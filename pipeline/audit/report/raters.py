"""Whether raters agree, with each other and with themselves, and what planted errors they find."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

import numpy as np

from ....schemas.audit import AuditItem, AuditPlan, ClipVerdict, Pool, Rating, Role, Verdict
from ....schemas.audit_report import FoundErrors, RaterReport
from ....schemas.estimate import Agreement, Estimate
from ..statistics.agreement import MISSING, cohen_kappa, krippendorff_alpha
from ..statistics.intervals import clopper_pearson
from .judged import plain_items

_CLAIM_CODES = {verdict: code for code, verdict in enumerate(Verdict)}
_CLIP_CODES = {verdict: code for code, verdict in enumerate(ClipVerdict)}
"""Good, flawed, bad: they are in an order."""
_Key = tuple[int, str, int]
_ClaimKey = tuple[str, int]


def claim_agreement(plan: AuditPlan, ratings: Iterable[Rating]) -> Agreement:
    """Return the agreement about claims of the estimation pool.

    Cohen's kappa for two raters who judged the same claims, else Krippendorff's alpha.
    """
    orders = {item.item_id: item.order for item in plain_items(plan, Pool.ESTIMATION)}
    codes: dict[str, dict[_Key, int]] = defaultdict(dict)
    for rating in ratings:
        if rating.item_id in orders:
            for vote in rating.claims:
                key = orders[rating.item_id], vote.side, vote.claim
                codes[rating.rater][key] = _CLAIM_CODES[vote.verdict]
    table, clips = _table(codes)
    if table.shape[0] == 2 and not (table == MISSING).any():
        return cohen_kappa(*table, clips=clips)
    return krippendorff_alpha(table, clips=clips)


def clip_agreement(plan: AuditPlan, ratings: Iterable[Rating]) -> Agreement:
    """Return the agreement about clips of the estimation pool, by Krippendorff's ordinal alpha."""
    orders = {item.item_id: item.order for item in plain_items(plan, Pool.ESTIMATION)}
    codes: dict[str, dict[_Key, int]] = defaultdict(dict)
    for rating in ratings:
        if rating.item_id in orders:
            key = orders[rating.item_id], "", 0
            codes[rating.rater][key] = _CLIP_CODES[rating.clip_verdict]
    table, _ = _table(codes)
    return krippendorff_alpha(table, level="ordinal")


def rater_reports(plan: AuditPlan, ratings: Iterable[Rating]) -> tuple[RaterReport, ...]:
    """Return what can be said of each rater, by name."""
    items = {item.item_id: item for item in plan.items}
    by_rater: dict[str, dict[str, Rating]] = defaultdict(dict)
    for rating in ratings:
        by_rater[rating.rater][rating.item_id] = rating
    return tuple(_rater(name, by_rater[name], items) for name in sorted(by_rater))


def found_errors(
    plan: AuditPlan, ratings: Iterable[Rating]
) -> tuple[Estimate, tuple[FoundErrors, ...]]:
    """Return the share of planted errors found by all raters together, and by type of error.

    A planted error is found where its claim is judged wrong; without a verdict on that claim it
    does not count.
    """
    items = {item.item_id: item for item in plan.items}
    shown: Counter[str] = Counter()
    found: Counter[str] = Counter()
    types = {}
    for rating in ratings:
        item = items[rating.item_id]
        is_found = _is_found(item, rating)
        if item.change is not None and is_found is not None:
            name = item.change.error_type
            types[name.value] = name
            shown[name.value] += 1
            found[name.value] += is_found
    by_type = (
        FoundErrors(
            error_type=types[name],
            found=clopper_pearson(found[name], num),
            num_found=found[name],
        )
        for name, num in sorted(shown.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    return clopper_pearson(found.total(), shown.total()), tuple(by_type)


def _table(codes: Mapping[str, Mapping[_Key, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return codes of shape (num_raters, num_keys), by name and in order, and each key's clip."""
    keys = sorted({key for of_rater in codes.values() for key in of_rater})
    rows = [[codes[name].get(key, MISSING) for key in keys] for name in sorted(codes)]
    clips = np.array([order for order, _, _ in keys], np.int64)
    return np.array(rows, np.int64).reshape(len(rows), len(keys)), clips


def _rater(name: str, ratings: Mapping[str, Rating], items: Mapping[str, AuditItem]) -> RaterReport:
    plain = [
        rating
        for item_id, rating in ratings.items()
        if items[item_id].role is Role.PLAIN and items[item_id].pool is Pool.ESTIMATION
    ]
    verdicts = Counter(vote.verdict for rating in plain for vote in rating.claims)
    num_wrong, num_open = verdicts[Verdict.WRONG], verdicts[Verdict.CANNOT_TELL]
    found = [_is_found(items[item_id], rating) for item_id, rating in ratings.items()]
    again = list(_shown_twice(ratings, items))
    alike = [same for of_item in again for same in of_item]
    seconds = [rating.seconds for rating in ratings.values() if rating.seconds is not None]
    return RaterReport(
        rater=name,
        num_rated=len(plain),
        num_claims=verdicts.total(),
        wrong=clopper_pearson(num_wrong, verdicts.total() - num_open),
        cannot_tell=clopper_pearson(num_open, verdicts.total()),
        sensitivity=clopper_pearson(found.count(True), len(found) - found.count(None)),
        num_found=found.count(True),
        self_agreement=clopper_pearson(sum(alike), len(alike)),
        num_repeats=len(again),
        seconds=median(seconds) if seconds else None,
    )


def _is_found(item: AuditItem, rating: Rating) -> bool | None:
    """Tell whether a planted error was found; None where there is none or it was not judged."""
    if item.change is None:
        return None
    verdict = _verdicts(rating).get((item.change.side, item.change.claim))
    return None if verdict is None else verdict is Verdict.WRONG


def _shown_twice(
    ratings: Mapping[str, Rating], items: Mapping[str, AuditItem]
) -> Iterator[Sequence[bool]]:
    """Yield for each repeat whether the claims that were judged twice were judged alike."""
    for item_id, second in ratings.items():
        first = ratings.get(items[item_id].of_item or "")
        if items[item_id].role is Role.REPEAT and first is not None:
            before, after = _verdicts(first), _verdicts(second)
            yield [before[key] is after[key] for key in sorted(before.keys() & after.keys())]


def _verdicts(rating: Rating) -> dict[_ClaimKey, Verdict]:
    return {(vote.side, vote.claim): vote.verdict for vote in rating.claims}
