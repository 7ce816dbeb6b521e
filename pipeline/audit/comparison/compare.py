"""Two audits of the same clips against each other, or the two captions of one blind audit.

The main use of two audits is a dataset before and after its captions were written anew: the clips
are the same, the texts differ.
"""

from collections.abc import Iterator, Sequence

from ....schemas.audit import AuditPlan, Rating
from ....schemas.audit_comparison import AuditComparison, Compared, Difference
from ....schemas.errors import UsageError
from ..report.caveats import find_reasons
from ..report.raters import claim_agreement
from .numbers import find_differences, find_preferences
from .pairs import Judged, Pairing, drawn_items, pair_audits, pair_captions, writers


def compare_audits(
    first: AuditPlan,
    second: AuditPlan,
    *,
    first_ratings: Sequence[Rating],
    second_ratings: Sequence[Rating],
) -> AuditComparison:
    """Compare two audits on the clips that they share.

    Args:
        first: A.
        second: B, of the same dataset version, another one, or another dataset with the same clips.
        first_ratings: ratings of A.
        second_ratings: ratings of B.

    Raises:
        UsageError: they are one and the same, share no clip, or none that was judged in both.
    """
    if first.audit_id == second.audit_id and set(first_ratings) == set(second_ratings):
        raise UsageError(
            "A and B are the same audit with the same ratings: name another one as B, or none to "
            "compare the two captions of each clip"
        )
    pairing = pair_audits(first, second, first_ratings=first_ratings, second_ratings=second_ratings)
    differences = find_differences(pairing, has_clip_verdicts=True)
    reasons = [
        f"{name} is not to be quoted: {reason}"
        for name, plan, ratings in (("A", first, first_ratings), ("B", second, second_ratings))
        for reason in _reasons(plan, ratings, pairing)
    ]
    return AuditComparison(
        first=_compared(first, [pair.first for pair in pairing.pairs]),
        second=_compared(second, [pair.second for pair in pairing.pairs]),
        num_shared=pairing.num_shared,
        num_clips=len(pairing.pairs),
        num_videos=len({pair.item.video_id for pair in pairing.pairs}),
        is_weighted=pairing.num_drawn is not None,
        left_out=pairing.left_out,
        differences=differences,
        preferences=None,
        caveats=(*reasons, *_what_else_differs(pairing), *_unknown(differences, pairing)),
    )


def compare_captions(plan: AuditPlan, ratings: Sequence[Rating]) -> AuditComparison:
    """Compare the two captions of each clip of one audit, which raters saw without their authors.

    A is the model that the plan names first, else the first by name.

    Raises:
        UsageError: its clips have one caption, or none that has two was judged.
    """
    drawn = drawn_items(plan).values()
    models = plan.models or writers(text for item in drawn for text in item.texts)
    if len(models) != 2:
        raise UsageError(
            "the clips of this audit have captions of one model: name a second audit to compare "
            "it with, or draw a sample of two models with --model given twice"
        )
    pairing = pair_captions(plan, (models[0], models[1]), ratings)
    differences = find_differences(pairing, has_clip_verdicts=False)
    reasons = [f"not to be quoted: {reason}" for reason in _reasons(plan, ratings, pairing)]
    return AuditComparison(
        first=_compared(plan, [pair.first for pair in pairing.pairs]),
        second=_compared(plan, [pair.second for pair in pairing.pairs]),
        num_shared=pairing.num_shared,
        num_clips=len(pairing.pairs),
        num_videos=len({pair.item.video_id for pair in pairing.pairs}),
        is_weighted=pairing.num_drawn is not None,
        left_out=pairing.left_out,
        differences=differences,
        preferences=find_preferences(pairing),
        caveats=(*reasons, *_unknown(differences, pairing)),
    )


def _compared(plan: AuditPlan, clips: Sequence[Judged]) -> Compared:
    texts = [text for one in clips for text in one.clip.item.texts if text.side in one.sides]
    return Compared(
        audit_id=plan.audit_id,
        dataset_url=plan.dataset_url,
        dataset_version=plan.dataset_version,
        content_digest=plan.content_digest,
        models=writers(texts),
        raters=tuple(sorted({rater for one in clips for rater in one.raters})),
        num_drawn=len(drawn_items(plan)),
        num_claims=sum(len(text.claims) for text in texts),
    )


def _reasons(plan: AuditPlan, ratings: Sequence[Rating], pairing: Pairing) -> tuple[str, ...]:
    """Return why the report of an audit says that its rates must not be quoted."""
    items = {item.item_id for item in drawn_items(plan).values()}
    num_raters = len({rating.rater for rating in ratings if rating.item_id in items})
    clips = [pair.first.clip for pair in pairing.pairs]
    return find_reasons(clips, num_raters, claim_agreement(plan, ratings))


def _what_else_differs(pairing: Pairing) -> Iterator[str]:
    """Yield what must be said of two audits: where not only the captions differ."""
    pairs = pairing.pairs
    if pairing.num_drawn is None:
        yield (
            "A and B were not drawn from the same clips in the same strata: every shared clip "
            "counts alike, and the numbers are about these clips alone"
        )
    num = sum(pair.first.raters != pair.second.raters for pair in pairs)
    if num:
        yield (
            f"{num} of {len(pairs)} clips were not judged by the same people in A and in B: what "
            "differs may be the raters"
        )
    texts = [(_texts(pair.first), _texts(pair.second)) for pair in pairs]
    num = sum(first == second for first, second in texts)
    if num:
        yield (
            f"{num} of {len(pairs)} clips have the same captions in A and in B: what differs in "
            "them is how they were judged"
        )
    num = sum(len(first) != len(second) for first, second in texts)
    if num:
        yield (
            f"{num} of {len(pairs)} clips have more captions in one of the two, and so more that "
            "can be wrong"
        )


def _texts(judged: Judged) -> list[str]:
    return sorted(text.text for text in judged.clip.item.texts)


def _unknown(differences: Sequence[Difference], pairing: Pairing) -> Iterator[str]:
    """Yield which numbers are of fewer clips, and why: a clip judged in part tells nothing."""
    total = len(pairing.pairs)
    for one in differences:
        if one.difference.num_items < total:
            yield (
                f"{one.title}: of {one.difference.num_items} of {total} clips; of the others not "
                "every claim was judged, or none was decided"
            )
