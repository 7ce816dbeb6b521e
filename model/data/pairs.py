"""Pairs of one clip and one text of what is seen in it, for the contrastive loss.

In one epoch every video gives one of its clips, another one in the next; so no batch has a video
twice, and all clips have their turn.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ...schemas.errors import UsageError
from ...schemas.ids import digest
from ..cosmo.batch import PairBatch
from .collate import ClipFrames, decode_clip, stack_media
from .loader import LoaderOptions
from .order import World, hash_order
from .packing import Packing
from .prefetch import Readers, in_order
from .rows import is_denied
from .samples import Samples
from .unreadable import Unreadable, UnreadableLog


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    ids: list[int]
    group: int
    frames: ClipFrames
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    epoch: int
    windows: tuple[int, ...]
    after: tuple[int, int]


class PairLoader:
    """Yields `PairBatch` without end; iterating again goes on after the last batch taken.

    A batch over all ranks has at most one pair of a video. Where the dataset has fewer videos than
    a batch has rows, and where a text was left out by drop-out, rows are padding (`valid_S`).

    Args:
        samples: what samples are made of, with `form="pairs"`.
        packing: its windows, each one clip.
        options: `batch_size` is the number of pairs on one rank.
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
        if samples.form != "pairs":
            raise ValueError(f"samples.form={samples.form!r} must be 'pairs'")
        self._samples = samples
        self._packing = packing
        self._options = options
        self._world = world or World()
        self._position = (0, 0)
        self._denied = samples.dataset.denied
        self._log = UnreadableLog("pairs")
        self._by_video = np.argsort(packing.video, kind="stable")
        _, starts = np.unique(packing.video[self._by_video], return_index=True)
        self._bounds = np.append(starts, len(self._by_video))

    @property
    def num_videos(self) -> int:
        """Videos that pairs are taken from."""
        return len(self._bounds) - 1

    def __iter__(self) -> Iterator[PairBatch]:
        with contextlib.closing(Readers(self._samples.dataset)) as readers:

            def build(task: _Task) -> tuple[PairBatch, list[Unreadable]]:
                return self._build(task, readers)

            built = in_order(self._plan(), build, num_workers=self._options.num_workers)
            with contextlib.closing(built):
                for task, (batch, unreadable) in built:
                    self._log.add(len(task.windows), unreadable)
                    self._position = task.after
                    yield batch
        self._position = (0, 0)  # a bounded stream has ended and may be asked for again

    @property
    def unreadable(self) -> list[Unreadable]:
        """Pairs left out so far, in the order of the stream."""
        return self._log.found

    def restart(self) -> None:
        """Let the next iteration begin at the first epoch's first pair."""
        self._position = (0, 0)

    def state_dict(self) -> dict[str, Any]:
        """Return where the stream goes on after the last batch that was taken."""
        epoch, next_pair = self._position
        return {
            "packing": self._packing.digest,
            "seed": self._options.seed,
            "epoch": epoch,
            "next_pair": next_pair,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where a `state_dict` was taken.

        Raises:
            UsageError: it belongs to other data or another seed.
        """
        own = self.state_dict()
        for name in ("packing", "seed"):
            if state[name] != own[name]:
                raise UsageError(
                    f"the checkpoint was trained with pairs of {name}={state[name]!r}, this recipe "
                    f"gives {own[name]!r}: keep dataset, view, text policy and seed, or start anew"
                )
        self._position = (state["epoch"], state["next_pair"])

    def _plan(self) -> Iterator[_Task]:
        epoch, start = self._position
        rows = self._options.batch_size * self._world.size
        while self._options.epochs is None or epoch < self._options.epochs:
            self._denied = self._samples.dataset.denied_now()
            windows = self._windows(epoch)
            # A dataset of few videos would else have no batch at all.
            is_small = len(windows) < rows or self._options.keep_tail
            while start < len(windows) and (start + rows <= len(windows) or is_small):
                first = start + self._world.rank * self._options.batch_size
                mine = windows[first : first + self._options.batch_size]
                start += rows
                yield _Task(epoch=epoch, windows=tuple(mine), after=(epoch, start))
            epoch, start = epoch + 1, 0

    def _windows(self, epoch: int) -> list[int]:
        """Return one window of every video, in the order of an epoch."""
        seed = self._options.seed
        counts = np.diff(self._bounds)
        # Each video begins its round through its clips at another place.
        places = (hash_order(self.num_videos, "clips", self._packing.digest, seed) + epoch) % counts
        chosen = self._by_video[self._bounds[:-1] + places]
        order = hash_order(self.num_videos, "pairs", self._packing.digest, seed, epoch)
        return [int(window) for window in chosen[order]]

    def _build(self, task: _Task, readers: Readers) -> tuple[PairBatch, list[Unreadable]]:
        unreadable: list[Unreadable] = []
        pairs: list[_Pair | None] = []
        for number in task.windows:
            try:
                pairs.append(self._pair(number, task.epoch, readers))
            except (OSError, ValueError) as error:  # as in `PackedLoader`: one must not end it all
                name, place = f"pairs of epoch {task.epoch}", self._packing.place(number)
                unreadable.append(Unreadable(name=name, place=place, reason=str(error)))
                pairs.append(None)
        pairs += [None] * (self._options.batch_size - len(pairs))
        return self._stack(pairs), unreadable

    def _pair(self, number: int, epoch: int, readers: Readers) -> _Pair | None:
        row = readers.get().read(*self._packing.place(number))
        clips = self._packing.window(number).clips
        if is_denied(row, clips, self._denied):
            return None  # it was taken down after the packing was made
        clip = row.clips[clips[0]]
        piece = self._samples.seen_piece(row, clip, seed=self._options.seed, epoch=epoch)
        if piece is None:
            return None
        return _Pair(
            ids=self._samples.render_pair(piece),
            group=int(digest("text", piece.text.casefold())[:15], 16),
            frames=decode_clip(
                clip,
                frames_per_clip=self._samples.budgets.frames_per_clip,
                size_px=self._samples.size_px,
            ),
            name=f"{row.document_id}/{clip.clip_id}",
        )

    def _stack(self, pairs: list[_Pair | None]) -> PairBatch:
        length = max([1, *(len(pair.ids) for pair in pairs if pair)])
        ids = np.full((len(pairs), length), self._samples.vocabulary.pad_id, np.int64)
        attention = np.zeros((len(pairs), length), np.bool_)
        for index, pair in enumerate(pairs):
            if pair:
                ids[index, : len(pair.ids)] = pair.ids
                attention[index, : len(pair.ids)] = True
        clips = [[pair.frames] if pair else [] for pair in pairs]
        return PairBatch(
            input_ids_SL=torch.from_numpy(ids),
            attention_SL=torch.from_numpy(attention),
            media=stack_media(clips, size_px=self._samples.size_px),
            valid_S=torch.tensor([pair is not None for pair in pairs]),
            group_S=torch.tensor([pair.group if pair else -1 for pair in pairs]),
            pair_ids=tuple(pair.name if pair else "padding" for pair in pairs),
        )
