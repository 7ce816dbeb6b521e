"""Packed sequences to batches: an endless, resumable stream that is the same for any world size.

samples = Samples(dataset=open_dataset(url, "train"), ...)
packing = make_packing(samples)
loader = PackedLoader(samples, packing, LoaderOptions(batch_size=4), world=World(rank=0, size=2))
for batch in loader: ...
checkpoint = loader.state_dict()      # where the stream goes on after the last batch taken
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from ...schemas.errors import UsageError
from ..cosmo.batch import PackedBatch
from .collate import ClipFrames, PackedRow, decode_clip, stack_packed
from .order import EpochOrder, PackedSequence, World
from .packing import Packing
from .prefetch import Readers, in_order
from .render import Rendered
from .rows import is_denied
from .samples import Samples
from .unreadable import Unreadable, UnreadableLog


@dataclass(frozen=True, slots=True, kw_only=True)
class LoaderOptions:
    """How samples become a stream of batches."""

    batch_size: int
    """Rows of a batch on one rank."""
    seed: int = 0
    """Decides on order and draws."""
    num_workers: int = 0
    """Threads that read and decode ahead; never changes what comes."""
    epochs: int | None = None
    """Stop after so many; None for endless."""
    keep_tail: bool = False
    """Give the last rows of an epoch too, filled up with rows of padding (for evaluation). Else
    they are left out: fewer than one batch over all ranks."""

    def __post_init__(self) -> None:
        for name, least in (("batch_size", 1), ("num_workers", 0)):
            if getattr(self, name) < least:
                raise UsageError(f"data: {name}={getattr(self, name)} must be at least {least}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Where the stream goes on."""

    epoch: int = 0
    next_sequence: int = 0
    block: int = 0
    """The block of the last sequence taken: blocks before it need not be packed again."""
    block_first: int = 0
    """Number in the epoch of that block's first sequence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    epoch: int
    sequences: tuple[PackedSequence | None, ...]
    after: _Position


def check_fills_batch(samples: Samples, num_sequences: int, rows: int) -> None:
    """Refuse a batch that a whole epoch cannot fill.

    Args:
        samples: what samples are made of.
        num_sequences: packed sequences of an epoch.
        rows: of a batch, over all ranks.

    Raises:
        UsageError: there are fewer sequences than rows.
    """
    if num_sequences < rows:
        raise UsageError(
            f"{samples.dataset.url} packs into {num_sequences} sequences, fewer than "
            f"batch.sequences={rows}: lower it or budgets.tokens, or add documents"
        )


class PackedLoader:
    """Yields `PackedBatch`; iterating again goes on after the last batch that was taken.

    Args:
        samples: what samples are made of.
        packing: its windows.
        options: how they become batches.
        world: this rank among the ranks.
    """

    def __init__(
        self,
        samples: Samples,
        packing: Packing,
        options: LoaderOptions,
        *,
        world: World | None = None,
    ) -> None:
        self._samples = samples
        self._packing = packing
        self._options = options
        self._world = world or World()
        self._position = _Position()
        self._denied = samples.dataset.denied
        self._log = UnreadableLog("samples")

    def __iter__(self) -> Iterator[PackedBatch]:
        with contextlib.closing(Readers(self._samples.dataset)) as readers:

            def build(task: _Task) -> tuple[PackedBatch, list[Unreadable]]:
                return self._build(task, readers)

            built = in_order(self._plan(), build, num_workers=self._options.num_workers)
            with contextlib.closing(built):
                for task, (batch, unreadable) in built:
                    num_read = sum(len(s.windows) for s in task.sequences if s is not None)
                    self._log.add(num_read, unreadable)
                    self._position = task.after
                    yield batch
        self._position = _Position()  # a bounded stream has ended and may be asked for again

    @property
    def unreadable(self) -> list[Unreadable]:
        """Samples left out so far, in the order of the stream."""
        return self._log.found

    def restart(self) -> None:
        """Let the next iteration begin at the first epoch's first sequence."""
        self._position = _Position()

    def state_dict(self) -> dict[str, Any]:
        """Return where the stream goes on after the last batch that was taken."""
        position = {name: getattr(self._position, name) for name in _Position.__slots__}
        return {"packing": self._packing.digest, "seed": self._options.seed, **position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where a `state_dict` was taken; the world may have had another size.

        Raises:
            UsageError: it belongs to other data or another seed.
        """
        own = self.state_dict()
        for name in ("packing", "seed"):
            if state[name] != own[name]:
                raise UsageError(
                    f"the checkpoint was trained with data of {name}={state[name]!r}, this recipe "
                    f"gives {own[name]!r}: keep dataset version, view, text policy, tokenizer, "
                    "budgets and seed, or start anew"
                )
        self._position = _Position(**{name: state[name] for name in _Position.__slots__})

    def _plan(self) -> Iterator[_Task]:
        """Yield what each batch of this rank holds, without reading any document."""
        position = self._position
        rows = self._options.batch_size * self._world.size
        while self._options.epochs is None or position.epoch < self._options.epochs:
            self._denied = self._samples.dataset.denied_now()
            order = EpochOrder(
                self._packing,
                self._samples.budgets,
                seed=self._options.seed,
                epoch=position.epoch,
            )
            is_fresh = position.next_sequence == 0
            num_batches = 0
            for task in self._plan_epoch(order, position, rows):
                yield task
                num_batches += 1
            # Who goes on at the end of an epoch gets nothing of it either, and that is no mistake.
            if is_fresh and not num_batches:
                check_fills_batch(self._samples, order.count(), rows)
            position = _Position(epoch=position.epoch + 1)

    def _plan_epoch(self, order: EpochOrder, start: _Position, rows: int) -> Iterator[_Task]:
        stream = order.sequences(block=start.block, block_first=start.block_first)
        ahead = (found for found in stream if found[0].number >= start.next_sequence)
        while taken := list(islice(ahead, rows)):
            if len(taken) < rows and not self._options.keep_tail:
                return
            last, block, block_first = taken[-1]
            filled = [sequence for sequence, _, _ in taken] + [None] * (rows - len(taken))
            size, rank = self._options.batch_size, self._world.rank
            yield _Task(
                epoch=start.epoch,
                sequences=tuple(filled[rank * size : (rank + 1) * size]),
                after=replace(
                    start, next_sequence=last.number + 1, block=block, block_first=block_first
                ),
            )

    def _build(self, task: _Task, readers: Readers) -> tuple[PackedBatch, list[Unreadable]]:
        unreadable: list[Unreadable] = []
        rows = [self._row(task.epoch, s, readers, unreadable) for s in task.sequences]
        batch = stack_packed(
            rows,
            length=self._samples.budgets.tokens,
            pad_id=self._samples.vocabulary.pad_id,
            size_px=self._samples.size_px,
        )
        return batch, unreadable

    def _row(
        self,
        epoch: int,
        sequence: PackedSequence | None,
        readers: Readers,
        unreadable: list[Unreadable],
    ) -> PackedRow:
        if sequence is None:
            return PackedRow(documents=(), clips=(), name="padding")
        documents: list[Rendered] = []
        clips: list[ClipFrames] = []
        names = []
        for number in sequence.windows:
            try:
                sample = self._window(epoch, number, readers)
            # A page with a wrong checksum, bytes that are no picture: one sample must not end the
            # training. What lies beside it in the sequence is kept.
            except (OSError, ValueError) as error:
                name = f"sequence {epoch}/{sequence.number}"
                place = self._packing.place(number)
                unreadable.append(Unreadable(name=name, place=place, reason=str(error)))
                continue
            if sample is None:
                continue
            rendered, frames, name = sample
            documents.append(rendered)
            clips.extend(frames)
            names.append(name)
        name = f"{epoch}/{sequence.number}:{'+'.join(names)}"
        return PackedRow(documents=documents, clips=clips, name=name)

    def _window(
        self, epoch: int, number: int, readers: Readers
    ) -> tuple[Rendered, list[ClipFrames], str] | None:
        """Return a sample; None for one that was taken down after its packing was made."""
        row = readers.get().read(*self._packing.place(number))
        window = self._packing.window(number)
        if is_denied(row, window.clips, self._denied):
            return None
        frames = [
            decode_clip(
                row.clips[index],
                frames_per_clip=self._samples.budgets.frames_per_clip,
                size_px=self._samples.size_px,
            )
            for index in window.clips
        ]
        rendered = self._samples.render(row, window, seed=self._options.seed, epoch=epoch)
        return rendered, frames, row.document_id
