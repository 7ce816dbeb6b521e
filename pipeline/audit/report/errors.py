"""What is wrong, by type of error, with examples."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from ....schemas.audit import ErrorType
from ....schemas.audit_report import ErrorExample, ErrorReport
from ....schemas.estimate import Estimate
from .judged import JudgedClaim, JudgedClip
from .rates import bounded, decided_claims, estimated_share, of_claims

MAX_EXAMPLES = 3
"""Examples of each type."""
MAX_CHARS = 1000
"""Longer claims and notes are cut: a report is read at a glance, whatever a caption holds."""
_Found = tuple[JudgedClip, JudgedClaim]


def error_reports(clips: Sequence[JudgedClip]) -> tuple[ErrorReport, ...]:
    """Return the types of errors of wrong claims, the largest share first."""
    by_type: dict[ErrorType | None, list[_Found]] = defaultdict(list)
    decided = decided_claims(clips)
    for clip, claim in decided:
        if claim.is_wrong:
            for name in claim.error_types or (None,):
                by_type[name].append((clip, claim))
    wrong = estimated_share([of_claims(clip, claim.is_wrong) for clip, claim in decided])
    reports = [_report(name, found, decided, wrong) for name, found in by_type.items()]
    return tuple(sorted(reports, key=lambda r: (-(r.share.value or 0.0), r.error_type or "~")))


def _report(
    name: ErrorType | None, found: Sequence[_Found], decided: Sequence[_Found], wrong: Estimate
) -> ErrorReport:
    is_it = {id(claim) for _, claim in found}
    answers = [of_claims(clip, id(claim) in is_it) for clip, claim in decided]
    return ErrorReport(
        error_type=name,
        num_claims=len(found),
        num_clips=len({clip.item.item_id for clip, _ in found}),
        share=bounded(estimated_share(answers), wrong),
        examples=tuple(_example(clip, claim) for clip, claim in _chosen(found)),
    )


def _chosen(found: Sequence[_Found]) -> list[_Found]:
    """Return a few, the worst first, and a second one of a clip only after the first of all."""
    worst_first = sorted(found, key=lambda pair: -(pair[1].severity or 0))
    num_before: Counter[str] = Counter()
    ranked = []
    for clip, claim in worst_first:
        ranked.append((num_before[clip.item.item_id], clip, claim))
        num_before[clip.item.item_id] += 1
    ranked.sort(key=lambda entry: entry[0])
    return [(clip, claim) for _, clip, claim in ranked[:MAX_EXAMPLES]]


def _example(clip: JudgedClip, claim: JudgedClaim) -> ErrorExample:
    return ErrorExample(
        item_id=clip.item.item_id,
        clip_id=clip.item.clip_id,
        document_id=clip.item.document_id,
        video_id=clip.item.video_id,
        side=claim.text.side,
        claim=claim.claim.number,
        text=_cut(claim.claim.text),
        model=claim.text.model,
        severity=claim.severity,
        notes=tuple(_cut(note) for note in claim.notes),
    )


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARS else f"{text[: MAX_CHARS - 1]}…"
