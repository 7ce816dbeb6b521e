"""Two captioners, or two datasets, judged on the same clips."""

from dataclasses import dataclass

import numpy as np

from ....schemas.estimate import Estimate, Method
from .bootstrap import bootstrap_t
from .clusters import Ends, cluster_caveats, cluster_sums, honest_ends
from .intervals import check_confidence, share_interval
from .libraries import statistics_libraries
from .weighted import checked, effective_size, share


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """How the second differs from the first on the same items."""

    first: float | None
    """Weighted share of items where the first is wrong; None without items."""
    second: float | None
    """The same of the second."""
    difference: Estimate
    """`second - first`: below 0 the second is better."""
    num_only_first: int
    """Items where the first alone is wrong, or has the larger share."""
    num_only_second: int
    """Items where the second alone is wrong, or has the larger share."""
    p_value: float
    """Exact two-sided McNemar test on these two counts, which of shares is the sign test; takes
    neither weights nor videos into account, so where they differ believe the interval."""


def paired_difference(
    first_is_wrong: np.ndarray,
    second_is_wrong: np.ndarray,
    weights: np.ndarray,
    *,
    clusters: np.ndarray | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> PairedDifference:
    """Compare two sets of verdicts on the same items, with a bootstrap-t interval.

    Args:
        first_is_wrong: bool, or the share of its claims that are wrong, shape (num_items,).
        second_is_wrong: the same, shape (num_items,), of the same items in the same order.
        weights: one over the inclusion probability, above 0, shape (num_items,).
        clusters: int or str, shape (num_items,): the video of each item; None where each item is
            of its own video.
        confidence: in (0, 1).
        seed: of the bootstrap.

    Raises:
        ValueError: shapes differ, or a weight is not above 0 and finite.
    """
    first, _ = checked(first_is_wrong, weights)
    second, weights = checked(second_is_wrong, weights)
    check_confidence(confidence)
    clusters = np.arange(weights.size) if clusters is None else clusters
    only_first, only_second = np.maximum(first - second, 0), np.maximum(second - first, 0)
    num_only_first, num_only_second = int((first > second).sum()), int((second > first).sum())
    return PairedDifference(
        first=share(first, weights) if first.size else None,
        second=share(second, weights) if first.size else None,
        difference=_difference(
            only_first, only_second, weights, clusters, confidence=confidence, seed=seed
        ),
        num_only_first=num_only_first,
        num_only_second=num_only_second,
        p_value=mcnemar_p_value(num_only_first, num_only_second),
    )


def mcnemar_p_value(num_only_first: int, num_only_second: int) -> float:
    """Return the exact two-sided p-value of McNemar's test (1947); 1 without discordant pairs."""
    with statistics_libraries():
        from statsmodels.stats.contingency_tables import mcnemar
    table = [[0, num_only_first], [num_only_second, 0]]
    return float(mcnemar(table, exact=True).pvalue) if num_only_first + num_only_second else 1.0


def _difference(
    only_first: np.ndarray,
    only_second: np.ndarray,
    weights: np.ndarray,
    clusters: np.ndarray,
    *,
    confidence: float,
    seed: int,
) -> Estimate:
    totals = cluster_sums(clusters, weights)
    value, lower, upper, telling = None, -1.0, 1.0, 0
    if weights.size:
        sums = cluster_sums(clusters, weights * (only_second - only_first))
        telling = int(np.count_nonzero(cluster_sums(clusters, only_first + only_second)))
        value = share(only_second - only_first, weights)
        plain, wide = (
            _ends(only_first, only_second, weights, effective_size(one), confidence)
            for one in (weights, totals)
        )
        ends = bootstrap_t(sums, totals, confidence=confidence, seed=seed) if telling else None
        lower, upper = honest_ends(
            ends, plain=plain, wide=wide, widest=wide, num_clusters=totals.size, telling=telling
        )
        lower, upper = min(max(lower, -1.0), value), max(min(upper, 1.0), value)
    return Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method=Method.BOOTSTRAP,
        num_items=weights.size,
        num_effective_items=effective_size(weights),
        num_clusters=totals.size,
        caveats=cluster_caveats(totals.size, telling=telling),
    )


def _ends(
    only_first: np.ndarray,
    only_second: np.ndarray,
    weights: np.ndarray,
    size: float,
    confidence: float,
) -> Ends:
    """Return ends that hold both discordant shares' intervals, of so many independent items.

    Of items that differ by a share they are wider still: Wilson's takes the largest variance that
    numbers in [0, 1] of this mean can have.
    """
    (first_low, first_high), (second_low, second_high) = (
        share_interval(
            float(weights @ only / weights.sum()), size, method=Method.WILSON, confidence=confidence
        )
        for only in (only_first, only_second)
    )
    return second_low - first_high, second_high - first_low
