"""Which clips can be compared, and why the others cannot.

Only clips count that were drawn for the estimate, and judged, on both sides; repeats, perturbed
items and the risk pool never do.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ....schemas.audit import AuditItem, AuditPlan, AuditText, Pool, Preference, Rating, Side
from ....schemas.audit_comparison import LeftOut
from ....schemas.errors import UsageError
from ..report.judged import JudgedClaim, JudgedClip, judged_clips, plain_items
from ..sample.strata import GIVEN

_RISK = "picked because they look bad, of which no rate is made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was said of the texts of one clip that A, or that B, wrote."""

    clip: JudgedClip
    """The verdicts of the majority."""
    sides: tuple[Side, ...]
    """Its texts: all of the item, or the one of a model."""
    ratings: tuple[Rating, ...]
    """What each rater said."""

    @property
    def claims(self) -> tuple[JudgedClaim, ...]:
        """The claims of its texts; none where one of the item has no verdict."""
        return tuple(claim for claim in self.clip.claims if claim.text.side in self.sides)

    @property
    def raters(self) -> frozenset[str]:
        """Who judged it."""
        return frozenset(rating.rater for rating in self.ratings)

    @property
    def preferred(self) -> Preference | None:
        """The side that most prefer; `same` for a tie; None where nobody said."""
        votes = Counter(r.preferred for r in self.ratings if r.preferred is not None)
        if not votes:
            return None
        most = [side for side, count in votes.items() if count == max(votes.values())]
        return most[0] if len(most) == 1 else "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One clip, judged for A and for B."""

    first: Judged
    """A."""
    second: Judged
    """B."""
    chance: float
    """Probability over seeds that the clip is drawn in both."""

    @property
    def item(self) -> AuditItem:
        """The clip's item in A."""
        return self.first.clip.item


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """The clips of both, sorted into those that are compared and the others."""

    pairs: tuple[Pair, ...]
    """Those that are compared, by clip id; at least one."""
    num_shared: int
    """Clips drawn in both; of two captions, those that have both."""
    left_out: tuple[LeftOut, ...]
    """All other clips of either, by reason."""
    num_drawn: Mapping[str, int] | None
    """Clips of each stratum that both drew for the estimate, judged or not; None where the two were
    not drawn from the same clips, so that there are no weights."""

    def weights(self, pairs: Sequence[Pair]) -> list[float]:
        """Return how many clips of the dataset each of some pairs stands for; 1 without weights.

        These stand for those of their stratum that were drawn but not judged as well.
        """
        if self.num_drawn is None:
            return [1.0] * len(pairs)
        num = Counter(pair.item.stratum for pair in pairs)
        strata = ((pair, pair.item.stratum) for pair in pairs)
        return [self.num_drawn[name] / num[name] / pair.chance for pair, name in strata]


def pair_audits(
    first: AuditPlan,
    second: AuditPlan,
    *,
    first_ratings: Sequence[Rating],
    second_ratings: Sequence[Rating],
) -> Pairing:
    """Pair the clips that two audits share.

    Raises:
        UsageError: they share no clip, or none that was judged in both.
    """
    drawn = drawn_items(first), drawn_items(second)
    judged = _judged(first, first_ratings), _judged(second, second_ratings)
    shared = sorted(drawn[0].keys() & drawn[1].keys())
    if not shared:
        raise UsageError(
            f"the audits share no clip: A has {len(drawn[0])}, B {len(drawn[1])} others; compare "
            "audits of the same videos, cut alike, drawn with the same --seed"
        )
    reasons = Counter(
        {
            "drawn in A only": len(drawn[0]) - len(shared),
            "drawn in B only": len(drawn[1]) - len(shared),
        }
    )
    pairs, of_both = [], []
    for clip_id in shared:
        items = drawn[0][clip_id], drawn[1][clip_id]
        found = judged[0].get(clip_id), judged[1].get(clip_id)
        if any(item.pool is not Pool.ESTIMATION for item in items):
            reasons[_RISK] += 1
            continue
        of_both.append(items)
        if found[0] is None or found[1] is None:
            missing = [name for name, one in zip("AB", found, strict=True) if one is None]
            reasons[f"not judged in {' and '.join(missing)}"] += 1
        else:
            chance = _chance(items, is_same_draw=first.seed == second.seed)
            pairs.append(Pair(first=found[0], second=found[1], chance=chance))
    is_same = _strata(first) == _strata(second) and all(a.stratum == b.stratum for a, b in of_both)
    num_drawn = Counter(a.stratum for a, _ in of_both) if is_same else None
    return _pairing(pairs, len(shared), reasons, num_drawn)


