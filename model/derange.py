"""Showing documents the media of others: for the vision gain, and for trainings that must not see.

Shapes: B sequences, L tokens, M media of a sequence.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor

from .cosmo.batch import PADDING, Media, PackedBatch

Item = TypeVar("Item")


def derange_media(batch: PackedBatch, seed: int) -> PackedBatch:
    """Return the batch with each media in a place of another document.

    Frame masks and times move with the pictures; texts, and how many media a document has, stay.
    Every media is shown once, unless one document has more than half of all: then its places show
    those of the others in turn.

    Args:
        batch: documents may be packed and may have any number of media.
        seed: decides on the exchange, alone; no other generator is used.

    Raises:
        ValueError: fewer than two documents have media.
    """
    exchange = Exchange.of(batch, seed)
    if exchange is None:
        raise ValueError(
            "media can only be exchanged between documents: fewer than two documents of the batch "
            f"have media (rows {', '.join(batch.sequence_ids)})"
        )
    names = ("frames_BMFCHW", "frame_mask_BMF", "frame_times_BMF")
    moved = {name: exchange.apply(getattr(batch.media, name)) for name in names}
    return replace(batch, media=Media(**moved))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Which media is shown in which place; both are numbered row * M + media."""

    places: list[int]
    """All places that have a media."""
    shown: list[int]
    """The media that each of them shows."""

    @classmethod
    def of(cls, batch: PackedBatch, seed: int) -> "Exchange | None":
        """Choose; None where fewer than two documents have media."""
        generator = torch.Generator().manual_seed(seed)
        groups = [_shuffled(group, generator) for group in _media_by_document(batch)]
        if len(groups) < 2:
            return None
        groups = _shuffled(groups, generator)
        places = [place for group in groups for place in group]
        longest, count = max(groups, key=len), len(places)
        if 2 * len(longest) <= count:
            # Places of a document are neighbours: a turn by at least the longest document, on
            # either side, takes every media out of its own.
            turns = count - 2 * len(longest) + 1
            by = len(longest) + int(torch.randint(turns, (), generator=generator))
            return cls(places=places, shown=places[by:] + places[:by])
        others = [place for group in groups if group is not longest for place in group]
        repeated = [others[i % len(others)] for i in range(len(longest))]
        return cls(places=longest + others, shown=repeated + longest[: len(others)])

    def apply(self, of_media_BM: Tensor) -> Tensor:
        """Return a tensor whose first axes are B and M with its media exchanged."""
        flat = of_media_BM.flatten(0, 1)
        moved = flat.clone()
        moved[self.places] = flat[self.shown]
        return moved.view_as(of_media_BM)


def _shuffled(items: list[Item], generator: torch.Generator) -> list[Item]:
    return [items[i] for i in torch.randperm(len(items), generator=generator).tolist()]


def _media_by_document(batch: PackedBatch) -> list[list[int]]:
    """Return the places of each document's media."""
    rows, num_media = batch.media.frame_mask_BMF.shape[:2]
    owner_BM = torch.full((rows, num_media + 1), PADDING, dtype=torch.int32)
    # Each media is seen by its `<visual>` at least, and by tokens of one document only.
    owner_BM.scatter_(1, batch.media_index_BL.cpu().long(), batch.document_BL.cpu())
    groups: dict[tuple[int, int], list[int]] = {}
    for row, owners in enumerate(owner_BM[:, 1:].tolist()):
        for media, document in enumerate(owners):
            if document != PADDING:
                groups.setdefault((row, document), []).append(row * num_media + media)
    return list(groups.values())
