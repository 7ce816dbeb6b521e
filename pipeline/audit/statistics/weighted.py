"""Parts of a weighted estimate: the share, how much it tells, and what its numbers must be."""

import numpy as np


def share(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the weighted mean, exactly 0 or 1 where all values are."""
    low, high = float(values.min()), float(values.max())
    return low if low == high else float(weights @ values / weights.sum())


def effective_size(weights: np.ndarray) -> float:
    """Return Kish's effective sample size (1965), (sum of w)^2 / sum of w^2; 0 for no weights."""
    return float(weights.sum() ** 2 / (weights @ weights)) if weights.size else 0.0


def checked(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return values and weights as float64, shape (num_items,).

    Raises:
        ValueError: shapes differ, or a weight is not above 0 and finite.
    """
    values, weights = np.asarray(values, np.float64), np.asarray(weights, np.float64)
    if values.shape != weights.shape or values.ndim != 1:
        raise ValueError(
            f"values of shape {values.shape} and weights of shape {weights.shape} "
            "must both be (num_items,)"
        )
    bad = ~(np.isfinite(weights) & (weights > 0))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ValueError(f"weights[{first}]={weights[first]} must be above 0 and finite")
    return values, weights
