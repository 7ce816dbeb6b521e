"""What statistics give: a share with its interval, and the agreement of raters."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from .arrow import Unit


class Method(StrEnum):
    """How an interval was made. Closed list."""

    CLOPPER_PEARSON = "clopper_pearson"
    WILSON = "wilson"
    BOOTSTRAP = "bootstrap"


class Coefficient(StrEnum):
    """A measure of agreement beyond chance. Closed list."""

    COHEN_KAPPA = "cohen_kappa"
    KRIPPENDORFF_ALPHA = "krippendorff_alpha"

    @property
    def full_name(self) -> str:
        """As people call it, such as `Cohen's kappa`."""
        return _FULL_NAMES[self]


_FULL_NAMES = {
    Coefficient.COHEN_KAPPA: "Cohen's kappa",
    Coefficient.KRIPPENDORFF_ALPHA: "Krippendorff's alpha",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A share in [0, 1], or a difference of two shares in [-1, 1], with its interval."""

    value: Annotated[float | None, Unit("share")]
    """None where there was nothing to estimate it from; the interval is then all that can be."""
    lower: Annotated[float, Unit("share")]
    """Lower end of the interval."""
    upper: Annotated[float, Unit("share")]
    """Upper end of the interval."""
    confidence: Annotated[float, Unit("share")]
    """What the interval promises, 0.95 for a 95 % interval; it is two-sided."""
    method: Method
    """How the interval was made."""
    num_items: int
    """Items judged."""
    num_effective_items: float
    """Kish's effective sample size, (sum of weights)^2 / sum of squared weights."""
    num_clusters: int | None = None
    """Videos that the items came from, where the interval allows for likeness within a video."""
    caveats: tuple[str, ...] = ()
    """What must be printed beside the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far raters agree, and whether rates of theirs may be quoted."""

    coefficient: Coefficient
    """Which measure."""
    value: float | None
    """1 is perfect, 0 what chance gives; None where it is not defined: no item has two ratings,
    or all ratings are the same, which cannot be told from not looking."""
    lower: float | None
    """Lower end of its interval."""
    upper: float | None
    """Upper end."""
    raw: Estimate
    """Share of pairs of ratings of one item that are equal, averaged over items; Wilson. Its
    `num_items` are those with two ratings or more."""
    num_clips: int
    """Clips that these items are of."""
    num_raters: int
    """Raters with at least one rating."""
    reason: str
    """Why neither the coefficient nor rates of these raters may be quoted; empty if they may."""

    @property
    def is_quotable(self) -> bool:
        """Whether rates of these raters may be quoted."""
        return not self.reason
