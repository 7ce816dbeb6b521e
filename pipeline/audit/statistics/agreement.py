"""Whether raters agree: Cohen's kappa, Krippendorff's alpha, and when not to quote them."""

import math
from dataclasses import replace
from typing import Literal

import numpy as np

from ....schemas.estimate import Agreement, Coefficient, Estimate, Method
from .intervals import check_confidence, share_interval
from .libraries import statistics_libraries

MISSING = -1
"""The code of a rating that was not given."""
MIN_ALPHA = 0.667
"""Krippendorff (2004, page 241): below .667 not even tentative conclusions may be drawn."""
MIN_DOUBLY_RATED = 50
"""Claims, or clips, that two raters must have judged before their agreement says anything."""
_NUM_RESAMPLES = 1000


def cohen_kappa(
    first: np.ndarray,
    second: np.ndarray,
    *,
    clips: np.ndarray | None = None,
    confidence: float = 0.95,
) -> Agreement:
    """Return Cohen's kappa (1960) of two raters, by statsmodels, with its asymptotic interval.

    Args:
        first: int, shape (num_items,): categories from 0, `MISSING` where there is no rating.
        second: int, shape (num_items,), of the same items.
        clips: int or str, shape (num_items,): the clip of each claim; None where the items are
            clips.
        confidence: in (0, 1).

    Raises:
        ValueError: shapes differ, or a code is below `MISSING`.
    """
    ratings = _checked(np.stack([first, second]))
    check_confidence(confidence)
    counts = _pairable_counts(ratings)
    if not _is_defined(counts):
        return _agreement(Coefficient.COHEN_KAPPA, ratings, None, clips, confidence=confidence)
    with statistics_libraries():
        from scipy.stats import norm
        from statsmodels.stats.inter_rater import cohens_kappa
    both = ratings[:, (ratings != MISSING).all(0)]
    table = np.zeros((counts.shape[1],) * 2)
    np.add.at(table, (both[0], both[1]), 1)
    # Its variance can come out as 0 or -1e-17, of which it takes the root and by which it divides.
    with np.errstate(invalid="ignore", divide="ignore"):
        result = cohens_kappa(table)
    value, error = float(result.kappa), math.sqrt(max(result.var_kappa, 0.0))
    reach = float(norm.ppf((1 + confidence) / 2)) * error
    ends = (value, max(value - reach, -1.0), min(value + reach, 1.0))
    return _agreement(Coefficient.COHEN_KAPPA, ratings, ends, clips, confidence=confidence)


