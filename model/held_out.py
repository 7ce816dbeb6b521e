"""What a training recipe holds out, kept apart from what it trains on."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from .cosmo.batch import PackedBatch, PairBatch
from .cosmo.processor import CosmoProcessor
from .data.loader import LoaderOptions, PackedLoader
from .data.order import World
from .data.packing import NothingFits, Packing, make_packing
from .data.pairs import PairLoader
from .data.samples import Samples
from .recipe import TrainRecipe
from .training_data import as_pairs, make_samples

_SEQUENCES = 8
"""Packed sequences that one rank measures at once, where the recipe does not say how many fit."""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Documents that are measured on and never trained on."""

    packed: PackedLoader
    pairs: PairLoader | None
    num_batches: int
    """Batches of packed sequences that this rank takes."""
    num_overlapping: int
    """Documents of the view that are left out, because their video is trained on."""

    @classmethod
    def of(
        cls,
        recipe: TrainRecipe,
        processor: CosmoProcessor,
        world: World,
        *,
        version: int | None = None,
    ) -> "HeldOut":
        """Open what the recipe holds out.

        Args:
            recipe: of the training; its `evaluation.view` is not None.
            processor: of its model.
            world: this rank among the ranks.
            version: of the dataset, the one that is trained on; None for the recipe's.

        Raises:
            UsageError: the view does not exist.
            NothingFits: it has nothing that fits, or all of it is trained on.
        """
        held_out = find_held_out(recipe, make_samples(recipe, processor, version=version))
        # Media are exchanged within a batch: it should hold several documents, and fit.
        share = max(1, recipe.evaluation.sequences // world.size)
        size = min(share, recipe.batch.micro_sequences or _SEQUENCES)
        options = LoaderOptions(batch_size=size, epochs=1, keep_tail=True)
        packed = PackedLoader(held_out.samples, held_out.packing, options, world=world)
        pairs: PairLoader | None = None
        if held_out.pairs is not None:
            size_of_pairs = -(-recipe.evaluation.pairs // world.size)
            options = LoaderOptions(batch_size=size_of_pairs, epochs=1, keep_tail=True)
            samples = as_pairs(held_out.samples)
            pairs = PairLoader(samples, held_out.pairs, options, world=world)
        return cls(
            packed=packed,
            pairs=pairs,
            num_batches=-(-recipe.evaluation.sequences // (size * world.size)),
            num_overlapping=held_out.num_overlapping,
        )

    def packed_batches(self) -> Iterator[PackedBatch]:
        """Yield the packed sequences, the same at each evaluation."""
        self.packed.restart()
        yield from islice(self.packed, self.num_batches)

    def pair_batches(self) -> Iterator[PairBatch]:
        """Yield one batch of pairs, the same at each evaluation."""
        if self.pairs:
            self.pairs.restart()
            yield from islice(self.pairs, 1)


@dataclass(frozen=True, kw_only=True)
class HeldOutWindows:
    """The windows that are measured on; made by `find_held_out`."""

    samples: Samples
    packing: Packing
    """Without the videos that are trained on."""
    pairs: Packing | None
    """The same of pairs; None where none are measured, or none are left."""
    num_overlapping: int
    """Documents that were left out, because their video is trained on."""


def find_held_out(recipe: TrainRecipe, trained: Samples) -> HeldOutWindows:
    """Return what a recipe holds out, kept apart from what it trains on.

    Views are rules that a recipe's author wrote: nothing else keeps two of them from sharing
    documents, or documents from sharing a video.

    Args:
        recipe: of the training; its `evaluation.view` is not None.
        trained: the samples that it trains on.

    Raises:
        UsageError: the view does not exist.
        NothingFits: it has nothing that fits, or all of it is trained on.
    """
    view = recipe.evaluation.view
    if view is None:
        raise ValueError("evaluation.view is null: nothing shall be measured")
    videos = make_packing(trained).video
    if recipe.is_contrastive:
        videos = np.concatenate([videos, make_packing(as_pairs(trained)).video])
    samples = replace(trained, dataset=trained.dataset.through(view))
    every = make_packing(samples)
    packing = every.without_videos(videos)
    if len(packing) == 0:
        raise NothingFits(f"all {len(every)} samples of view {view!r} are trained on")
    pairs: Packing | None = None
    if recipe.is_contrastive and recipe.evaluation.pairs:
        with suppress(NothingFits):  # the loss can be measured all the same
            pairs = make_packing(as_pairs(samples)).without_videos(videos)
    return HeldOutWindows(
        samples=samples,
        packing=packing,
        pairs=pairs if pairs else None,
        num_overlapping=every.num_documents - packing.num_documents,
    )
