"""A count out of n with its confidence interval: how sure a measured share is."""

import math
from dataclasses import dataclass

_Z_95 = 1.959963984540054
"""Normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `n`. Shares of several videos add up."""

    count: int = 0
    n: int = 0

    def __add__(self, other: "Share") -> "Share":
        return Share(self.count + other.count, self.n + other.n)

    @property
    def value(self) -> float | None:
        """The share; None where nothing was counted."""
        return self.count / self.n if self.n else None

    def interval(self) -> tuple[float, float]:
        """Return the 95 % Wilson interval of the share; (0, 1) where nothing was counted."""
        return wilson_interval(self.count, self.n)


NONE = Share()
"""Nothing was counted."""


def wilson_interval(count: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval (Wilson 1927) of `count` successes in `n` trials.

    It stays inside [0, 1] and is honest at 0 and n, where the usual one has no width.

    Args:
        count: successes; more than `n` (as insertions can make of word errors) counts as `n`.
        n: independent trials.
    """
    if n == 0:
        return 0.0, 1.0
    share = min(count, n) / n
    center = share + _Z_95**2 / (2 * n)
    spread = _Z_95 * math.sqrt(share * (1 - share) / n + _Z_95**2 / (4 * n**2))
    scale = 1 + _Z_95**2 / n
    return max(0.0, (center - spread) / scale), min(1.0, (center + spread) / scale)
