"""What a recipe would train on, for `interlink train --dry-run`: nothing is decoded."""

from collections.abc import Mapping
from dataclasses import dataclass

from .cutting import PackingCounts
from .order import EpochOrder
from .packing import Packing
from .samples import Samples


@dataclass(frozen=True, kw_only=True)
class DataSummary:
    """The data of one recipe, in one epoch and over the whole training."""

    counts: PackingCounts
    """Documents, clips and tokens by kind."""
    packed_sequences: int
    """Packed sequences of an epoch (of the first: others differ by a few)."""
    batches: int
    """Batches over all ranks of an epoch; the tail is left out."""
    tokens_per_sequence: int
    """Length of a packed sequence."""
    epochs: float
    """How often the training sees each sample: its batches over those of an epoch."""

    @property
    def padding_share(self) -> float:
        """Share of the packed sequences that is padding."""
        return 1 - self.counts.tokens / (self.packed_sequences * self.tokens_per_sequence)

    @property
    def never_trained_share(self) -> float:
        """Share of the characters of all texts that are never trained on, whatever is drawn."""
        return 1 - self.counts.chars_trained / self.counts.chars if self.counts.chars else 0.0

    def rows(self) -> list[tuple[str, str]]:
        """Return (what, value) for a table that people read."""
        c = self.counts
        return [
            ("documents", f"{c.documents:,} ({c.documents_without_window:,} give no sample)"),
            (
                "clips",
                f"{c.clips:,} ({c.clips_too_long:,} too long for budgets.tokens, "
                f"{c.clips_without_frames:,} without frames)",
            ),
            ("samples", f"{c.windows:,} with {c.media:,} clips and {c.frames:,} frames"),
            (
                "packed sequences",
                f"{self.packed_sequences:,} of {self.tokens_per_sequence} tokens "
                f"({self.padding_share:.1%} padding)",
            ),
            ("batches per epoch", f"{self.batches:,}"),
            ("epochs (repeats)", f"{self.epochs:.2f}"),
            ("tokens with loss", _by_kind(c.tokens_with_loss)),
            ("text tokens without loss", _by_kind(c.tokens_without_loss)),
            ("text never trained on", f"{self.never_trained_share:.1%} of its characters"),
        ]


def summarize(
    samples: Samples, packing: Packing, *, seed: int, global_batch: int, num_batches: int
) -> DataSummary:
    """Count what a training would use.

    Args:
        samples: what samples are made of.
        packing: its windows.
        seed: of the training.
        global_batch: rows of a batch over all ranks.
        num_batches: batches of the whole training.
    """
    order = EpochOrder(packing, samples.budgets, seed=seed, epoch=0)
    sequences = order.count()
    per_epoch = sequences // global_batch
    return DataSummary(
        counts=packing.counts,
        packed_sequences=sequences,
        batches=per_epoch,
        tokens_per_sequence=samples.budgets.tokens,
        epochs=num_batches / per_epoch if per_epoch else 0.0,
    )


def _by_kind(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in counts.items()) or "none"
