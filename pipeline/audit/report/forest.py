"""Where things stand on the axis of a forest plot; the template draws them."""

from collections.abc import Iterable
from dataclasses import dataclass

from ....schemas.estimate import Estimate
from .wording import number

_STEPS = {0.05: 0.01, 0.1: 0.02, 0.2: 0.05, 0.3: 0.1, 0.4: 0.1, 0.5: 0.1, 0.6: 0.2, 0.8: 0.2}
"""Ends that an axis may have, and the steps between its ticks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on the axis."""

    at: str
    """Where, as a CSS length."""
    label: str
    """What it says, such as `10 %`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The axis that rows of a plot share, from 0 to a round share."""

    end: float
    """The share at its right end."""
    step: float
    """Between ticks."""

    def at(self, share: float) -> str:
        """Return the place of a share as a CSS length: percent of the width, never outside."""
        return f"{100 * min(max(share / self.end, 0.0), 1.0):.2f}%"

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Its marks, both ends among them."""
        shares = [place * self.step for place in range(round(self.end / self.step) + 1)]
        return tuple(
            Tick(at=self.at(share), label=f"{number(share).removesuffix('.0')} %")
            for share in shares
        )


UNIT_AXIS = Axis(end=1.0, step=0.2)
"""From 0 to 100 %."""


def make_axis(estimates: Iterable[Estimate]) -> Axis:
    """Return the shortest axis that holds all intervals which say anything."""
    reach = max((one.upper for one in estimates if one.value is not None), default=1.0)
    return next(
        (Axis(end=end, step=step) for end, step in _STEPS.items() if reach <= end),
        UNIT_AXIS,
    )
