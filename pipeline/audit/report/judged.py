"""Ratings joined to the items that they are of: one verdict for each clip and claim, and a weight.

Where several raters judged one item their majority counts, and of a tie the worse.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ....schemas.audit import (
    SEVERITIES,
    AuditItem,
    AuditPlan,
    AuditText,
    Claim,
    ClaimVerdict,
    ClipVerdict,
    ErrorType,
    Pool,
    Rating,
    Role,
    Verdict,
)

_WORST_CLAIM_FIRST = (Verdict.WRONG, Verdict.CANNOT_TELL, Verdict.RIGHT)
_WORST_CLIP_FIRST = (ClipVerdict.BAD, ClipVerdict.FLAWED, ClipVerdict.GOOD)
_WORST_SEVERITY_FIRST = tuple(reversed(SEVERITIES))
_Vote = TypeVar("_Vote")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedClaim:
    """What raters say of one claim."""

    text: AuditText
    """The text that it is in."""
    claim: Claim
    """The claim."""
    verdict: Verdict
    """That of the majority."""
    severity: int | None = None
    """That of the majority of those who call it wrong and say how bad; None where it is not wrong,
    or nobody says."""
    error_types: tuple[ErrorType, ...] = ()
    """Those that any of them names, where it is wrong."""
    notes: tuple[str, ...] = ()
    """What they wrote about the clip."""
    is_tied: bool = False
    """Whether another verdict was given as often, so that the verdict is the worse of them."""

    @property
    def is_wrong(self) -> bool:
        """Whether it is wrong."""
        return self.verdict is Verdict.WRONG


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedClip:
    """What raters say of one plain item, and how many clips of the dataset it stands for."""

    item: AuditItem
    """The item."""
    verdict: ClipVerdict
    """That of the majority."""
    is_tied: bool
    """Whether another verdict was given as often, so that the verdict is the worse of them."""
    claims: tuple[JudgedClaim, ...]
    """All of its claims in order; none where one of them has no verdict, as who judges only some
    of the claims may well choose the wrong ones."""
    judged_claims: tuple[JudgedClaim, ...]
    """Those with a verdict, in order, whether others have one or not."""
    weight: float
    """Clips that it stands for; 1 in the risk pool, which stands for nothing else."""
    claims_weight: float
    """The same where those without verdicts on their claims are left out."""

    @property
    def has_error(self) -> bool:
        """Whether one of its claims is wrong."""
        return any(claim.is_wrong for claim in self.claims)


def judged_clips(plan: AuditPlan, ratings: Iterable[Rating], pool: Pool) -> list[JudgedClip]:
    """Return the plain items of a pool that were judged, in the plan's order.

    The weight of a clip is one over its inclusion probability. Where only some of a stratum's clips
    were judged these stand for the others: their weights are raised by drawn over judged. One
    judges in the plan's order, which is drawn by chance, so that the first clips are a sample too.

    Args:
        plan: the audit.
        ratings: one for each rater and item; those of other items are ignored.
        pool: which items.
    """
    of_item: dict[str, list[Rating]] = defaultdict(list)
    for rating in ratings:
        of_item[rating.item_id].append(rating)
    items = plain_items(plan, pool)
    judged = {
        item.item_id: (item, tuple(_claims(item, of_item[item.item_id])))
        for item in items
        if item.item_id in of_item
    }
    complete = {item_id for item_id, (item, found) in judged.items() if _has_all(item, found)}
    weights, claims_weights = _weights(items, judged), _weights(items, complete)
    verdicts = {item_id: [r.clip_verdict for r in of_item[item_id]] for item_id in judged}
    return [
        JudgedClip(
            item=item,
            verdict=majority(verdicts[item_id], _WORST_CLIP_FIRST),
            is_tied=_is_tied(verdicts[item_id]),
            claims=found if item_id in complete else (),
            judged_claims=found,
            weight=weights[item_id],
            claims_weight=claims_weights.get(item_id, 0.0),
        )
        for item_id, (item, found) in judged.items()
    ]


def majority(votes: Sequence[_Vote], worst_first: Sequence[_Vote]) -> _Vote:
    """Return what most say; of what is said equally often the worst, as `max` keeps the first.

    Args:
        votes: at least one.
        worst_first: all that can be said.
    """
    return max(worst_first, key=votes.count)


def _is_tied(votes: Sequence[Verdict] | Sequence[ClipVerdict]) -> bool:
    counts = sorted(Counter(votes).values())
    return counts[-1:] == counts[-2:-1]


def plain_items(plan: AuditPlan, pool: Pool) -> list[AuditItem]:
    """Return the items of a pool that are neither repeats nor perturbed, in order."""
    plain = (item for item in plan.items if item.role is Role.PLAIN and item.pool is pool)
    return sorted(plain, key=lambda item: item.order)


def _claims(item: AuditItem, ratings: Sequence[Rating]) -> Iterator[JudgedClaim]:
    votes: dict[tuple[str, int], list[tuple[ClaimVerdict, str]]] = defaultdict(list)
    for rating in ratings:
        for vote in rating.claims:
            votes[vote.side, vote.claim].append((vote, rating.note))
    for text in item.texts:
        for claim in text.claims:
            if (text.side, claim.number) in votes:
                yield _claim(text, claim, votes[text.side, claim.number])


def _claim(text: AuditText, claim: Claim, votes: Sequence[tuple[ClaimVerdict, str]]) -> JudgedClaim:
    verdicts = [vote.verdict for vote, _ in votes]
    verdict, is_tied = majority(verdicts, _WORST_CLAIM_FIRST), _is_tied(verdicts)
    if verdict is not Verdict.WRONG:
        return JudgedClaim(text=text, claim=claim, verdict=verdict, is_tied=is_tied)
    against = [(vote, note) for vote, note in votes if vote.verdict is Verdict.WRONG]
    severities = [vote.severity for vote, _ in against if vote.severity is not None]
    named = {name for vote, _ in against for name in vote.error_types}
    return JudgedClaim(
        text=text,
        claim=claim,
        verdict=verdict,
        severity=majority(severities, _WORST_SEVERITY_FIRST) if severities else None,
        error_types=tuple(name for name in ErrorType if name in named),
        notes=tuple(note for _, note in against if note),
        is_tied=is_tied,
    )


def _has_all(item: AuditItem, found: Sequence[JudgedClaim]) -> bool:
    return len(found) == sum(len(text.claims) for text in item.texts)


def _weights(items: Sequence[AuditItem], judged: Collection[str]) -> dict[str, float]:
    """Return the weight of each item that was judged, by its id."""
    num_drawn = Counter(item.stratum for item in items)
    num_judged = Counter(item.stratum for item in items if item.item_id in judged)
    return {
        item.item_id: num_drawn[item.stratum] / num_judged[item.stratum] / chance
        if (chance := item.inclusion_probability)
        else 1.0
        for item in items
        if item.item_id in judged
    }
