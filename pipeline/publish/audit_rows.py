"""From a plan and its ratings to the rows that an audit adds to a dataset."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ...schemas.audit import AuditItem, AuditPlan, ErrorType, Pool, Rating, Role, Verdict
from ...schemas.audit_row import AuditedClip, AuditRow
from ..audit.report.judged import JudgedClip, judged_clips
from ..audit.sample.strata import GIVEN


def audit_rows(
    plan: AuditPlan, ratings: Iterable[Rating], digests: Mapping[str, str]
) -> list[AuditRow]:
    """Return what each rater said of each clip, by document, clip and rater.

    Args:
        plan: the audit.
        ratings: one for each rater and item; those of repeats and planted errors are left out.
        digests: `content_sha256` of each document by its id.
    """
    items = {item.item_id: item for item in plan.items if item.role is Role.PLAIN}
    rows = [
        _row(items[rating.item_id], rating, plan, digests)
        for rating in ratings
        if rating.item_id in items
    ]
    return sorted(rows, key=lambda row: (row.document_id, row.clip_id, row.rater))


def audited_clips(
    plan: AuditPlan, ratings: Sequence[Rating], digests: Mapping[str, str]
) -> list[AuditedClip]:
    """Return what all raters of each clip say together, by document and clip.

    Args:
        plan: the audit.
        ratings: as of `audit_rows`.
        digests: as of `audit_rows`.
    """
    num_raters = Counter(rating.item_id for rating in ratings)
    clips = [
        _clip(judged, num_raters[judged.item.item_id], digests)
        for pool in Pool
        for judged in judged_clips(plan, ratings, pool)
    ]
    return sorted(clips, key=lambda clip: (clip.document_id, clip.clip_id))


def _row(item: AuditItem, rating: Rating, plan: AuditPlan, digests: Mapping[str, str]) -> AuditRow:
    verdicts = Counter(claim.verdict for claim in rating.claims)
    named = {error for claim in rating.claims for error in claim.error_types}
    return AuditRow(
        audit_id=plan.audit_id,
        item_id=item.item_id,
        document_id=item.document_id,
        content_sha256=digests[item.document_id],
        clip_id=item.clip_id,
        video_id=item.video_id,
        stratum=item.stratum,
        pool=item.pool,
        inclusion_probability=item.inclusion_probability,
        models=tuple(text.model or GIVEN for text in item.texts),
        rater=rating.rater,
        clip_verdict=rating.clip_verdict,
        num_right=verdicts[Verdict.RIGHT],
        num_wrong=verdicts[Verdict.WRONG],
        num_cannot_tell=verdicts[Verdict.CANNOT_TELL],
        max_severity=max((claim.severity or 0 for claim in rating.claims), default=0),
        error_types=tuple(error for error in ErrorType if error in named),
        rated_at=rating.rated_at,
    )


def _clip(judged: JudgedClip, num_raters: int, digests: Mapping[str, str]) -> AuditedClip:
    verdicts = Counter(claim.verdict for claim in judged.judged_claims)
    return AuditedClip(
        document_id=judged.item.document_id,
        content_sha256=digests[judged.item.document_id],
        clip_id=judged.item.clip_id,
        num_raters=num_raters,
        clip_verdict=judged.verdict,
        num_right=verdicts[Verdict.RIGHT],
        num_wrong=verdicts[Verdict.WRONG],
        num_cannot_tell=verdicts[Verdict.CANNOT_TELL],
        max_severity=max((claim.severity or 0 for claim in judged.judged_claims), default=0),
    )
