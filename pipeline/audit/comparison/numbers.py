"""From clips that were judged for A and for B to differences and preferences, with intervals."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ....schemas.audit import ClipVerdict, Preference, Verdict
from ....schemas.audit_comparison import Difference, Preferences
from ..report.rates import RATES
from ..statistics.clusters import clustered_share
from ..statistics.libraries import statistics_libraries
from ..statistics.paired import paired_difference
from .pairs import Judged, Pair, Pairing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measure:
    """A number of one clip in [0, 1], the larger the worse; None where it is not known."""

    name: str
    title: str
    what: str
    of: Callable[[Judged], float | None]


def find_differences(pairing: Pairing, *, has_clip_verdicts: bool) -> tuple[Difference, ...]:
    """Return what differs.

    Args:
        pairing: the clips.
        has_clip_verdicts: whether A and B each have a verdict on the clip; what raters say of a
            clip is about all of its captions.
    """
    measures = (*_OF_CLAIMS, *_OF_CLIPS) if has_clip_verdicts else _OF_CLAIMS
    return tuple(_difference(measure, pairing) for measure in measures)


def find_preferences(pairing: Pairing) -> Preferences | None:
    """Return which of two captions of each clip is preferred; None where nobody was asked."""
    asked = [pair for pair in pairing.pairs if pair.first.preferred is not None]
    if not asked:
        return None
    preferred = [_preferred(pair) for pair in asked]
    counts = Counter(preferred)
    decided = np.array([one != "same" for one in preferred], bool)
    return Preferences(
        num_first=counts["a"],
        num_second=counts["b"],
        num_same=counts["same"],
        num_without=len(pairing.pairs) - len(asked),
        prefer_second=clustered_share(
            np.array([one == "b" for one in preferred], bool)[decided],
            np.array(pairing.weights(asked), float)[decided],
            _videos(asked)[decided],
        ),
        p_value=sign_test(counts["a"], counts["b"]),
    )


def sign_test(num_first: int, num_second: int) -> float:
    """Return the exact two-sided p-value of equal chances; 1 without any count."""
    with statistics_libraries():
        from scipy.stats import binomtest
    total = num_first + num_second
    return float(binomtest(num_second, total).pvalue) if total else 1.0


def _preferred(pair: Pair) -> Preference:
    """Return the preferred one: `a` is A here, on whatever side the rater saw it."""
    preferred = pair.first.preferred
    if preferred is None or preferred == "same":
        return "same"
    return "a" if preferred in pair.first.sides else "b"


def _difference(measure: _Measure, pairing: Pairing) -> Difference:
    known: list[Pair] = []
    values: list[tuple[float, float]] = []
    for pair in pairing.pairs:
        first, second = measure.of(pair.first), measure.of(pair.second)
        if first is not None and second is not None:
            known.append(pair)
            values.append((first, second))
    columns = np.array(values, float).reshape(-1, 2)
    found = paired_difference(
        columns[:, 0],
        columns[:, 1],
        np.array(pairing.weights(known), float),
        clusters=_videos(known),
    )
    return Difference(
        name=measure.name,
        title=measure.title,
        what=measure.what,
        first=found.first,
        second=found.second,
        difference=found.difference,
        num_only_first=found.num_only_first,
        num_only_second=found.num_only_second,
        p_value=found.p_value,
    )


def _videos(pairs: Sequence[Pair]) -> np.ndarray:
    return np.array([pair.item.video_id for pair in pairs], str)


def _has_error(judged: Judged) -> float | None:
    return float(any(claim.is_wrong for claim in judged.claims)) if judged.claims else None


def _wrong_share(judged: Judged) -> float | None:
    decided = [claim for claim in judged.claims if claim.verdict is not Verdict.CANNOT_TELL]
    return sum(claim.is_wrong for claim in decided) / len(decided) if decided else None


def _is_bad(judged: Judged) -> float:
    return float(judged.clip.verdict is ClipVerdict.BAD)


def _is_not_good(judged: Judged) -> float:
    return float(judged.clip.verdict is not ClipVerdict.GOOD)


def _rate(name: str, of: Callable[[Judged], float | None]) -> _Measure:
    title, what = RATES[name]
    return _Measure(name=name, title=title, what=what, of=of)


_OF_CLAIMS = (
    _rate("clips_with_error", _has_error),
    _Measure(
        name="wrong_claims",
        title="Wrong claims per clip",
        what="Share of a clip's decided claims that are wrong, averaged over clips.",
        of=_wrong_share,
    ),
)
_OF_CLIPS = (_rate("bad", _is_bad), _rate("not_good", _is_not_good))
CLAIM_NAMES = tuple(measure.name for measure in _OF_CLAIMS)
"""Names of the numbers that can be told of each of two captions of a clip."""
CLIP_NAMES = tuple(measure.name for measure in _OF_CLIPS)
"""Names of those that are about a clip with all of its captions."""
