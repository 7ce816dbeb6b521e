"""Intervals for a share of independent, equally weighted items: Clopper-Pearson and Wilson.

Coverage of 95 % intervals, exact (summed over the binomial distribution) for the 999 shares .001,
.002 to .999, the least and the mean; the tests compute it again:

| items | Clopper-Pearson | Wilson      |
|-------|-----------------|-------------|
| 20    | .958 / .977     | .852 / .953 |
| 96    | .951 / .965     | .908 / .951 |
| 300   | .950 / .959     | .935 / .951 |

Clopper-Pearson never falls short for such items; Wilson keeps its promise on average and falls
short for shares near 0 and 1. Neither is for clips that come several from one video, or that stand
for unequally many: see `clusters`.
"""

from ....schemas.estimate import Estimate, Method
from .libraries import statistics_libraries

_STATSMODELS = {Method.CLOPPER_PEARSON: "beta", Method.WILSON: "wilson"}


def clopper_pearson(count: int, num_items: int, *, confidence: float = 0.95) -> Estimate:
    """Return the share `count / num_items` with Clopper and Pearson's exact interval (1934).

    It covers at least `confidence` whatever the share: 0 of 300 has the upper end 1.2 %.

    Raises:
        ValueError: `count` is outside [0, num_items], or `confidence` outside (0, 1).
    """
    return _share(count, num_items, method=Method.CLOPPER_PEARSON, confidence=confidence)


def wilson(count: int, num_items: int, *, confidence: float = 0.95) -> Estimate:
    """Return the share `count / num_items` with Wilson's score interval (1927).

    It covers `confidence` on average over shares: 90 of 100 is [82.6 %, 94.5 %].

    Raises:
        ValueError: `count` is outside [0, num_items], or `confidence` outside (0, 1).
    """
    return _share(count, num_items, method=Method.WILSON, confidence=confidence)


def share_interval(
    share: float, num_items: float, *, method: Method, confidence: float
) -> tuple[float, float]:
    """Return the ends of the interval of a share seen in a possibly fractional number of items.

    Args:
        share: in [0, 1].
        num_items: above 0; an effective sample size need not be whole (Korn and Graubard 1998
            for Clopper-Pearson, Dean and Pagano 2015 for Wilson).
        method: Clopper-Pearson or Wilson.
        confidence: in (0, 1).
    """
    with statistics_libraries():
        from statsmodels.stats.proportion import proportion_confint
    lower, upper = proportion_confint(
        share * num_items, num_items, alpha=1 - confidence, method=_STATSMODELS[method]
    )
    # The exact ends at 0 and 1 come out as -1e-18 or 1 - 1e-16.
    return min(max(float(lower), 0.0), share), max(min(float(upper), 1.0), share)


def check_confidence(confidence: float) -> None:
    """Refuse a confidence outside (0, 1).

    Raises:
        ValueError: 95 where .95 is meant, or the like.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence} must lie between 0 and 1, such as 0.95")


def _share(count: int, num_items: int, *, method: Method, confidence: float) -> Estimate:
    if not 0 <= count <= num_items:
        raise ValueError(f"count={count} must be in [0, num_items={num_items}]")
    check_confidence(confidence)
    value, lower, upper = None, 0.0, 1.0
    if num_items:
        value = count / num_items
        lower, upper = share_interval(value, num_items, method=method, confidence=confidence)
    return Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method=method,
        num_items=num_items,
        num_effective_items=float(num_items),
    )