def krippendorff_alpha(
    ratings: np.ndarray,
    *,
    level: Literal["nominal", "ordinal"] = "nominal",
    clips: np.ndarray | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """Return Krippendorff's alpha of any number of raters, by the library of that name.

    The interval is the percentile interval of a bootstrap over items (Zapf et al. 2016).

    Args:
        ratings: int, shape (num_raters, num_items): categories from 0, `MISSING` where there is
            no rating.
        level: `ordinal` where the codes are in an order, such as good, flawed, bad.
        clips: int or str, shape (num_items,): the clip of each claim; None where the items are
            clips.
        confidence: in (0, 1).
        seed: of the bootstrap.

    Raises:
        ValueError: the shape is another one, or a code is below `MISSING`.
    """
    coefficient, ratings = Coefficient.KRIPPENDORFF_ALPHA, _checked(ratings)
    check_confidence(confidence)
    counts = _pairable_counts(ratings)
    if not _is_defined(counts):
        return _agreement(coefficient, ratings, None, clips, confidence=confidence)
    value = _alpha(counts, level)
    random = np.random.default_rng(seed)
    num_items = counts.shape[0]
    draws = (counts[random.integers(0, num_items, num_items)] for _ in range(_NUM_RESAMPLES))
    alphas = [_alpha(draw, level) for draw in draws if _is_defined(draw)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(alphas or [value], [tail, 1 - tail])
    ends = (value, min(float(low), value), max(float(high), value))
    return _agreement(coefficient, ratings, ends, clips, confidence=confidence)


def _checked(ratings: np.ndarray) -> np.ndarray:
    ratings = np.asarray(ratings)
    if ratings.ndim != 2 or not np.issubdtype(ratings.dtype, np.integer):
        raise ValueError(
            f"ratings of shape {ratings.shape} and type {ratings.dtype} must be whole numbers of "
            "shape (num_raters, num_items)"
        )
    if ratings.size and ratings.min() < MISSING:
        raise ValueError(f"the code {ratings.min()} must be {MISSING} (missing) or a category")
    return ratings


def _pairable_counts(ratings: np.ndarray) -> np.ndarray:
    """Return how often each item got each category, int, of items with two ratings or more."""
    num_categories = int(ratings.max(initial=MISSING)) + 1
    counts: np.ndarray = (ratings[:, :, None] == np.arange(num_categories)).sum(0)
    return np.asarray(counts[_is_pairable(ratings)])


def _is_pairable(ratings: np.ndarray) -> np.ndarray:
    return np.asarray((ratings != MISSING).sum(0) >= 2)


def _is_defined(counts: np.ndarray) -> bool:
    return int(np.count_nonzero(counts.sum(0))) >= 2


def _alpha(counts: np.ndarray, level: Literal["nominal", "ordinal"]) -> float:
    with statistics_libraries():
        from krippendorff import alpha
    domain = np.arange(counts.shape[1])
    return float(alpha(value_counts=counts, value_domain=domain, level_of_measurement=level))


def _agreement(
    coefficient: Coefficient,
    ratings: np.ndarray,
    ends: tuple[float, float, float] | None,
    clips: np.ndarray | None,
    *,
    confidence: float,
) -> Agreement:
    counts = _pairable_counts(ratings)
    raw = _raw_agreement(counts, confidence=confidence)
    value, lower, upper = ends or (None, None, None)
    if lower is not None and raw.value == 1.0:
        # Perfect agreement has no spread: take what the raw agreement may be, less chance.
        chance = float(np.square(counts.sum(0) / counts.sum()).sum())
        lower = max((raw.lower - chance) / (1 - chance), -1.0)
    num_clips = raw.num_items
    if clips is not None:
        num_clips = np.unique(np.asarray(clips)[_is_pairable(ratings)]).size
    found = Agreement(
        coefficient=coefficient,
        value=value,
        lower=lower,
        upper=upper,
        raw=raw,
        num_clips=num_clips,
        num_raters=int((ratings != MISSING).any(1).sum()),
        reason="",
    )
    return replace(found, reason=_reason(found, "clip" if clips is None else "claim"))


def _raw_agreement(counts: np.ndarray, *, confidence: float) -> Estimate:
    num_items, value, lower, upper = counts.shape[0], None, 0.0, 1.0
    if num_items:
        sizes = counts.sum(1)
        pairs = (counts * (counts - 1)).sum(1) / (sizes * (sizes - 1))
        value = float(pairs.mean())
        lower, upper = share_interval(value, num_items, method=Method.WILSON, confidence=confidence)
    return Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method=Method.WILSON,
        num_items=num_items,
        num_effective_items=float(num_items),
    )


def _reason(found: Agreement, what: str) -> str:
    """Return why rates must not be quoted: too little was judged twice, or raters do not agree."""
    num_items = found.raw.num_items
    twice = f"{num_items} {what}s"
    if what != "clip":
        twice += f" of {found.num_clips} {'clip' if found.num_clips == 1 else 'clips'}"
    name = f"{found.coefficient.full_name} about {what}s"
    if num_items < MIN_DOUBLY_RATED:
        few = f"{twice} were judged twice, {MIN_DOUBLY_RATED} {what}s are needed"
        if found.lower is None or found.upper is None or found.upper >= MIN_ALPHA:
            return f"{few}: whether raters agree is not known"
        return (
            f"{few}; and {name} is wholly below {MIN_ALPHA:.3f} already, {found.lower:.3f} to "
            f"{found.upper:.3f}: the instructions are not reliable"
        )
    if found.value is None:
        return (
            f"all {twice} that were judged twice got one and the same verdict, which cannot be "
            "told from not looking"
        )
    if found.value < MIN_ALPHA:
        return (
            f"{name} is {found.value:.3f}, below {MIN_ALPHA:.3f}: the instructions are not "
            "reliable, do not quote the rate"
        )
    return ""
