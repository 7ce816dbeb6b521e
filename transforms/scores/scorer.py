"""What a scorer is: a name and a pure function of a clip."""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ...schemas.clip import Clip


@dataclass(frozen=True, slots=True)
class Scorer:
    """One number measured on a clip."""

    name: str
    """The field of `ClipScores` that it fills."""
    score: Callable[[Clip], float | None]
    """Measures it; None where there is nothing to measure."""


def mean(values: Collection[float]) -> float | None:
    """Return the mean, summed exactly so that order does not matter; None of nothing."""
    return math.fsum(values) / len(values) if values else None
