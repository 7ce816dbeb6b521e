"""What must be said beside the rates, and when they must not be quoted, a sentence each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ....schemas.audit import AuditPlan, Pool, Rating, Role, Verdict
from ....schemas.estimate import Agreement, Estimate
from ..statistics.agreement import MIN_DOUBLY_RATED
from ..statistics.clusters import MIN_TELLING_CLUSTERS, cluster_caveats
from .judged import JudgedClip, plain_items
from .wording import count

_MIN_CLAIMS = 20
"""One and the same verdict on fewer claims may well be chance."""


def find_reasons(
    clips: Sequence[JudgedClip], num_raters: int, agreement: Agreement
) -> tuple[str, ...]:
    """Return why the rates must not be quoted.

    Args:
        clips: judged clips of the estimation pool.
        num_raters: who judged them.
        agreement: of these raters about claims.
    """
    if not clips:
        return (
            "nobody has judged a clip of the estimation pool yet: rate clips on the page, then "
            "`interlink audit import` the ratings",
        )
    if num_raters == 1:
        return (
            "a single rater judged: whether another one would say the same is not known; have at "
            f"least {MIN_DOUBLY_RATED} of the claims judged by a second",
        )
    return (agreement.reason,) if agreement.reason else ()


def find_caveats(
    plan: AuditPlan, ratings: Sequence[Rating], clips: Sequence[JudgedClip]
) -> tuple[str, ...]:
    """Return what must be said of the sample and of its raters.

    Args:
        plan: the audit.
        ratings: all ratings, one for each rater and item.
        clips: judged clips of the estimation pool.
    """
    if not clips:
        return ()
    return (
        *_of_sample(plan, clips),
        *_of_claims(plan, clips),
        *_of_ties(clips),
        *_of_raters(plan, ratings),
    )


def clip_caveats(reasons: Sequence[str], agreement: Agreement) -> tuple[str, ...]:
    """Return why only what is said of clips must not be quoted.

    Args:
        reasons: why no rate may be.
        agreement: of raters about clips.
    """
    if reasons or not agreement.reason:
        return ()
    return (f"`bad` and `not_good` must not be quoted: {agreement.reason}",)


def sensitivity_caveats(sensitivity: Estimate) -> tuple[str, ...]:
    """Return what planted errors say of the rates.

    Args:
        sensitivity: share of planted errors that was found.
    """
    if sensitivity.value is None:
        return ("no planted error was judged: how much raters miss is not known",)
    num_missed = round((1 - sensitivity.value) * sensitivity.num_items)
    if not num_missed:
        return ()
    return (
        f"raters missed {num_missed} of {sensitivity.num_items} planted errors: more is wrong than "
        "the rates say",
    )


def _of_sample(plan: AuditPlan, clips: Sequence[JudgedClip]) -> Iterable[str]:
    items = plain_items(plan, Pool.ESTIMATION)
    if len(clips) < len(items):
        yield (
            f"only {len(clips)} of {len(items)} clips were judged: they stand for the others of "
            "their stratum"
        )
    yield from _of_strata(plan, clips, "was judged: the rates say nothing")
    num_videos = len({clip.item.video_id for clip in clips})
    yield from cluster_caveats(num_videos, telling=MIN_TELLING_CLUSTERS)
    if plan.num_without_text:
        yield f"{count(plan.num_without_text, 'clip')} without a text are not in the rates"


def _of_strata(plan: AuditPlan, clips: Sequence[JudgedClip], what: str) -> Iterable[str]:
    seen = {clip.item.stratum for clip in clips}
    missing = [size for size in plan.sizes if size.stratum not in seen]
    if missing:
        population = sum(size.population for size in plan.sizes)
        share = sum(size.population for size in missing) / population
        yield (
            f"no clip of {count(len(missing), 'stratum', 'strata')} {what} of {100 * share:.1f} % "
            "of the dataset's clips"
        )


def _of_claims(plan: AuditPlan, clips: Sequence[JudgedClip]) -> Iterable[str]:
    whole = [clip for clip in clips if clip.claims]
    if len(whole) < len(clips):
        yield (
            f"{len(clips) - len(whole)} of {len(clips)} clips have claims without a verdict: they "
            "count in `bad` and `not_good` only"
        )
        if {clip.item.stratum for clip in whole} < {clip.item.stratum for clip in clips}:
            what = "has a verdict on each claim: rates of claims say nothing"
            yield from _of_strata(plan, whole, what)
    wrong = [claim for clip in clips for claim in clip.claims if claim.is_wrong]
    num_unsaid = sum(claim.severity is None for claim in wrong)
    if num_unsaid:
        yield (
            f"{num_unsaid} of {len(wrong)} wrong claims have no severity: `severe` counts them as "
            "not severe"
        )


def _of_ties(clips: Sequence[JudgedClip]) -> Iterable[str]:
    """Yield how many verdicts are the worse of a tie; with two raters each disagreement is one."""
    claims = [claim for clip in clips for claim in clip.claims]
    tied = (
        f"{sum(one.is_tied for one in of)} of {count(len(of), what)}"
        for of, what in ((claims, "claim"), (clips, "clip"))
        if any(one.is_tied for one in of)
    )
    told = " and ".join(tied)
    if told:
        yield f"raters were evenly split on {told}, where the worse verdict counts"


def _of_raters(plan: AuditPlan, ratings: Sequence[Rating]) -> Iterable[str]:
    """Yield how many gave all claims one verdict, without names: anything may stand in these."""
    pools = {item.item_id: item for item in plan.items}
    verdicts: dict[str, list[Verdict]] = defaultdict(list)
    with_planted = set()
    for rating in ratings:
        verdicts[rating.rater].extend(vote.verdict for vote in rating.claims)
        if pools[rating.item_id].role is Role.PERTURBED:
            with_planted.add(rating.rater)
    alike: dict[tuple[Verdict, bool], list[int]] = defaultdict(list)
    for rater, given in verdicts.items():
        if len(given) >= _MIN_CLAIMS and len(set(given)) == 1:
            alike[given[0], rater in with_planted].append(len(given))
    for (verdict, is_planted), numbers in sorted(alike.items()):
        also = ", planted errors among them" if is_planted else ""
        said = verdict.value.replace("_", " ")
        yield f"{_judged_all(sorted(numbers), said)}{also}: that cannot be told from not looking"


def _judged_all(numbers: Sequence[int], said: str) -> str:
    """Return who judged all claims alike.

    Args:
        numbers: claims of each such rater, rising.
        said: the verdict in words.
    """
    if len(numbers) == 1:
        return f"one rater judged all {numbers[0]} claims {said}"
    least, most = numbers[0], numbers[-1]
    claims = f"{least}" if least == most else f"{least} to {most}"
    return f"{len(numbers)} raters each judged all of their {claims} claims {said}"