def pair_captions(plan: AuditPlan, models: tuple[str, str], ratings: Sequence[Rating]) -> Pairing:
    """Pair the captions of two models in one audit.

    Raises:
        UsageError: no clip that has both was judged.
    """
    drawn, judged = drawn_items(plan), _judged(plan, ratings)
    both = {clip_id: item for clip_id, item in drawn.items() if len(item.texts) == len(models)}
    reasons = Counter({"with one caption": len(drawn) - len(both)})
    pairs, num_drawn = [], Counter[str]()
    for clip_id, item in sorted(both.items()):
        if item.pool is not Pool.ESTIMATION:
            reasons[_RISK] += 1
            continue
        num_drawn[item.stratum] += 1
        if clip_id not in judged:
            reasons["not judged"] += 1
            continue
        first, second = (replace(judged[clip_id], sides=_sides(item, model)) for model in models)
        pairs.append(Pair(first=first, second=second, chance=_chance((item,), is_same_draw=True)))
    return _pairing(pairs, len(both), reasons, num_drawn)


def drawn_items(plan: AuditPlan) -> dict[str, AuditItem]:
    """Return the items of an audit that are there to be judged, by clip."""
    return {item.clip_id: item for pool in Pool for item in plain_items(plan, pool)}


def writers(texts: Iterable[AuditText]) -> tuple[str, ...]:
    """Return who wrote texts, in order; `given` where they came with the source."""
    return tuple(sorted({text.model or GIVEN for text in texts}))


def _judged(plan: AuditPlan, ratings: Sequence[Rating]) -> dict[str, Judged]:
    """Return what was said of the clips that were drawn for the estimate, by clip."""
    of_item: dict[str, list[Rating]] = defaultdict(list)
    for rating in ratings:
        of_item[rating.item_id].append(rating)
    return {
        clip.item.clip_id: Judged(
            clip=clip,
            sides=tuple(text.side for text in clip.item.texts),
            ratings=tuple(of_item[clip.item.item_id]),
        )
        for clip in judged_clips(plan, ratings, Pool.ESTIMATION)
    }


def _sides(item: AuditItem, model: str) -> tuple[Side, ...]:
    return tuple(text.side for text in item.texts if (text.model or GIVEN) == model)


def _strata(plan: AuditPlan) -> dict[str, int]:
    """Return the clips of each stratum: alike, two plans drew from the same clips."""
    return {size.stratum: size.population for size in plan.sizes}


def _chance(items: Collection[AuditItem], *, is_same_draw: bool) -> float:
    """Return the probability that all of these are drawn.

    With the same seed two audits take the first clips of a stratum in the same order, so that the
    smaller sample lies in the larger one; with another seed they are drawn independently.
    """
    chances = [item.inclusion_probability or 1.0 for item in items]
    product = 1.0
    for chance in chances:
        product *= chance
    return min(chances) if is_same_draw else product


def _pairing(
    pairs: Sequence[Pair],
    num_shared: int,
    reasons: Counter[str],
    num_drawn: Mapping[str, int] | None,
) -> Pairing:
    left_out = tuple(
        LeftOut(reason=reason, num_clips=num) for reason, num in sorted(reasons.items()) if num
    )
    if not pairs:
        told = ", ".join(f"{one.num_clips} {one.reason}" for one in left_out)
        raise UsageError(
            f"there is nothing to compare: no clip was judged on both sides ({told}); "
            "judge some and run `interlink audit import`"
        )
    return Pairing(
        pairs=tuple(pairs), num_shared=num_shared, left_out=left_out, num_drawn=num_drawn
    )
