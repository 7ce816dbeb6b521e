"""The record of a number and of how sure it is."""

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """How an interval was made."""

    CLOPPER_PEARSON = "clopper_pearson"
    WILSON = "wilson"
    BOOTSTRAP = "bootstrap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A share in [0, 1], or a difference of two shares in [-1, 1], with its interval."""

    value: float | None
    """None where there was nothing to estimate it from; the interval is then all that can be."""
    lower: float
    upper: float
    confidence: float
    """What the interval promises, 0.95 for a 95 % interval; it is two-sided."""
    method: Method
    num_items: int
    """Items judged."""
    num_effective_items: float
    """Kish's effective sample size, (sum of weights)^2 / sum of squared weights."""
    num_clusters: int | None = None
    """Videos that the items came from, where the interval allows for likeness within a video."""
    caveats: tuple[str, ...] = ()
    """What must be printed beside the number."""
