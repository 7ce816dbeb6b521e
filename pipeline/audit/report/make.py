"""From a plan and its ratings to the report."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from ....schemas.audit import AuditPlan, AuditText, ClipVerdict, Pool, Rating, Verdict
from ....schemas.audit_report import AuditReport, RiskReport, StratumReport, TextReport
from ....schemas.text import TextKind
from .caveats import clip_caveats, find_caveats, find_reasons, sensitivity_caveats
from .errors import error_reports
from .judged import JudgedClip, judged_clips, plain_items
from .raters import claim_agreement, clip_agreement, found_errors, rater_reports
from .rates import all_rates, text_rates

_Author = tuple[TextKind, str | None, str | None]


def make_report(plan: AuditPlan, ratings: Sequence[Rating]) -> AuditReport:
    """Return what raters found. The same plan and ratings give the same report.

    Args:
        plan: the audit.
        ratings: those that count, one for each rater and item of the plan, in any order.

    Raises:
        EnvironmentFault: a library of the statistics is missing.
    """
    ratings = sorted(ratings, key=lambda rating: (rating.rater, rating.item_id))
    clips = judged_clips(plan, ratings, Pool.ESTIMATION)
    rated = {clip.item.item_id for clip in clips}
    num_raters = len({rating.rater for rating in ratings if rating.item_id in rated})
    agreement, of_clips = claim_agreement(plan, ratings), clip_agreement(plan, ratings)
    sensitivity, found = found_errors(plan, ratings)
    reasons = find_reasons(clips, num_raters, agreement)
    caveats = find_caveats(plan, ratings, clips)
    if clips:
        caveats += clip_caveats(reasons, of_clips) + sensitivity_caveats(sensitivity)
    return AuditReport(
        audit_id=plan.audit_id,
        dataset_url=plan.dataset_url,
        dataset_version=plan.dataset_version,
        content_digest=plan.content_digest,
        view=plan.view,
        seed=plan.seed,
        population=sum(size.population for size in plan.sizes),
        num_planned=len(plain_items(plan, Pool.ESTIMATION)),
        num_rated=len(clips),
        num_videos=len({clip.item.video_id for clip in clips}),
        num_claims=sum(len(clip.claims) for clip in clips),
        num_raters=num_raters,
        rates=all_rates(clips),
        strata=_strata(plan, clips),
        texts=_texts(clips),
        agreement=agreement,
        clip_agreement=of_clips,
        raters=rater_reports(plan, ratings),
        sensitivity=sensitivity,
        found=found,
        errors=error_reports(clips),
        risk=_risk(plan, ratings),
        reasons=reasons,
        caveats=caveats,
    )


def _strata(plan: AuditPlan, clips: Sequence[JudgedClip]) -> tuple[StratumReport, ...]:
    if len(plan.sizes) < 2:
        return ()
    by_stratum: dict[str, list[JudgedClip]] = defaultdict(list)
    for clip in clips:
        by_stratum[clip.item.stratum].append(clip)
    return tuple(
        StratumReport(
            stratum=size.stratum,
            population=size.population,
            num_planned=size.sampled,
            num_rated=len(by_stratum[size.stratum]),
            rates=all_rates(by_stratum[size.stratum]),
        )
        for size in plan.sizes
    )


def _texts(clips: Sequence[JudgedClip]) -> tuple[TextReport, ...]:
    by_author: dict[_Author, list[tuple[JudgedClip, AuditText]]] = defaultdict(list)
    for clip in clips:
        for text in clip.item.texts if clip.claims else ():
            by_author[text.kind, text.model, text.revision].append((clip, text))
    reports = (
        TextReport(
            kind=kind,
            model=model,
            revision=revision,
            num_texts=len(texts),
            rates=text_rates(texts),
        )
        for (kind, model, revision), texts in by_author.items()
    )
    return tuple(sorted(reports, key=_by_number_of_texts))


def _by_number_of_texts(report: TextReport) -> tuple[int, str, str, str]:
    return -report.num_texts, report.kind.value, report.model or "", report.revision or ""


def _risk(plan: AuditPlan, ratings: Sequence[Rating]) -> RiskReport:
    clips = judged_clips(plan, ratings, Pool.RISK)
    verdicts = Counter(claim.verdict for clip in clips for claim in clip.judged_claims)
    return RiskReport(
        num_planned=len(plain_items(plan, Pool.RISK)),
        num_rated=len(clips),
        num_claims=verdicts[Verdict.RIGHT] + verdicts[Verdict.WRONG],
        num_wrong=verdicts[Verdict.WRONG],
        num_with_error=sum(any(c.is_wrong for c in clip.judged_claims) for clip in clips),
        num_bad=sum(clip.verdict is ClipVerdict.BAD for clip in clips),
        num_flawed=sum(clip.verdict is ClipVerdict.FLAWED for clip in clips),
    )
