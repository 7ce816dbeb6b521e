"""Shares of claims and of clips, each weighted and clustered, exact, and by Wilson."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ....schemas.audit import AuditText, ClipVerdict, Verdict
from ....schemas.audit_report import Rate
from ....schemas.estimate import Estimate
from ..statistics.clusters import clustered_share
from ..statistics.intervals import clopper_pearson, wilson
from .judged import JudgedClaim, JudgedClip

SEVERE = 3
"""The severity that counts as severe: the claim is about something else."""
RATES = {
    "wrong": ("Wrong claims", "Share of decided claims, right or wrong, that are wrong."),
    "clips_with_error": ("Clips with an error", "Share of clips with at least one wrong claim."),
    "severe": ("Severely wrong claims", "Share of decided claims that are wrong with severity 3."),
    "cannot_tell": ("Undecided claims", "Share of claims that the clip does not decide."),
    "bad": ("Bad clips", "Share of clips that nobody should train on."),
    "not_good": ("Clips that are not good", "Share of clips that are flawed or bad."),
}
"""Title and meaning of each rate of a dataset by its name, the most important first."""
_WITH_ERROR = ("Texts with an error", "Share of texts with at least one wrong claim.")
_PART_OF = {"severe": "wrong", "bad": "not_good"}
"""Rates of what is counted by another one as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether something is so of one claim or clip."""

    is_so: bool
    weight: float
    """Clips of the dataset that its clip stands for."""
    video_id: str


def all_rates(clips: Sequence[JudgedClip]) -> tuple[Rate, ...]:
    """Return all rates of the clips, in the order of `RATES`."""
    found = {
        "wrong": _wrong(clips),
        "clips_with_error": _with_error(clips),
        "severe": _severe(clips),
        "cannot_tell": _undecided(clips),
        "bad": [_of_clip(clip, clip.verdict is ClipVerdict.BAD) for clip in clips],
        "not_good": [_of_clip(clip, clip.verdict is not ClipVerdict.GOOD) for clip in clips],
    }
    return _bounded(tuple(_rate(name, *RATES[name], found[name]) for name in RATES))


def text_rates(texts: Sequence[tuple[JudgedClip, AuditText]]) -> tuple[Rate, ...]:
    """Return the rates of some texts of clips: those of claims, and texts with an error."""
    clips = [
        replace(clip, claims=tuple(claim for claim in clip.claims if claim.text is text))
        for clip, text in texts
    ]
    return _bounded(
        (
            _rate("wrong", *RATES["wrong"], _wrong(clips)),
            _rate("texts_with_error", *_WITH_ERROR, _with_error(clips)),
            _rate("severe", *RATES["severe"], _severe(clips)),
            _rate("cannot_tell", *RATES["cannot_tell"], _undecided(clips)),
        )
    )


def decided_claims(clips: Iterable[JudgedClip]) -> list[tuple[JudgedClip, JudgedClaim]]:
    """Return the claims that are right or wrong, with their clips."""
    return [
        (clip, claim)
        for clip in clips
        for claim in clip.claims
        if claim.verdict is not Verdict.CANNOT_TELL
    ]


def of_claims(clip: JudgedClip, is_so: bool) -> Answer:
    """Return an answer about a claim of a clip, or about all of them."""
    return Answer(is_so=is_so, weight=clip.claims_weight, video_id=clip.item.video_id)


def estimated_share(answers: Sequence[Answer]) -> Estimate:
    """Return the share of the dataset for which something is so: THE number to quote."""
    return clustered_share(
        np.array([answer.is_so for answer in answers], bool),
        np.array([answer.weight for answer in answers], float),
        np.array([answer.video_id for answer in answers], str),
    )


def bounded(part: Estimate, whole: Estimate) -> Estimate:
    """Return the estimate of a part, which reaches no higher than that of the whole it is in."""
    return replace(part, upper=min(part.upper, whole.upper))


def _bounded(rates: tuple[Rate, ...]) -> tuple[Rate, ...]:
    estimates = {rate.name: rate.estimate for rate in rates}
    return tuple(
        replace(rate, estimate=bounded(rate.estimate, estimates[_PART_OF[rate.name]]))
        if rate.name in _PART_OF
        else rate
        for rate in rates
    )


def _rate(name: str, title: str, what: str, answers: Sequence[Answer]) -> Rate:
    num_of, num_items = sum(answer.is_so for answer in answers), len(answers)
    return Rate(
        name=name,
        title=title,
        what=what,
        estimate=estimated_share(answers),
        exact=clopper_pearson(num_of, num_items),
        wilson=wilson(num_of, num_items),
        num_of=num_of,
        num_items=num_items,
    )


def _wrong(clips: Iterable[JudgedClip]) -> list[Answer]:
    return [of_claims(clip, claim.is_wrong) for clip, claim in decided_claims(clips)]


def _severe(clips: Iterable[JudgedClip]) -> list[Answer]:
    return [of_claims(clip, claim.severity == SEVERE) for clip, claim in decided_claims(clips)]


def _undecided(clips: Iterable[JudgedClip]) -> list[Answer]:
    return [
        of_claims(clip, claim.verdict is Verdict.CANNOT_TELL)
        for clip in clips
        for claim in clip.claims
    ]


def _with_error(clips: Iterable[JudgedClip]) -> list[Answer]:
    return [of_claims(clip, clip.has_error) for clip in clips if clip.claims]


def _of_clip(clip: JudgedClip, is_so: bool) -> Answer:
    return Answer(is_so=is_so, weight=clip.weight, video_id=clip.item.video_id)
