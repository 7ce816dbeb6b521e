"""Shares, and differences of shares, whose items come several from one video.

Clips of one video are captioned well or badly together, so 300 clips of 40 videos say less than
300 clips of 300 videos. The interval is a bootstrap-t over videos (Efron 1979; Davison and
Hinkley 1997, section 2.4; Cameron, Gelbach and Miller 2008 for clusters): SciPy's bootstrap has no
studentised interval, and the percentile interval that is common falls short.

Simulated, 3000 audits of 40 videos with 8 weighted clips on average and an intraclass correlation
of .3: the 95 % interval of a share covers .962 where 5, 10 or 30 % is wrong and .983 at 2 %, where
few videos hold an error. The percentile interval covers .90 at 10 % and .88 at 5 %. Strata are not
looked at: .94 to .98 over designs that sample the worst twice, least or most. There is no finite
population correction: it would call a census certain, and raters are not.
"""

import numpy as np

from ....schemas.estimate import Estimate, Method
from .bootstrap import bootstrap_t
from .intervals import check_confidence, share_interval
from .weighted import checked, effective_size, share

MIN_CLUSTERS = 30
"""With fewer videos no interval that allows for them is to be trusted."""
MIN_TELLING_CLUSTERS = 3
"""With fewer videos that hold an error (or a right item) their spread is a guess."""


def clustered_share(
    is_wrong: np.ndarray,
    weights: np.ndarray,
    clusters: np.ndarray,
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the share of wrong items among clips of videos like these.

    The value is Hajek's ratio, sum(w y) / sum(w): the Horvitz-Thompson estimate where every item
    drawn was judged, and right as well where some could not be.

    Where fewer than three videos hold an error (or a right item), likeness within videos cannot
    be seen: the bootstrap alone covers .79 at 2 %. The interval is then as wide at least as
    Wilson's at the number of videos, as if all clips of a video were right or wrong together.

    Args:
        is_wrong: bool, or the share of raters who say so, shape (num_items,).
        weights: one over the inclusion probability, above 0, shape (num_items,).
        clusters: int or str, shape (num_items,): the video of each item.
        confidence: in (0, 1).
        seed: of the bootstrap; the same seed and order of items give the same interval.

    Raises:
        ValueError: shapes differ, or a weight is not above 0 and finite.
    """
    values, weights = checked(is_wrong, weights)
    check_confidence(confidence)
    totals = cluster_sums(clusters, weights)
    value, lower, upper, telling = None, 0.0, 1.0, 0
    if values.size:
        value = share(values, weights)
        wrong = cluster_sums(clusters, weights * values)
        right = cluster_sums(clusters, weights * (1 - values))
        telling = int(min(np.count_nonzero(wrong), np.count_nonzero(right)))
        lower, upper = share_interval(
            value, effective_size(totals), method=Method.WILSON, confidence=confidence
        )
        if telling:
            ends = bootstrap_t(wrong, totals, confidence=confidence, seed=seed)
            lower, upper = honest_ends(ends, (lower, upper), telling=telling)
        lower, upper = min(max(lower, 0.0), value), max(min(upper, 1.0), value)
    return Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method=Method.BOOTSTRAP,
        num_items=values.size,
        num_effective_items=effective_size(weights),
        num_clusters=totals.size,
        caveats=cluster_caveats(totals.size, telling=telling),
    )


def cluster_sums(clusters: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the sum of each cluster's values, in the order of the clusters' labels.

    Raises:
        ValueError: there are more or fewer labels than values.
    """
    clusters = np.asarray(clusters)
    if clusters.shape != values.shape:
        raise ValueError(f"clusters of shape {clusters.shape} must be {values.shape}")
    _, cluster = np.unique(clusters, return_inverse=True)
    return np.bincount(cluster, values)


def honest_ends(
    bootstrap: tuple[float, float] | None, wide: tuple[float, float], *, telling: int
) -> tuple[float, float]:
    """Return the bootstrap's ends, no narrower than `wide` where too few clusters tell."""
    if bootstrap is None:
        return wide
    if telling >= MIN_TELLING_CLUSTERS:
        return bootstrap
    return min(bootstrap[0], wide[0]), max(bootstrap[1], wide[1])


def cluster_caveats(num_clusters: int, *, telling: int) -> tuple[str, ...]:
    """Return what must stand beside an interval that is clustered by video.

    Args:
        num_clusters: videos.
        telling: those that hold what is rarer, an error or a right item.
    """
    caveats = []
    if num_clusters < MIN_CLUSTERS:
        videos = "1 video" if num_clusters == 1 else f"{num_clusters} videos"
        caveats.append(
            f"only {videos}: with fewer than {MIN_CLUSTERS} the interval is not reliable; judge "
            "clips of more videos"
        )
    if telling < MIN_TELLING_CLUSTERS:
        caveats.append(
            f"what differs is in {telling} of {num_clusters} videos: with fewer than "
            f"{MIN_TELLING_CLUSTERS} the interval is made wide on purpose"
        )
    return tuple(caveats)
