"""What a training has used and how it goes: counters, one record per step, and where they go."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from .cosmo.batch import KINDS
from .finite import finite


@dataclass(kw_only=True)
class Ledger:
    """What has been used since the start, over all ranks; part of every checkpoint."""

    steps: int = 0
    """Steps of the optimizer, skipped ones included."""
    tokens: int = 0
    """Tokens of packed sequences, padding left out; what the learning rate goes by."""
    tokens_with_loss: dict[str, int] = field(default_factory=dict)
    """By kind of text."""
    documents: int = 0
    """Documents, or windows of them, in packed sequences."""
    media: int = 0
    """Clips shown, in packed sequences and in pairs."""
    frames: int = 0
    """Frames shown, likewise."""
    pairs: int = 0
    """Pairs of the contrastive loss."""
    skipped_steps: int = 0
    """Steps that were not taken, because something in them was not finite."""

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `dataclasses.asdict` gave."""
        return cls(**plain)

    def add_tokens_with_loss(self, counts: list[int]) -> None:
        """Add the counts of one step, in the order of `KINDS`."""
        for kind, count in zip(KINDS, counts, strict=True):
            if count:
                self.tokens_with_loss[kind.value] = self.tokens_with_loss.get(kind.value, 0) + count


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMetrics:
    """What one step of the optimizer showed."""

    step: int
    """From 1."""
    tokens: int
    """Seen since the start, this step included."""
    loss: float
    """Nats: the weighted language-model loss, plus lambda times the contrastive loss."""
    loss_by_kind: dict[str, float]
    """Nats per token with loss, unweighted, by kind of text."""
    contrastive_loss: float | None
    """Nats; None where no pairs are trained on."""
    retrieval_top1: float | None
    """Share of pairs whose partner is more similar than all negatives of the batch."""
    negatives: float | None
    """Mean number of negatives of a pair."""
    learning_rate: float
    """Of all but the gates."""
    grad_norm: float
    """Before it is cut."""
    gates: dict[str, float]
    """tanh of each gate, as `layer.attention` and `layer.feed_forward`."""
    logit_scale: float
    """What similarities are multiplied by (not its logarithm)."""
    skipped: tuple[str, ...] = ()
    """Names of the sequences and pairs because of which the step was not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast steps went since the last record."""

    tokens_per_s: float
    clips_per_s: float
    data_wait_share: float
    """Share of the time that the first rank waited for its batches."""


class MetricsLog:
    """Writes `metrics.jsonl`, and TensorBoard's files where it is installed.

    Args:
        folder: of the training.
        after_step: lines of later steps are taken out: that part is trained again. None takes out
            all, for a training that begins anew.
    """

    def __init__(self, folder: Path, *, after_step: int | None) -> None:
        self.path = folder / "metrics.jsonl"
        _keep_until(self.path, -1 if after_step is None else after_step)
        self._file = self.path.open("a", encoding="utf-8")
        self._board = _open_board(folder / "tensorboard", after_step or 0)

    def write(self, event: str, content: Mapping[str, Any]) -> None:
        """Append one line; what is not finite becomes null."""
        line = {"event": event, **finite(content)}
        self._file.write(json.dumps(line, allow_nan=False) + "\n")
        self._file.flush()
        if self._board is not None and "step" in content:
            for name, value in _scalars(event, content):
                self._board.add_scalar(name, value, content["step"])

    def write_step(
        self,
        metrics: StepMetrics,
        speed: Speed,
        ledger: Ledger,
        *,
        epoch: int,
        unreadable: int = 0,
    ) -> None:
        """Append a step with all counters.

        Args:
            metrics: of the step.
            speed: of the step.
            ledger: after it.
            epoch: how often every sample was used before.
            unreadable: samples that the first rank had to leave out so far.
        """
        counted = {k: v for k, v in asdict(ledger).items() if k not in ("steps", "tokens")}
        data = {"epoch": epoch, "unreadable": unreadable}
        self.write("step", {**asdict(metrics), **asdict(speed), **data, **counted})

    def close(self) -> None:
        """Close all files."""
        self._file.close()
        if self._board is not None:
            self._board.close()


def read_events(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a `metrics.jsonl`; a last line that was cut off is left out."""
    events: list[dict[str, Any]] = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                events.append(json.loads(line))
    return events


def _keep_until(path: Path, step: int) -> None:
    kept = [event for event in read_events(path) if event.get("step", 0) <= step]
    beside = path.with_suffix(".new")
    beside.write_text("".join(json.dumps(event) + "\n" for event in kept), encoding="utf-8")
    beside.replace(path)


def _open_board(folder: Path, after_step: int) -> Any:  # noqa: ANN401  (SummaryWriter, or None)
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:  # it is not installed: the lines of JSON hold the same
        return None
    return SummaryWriter(str(folder), purge_step=after_step + 1)


def _scalars(prefix: str, content: Mapping[str, Any]) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for key, value in content.items():
        if isinstance(value, Mapping):
            found += _scalars(f"{prefix}/{key}", value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found.append((f"{prefix}/{key}", float(value)))
    return found
