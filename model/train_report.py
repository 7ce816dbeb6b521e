"""What a training tells while it goes on, and what it ends with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .evaluate import Evaluation
from .metrics import Speed, StepMetrics


class TrainObserver(Protocol):
    """Is told of a training on the first rank, as it goes."""

    def on_start(self, *, tokens_done: int, tokens_total: int) -> None:
        """Training begins, or goes on."""

    def on_step(self, metrics: StepMetrics, speed: Speed) -> None:
        """A step was taken."""

    def on_evaluation(self, step: int, evaluation: Evaluation) -> None:
        """Held-out documents were measured."""

    def on_checkpoint(self, path: Path) -> None:
        """A checkpoint was written."""

    def on_message(self, text: str) -> None:
        """Something happened that a person should know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainReport:
    """How a training ended."""

    output: Path
    """Folder of everything that it wrote."""
    checkpoint: Path
    """The newest checkpoint; `Cosmo.from_pretrained` reads it."""
    curves: Path | None
    """The picture of its course; None on other ranks than the first."""
    steps: int
    tokens: int
    before: Evaluation | None
    """Measured before the first step; None where nothing is held out."""
    after: Evaluation | None
    """Measured last."""
    resumed_from: int | None
    """The step it went on from; None if it began anew."""
    stopped_by: int | None
    """Number of the signal that ended it early; None if it came to its end."""
    is_first_rank: bool = True
    """Whether this process is the one that talks to people."""
