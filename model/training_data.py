"""From a training recipe to its two streams, and to what is held out: `model/data` joined up."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

import numpy as np

from .cosmo.batch import PackedBatch, PairBatch
from .cosmo.processor import CosmoProcessor
from .data.dataset import open_dataset
from .data.loader import LoaderOptions, PackedLoader, check_fills_batch
from .data.order import EpochOrder, World
from .data.packing import NothingFits, Packing, make_packing
from .data.pairs import PairLoader
from .data.samples import Samples
from .data.vocabulary import Vocabulary
from .data.windows import Form
from .recipe import TrainRecipe

_CALIBRATION_SEQUENCES = 4
_HELD_OUT_SEQUENCES = 8
"""Packed sequences that one rank measures at once, where the recipe does not say how many fit."""


def make_samples(
    recipe: TrainRecipe,
    processor: CosmoProcessor,
    *,
    view: str | None = None,
    form: Form = "interleaved",
    version: int | None = None,
) -> Samples:
    """Return what a recipe's samples are made of.

    Args:
        recipe: names the dataset and all choices.
        processor: tokenizer and picture size.
        view: of the dataset; None for the one that is trained on.
        form: stretches of documents, or single clips with their text.
        version: of the dataset; None for the recipe's.

    Raises:
        UsageError: there is no such dataset, version or view.
    """
    view = recipe.view if view is None else view
    version = recipe.version if version is None else version
    return Samples(
        dataset=open_dataset(recipe.dataset, view, version=version),
        vocabulary=Vocabulary.of(processor.tokenizer),
        policy=recipe.text,
        budgets=recipe.budgets,
        form=form,
        size_px=processor.size_px,
        faithful=recipe.model.faithful,
    )


class TrainingStreams:
    """What a training learns from: packed sequences, and pairs beside them.

    Args:
        recipe: of the training.
        processor: of its model.
        world: this rank among the ranks.
        version: of the dataset, where a checkpoint tells it; None for the recipe's.

    Raises:
        UsageError: the dataset has nothing that fits, or less than one batch, or a batch cannot be
            shared among the ranks.
    """

    def __init__(
        self,
        recipe: TrainRecipe,
        processor: CosmoProcessor,
        world: World,
        *,
        version: int | None = None,
    ) -> None:
        self._recipe = recipe
        options = _options(recipe, "sequences", world)
        of_pairs = _options(recipe, "pairs", world) if recipe.is_contrastive else None
        self.samples = samples = make_samples(recipe, processor, version=version)
        self._packing = packing = make_packing(samples)
        check_batch(recipe, samples, packing)
        self._packed = PackedLoader(samples, packing, options, world=world)
        self._pairs: PairLoader | None = None
        if of_pairs is not None:
            pairs = as_pairs(samples)
            self._pairs = PairLoader(pairs, make_packing(pairs), of_pairs, world=world)

    def __iter__(self) -> Iterator[tuple[PackedBatch, PairBatch | None]]:
        """Yield this rank's share of each step, without end."""
        pairs = iter(self._pairs) if self._pairs else None
        for packed in self._packed:
            yield packed, next(pairs) if pairs else None

    def first_sequences(self) -> PackedBatch:
        """Return the first packed sequences, the same on every rank; the stream stays as it is."""
        options = LoaderOptions(
            batch_size=min(_CALIBRATION_SEQUENCES, self._recipe.batch.sequences),
            seed=self._recipe.seed,
            epochs=1,
            keep_tail=True,
        )
        return next(iter(PackedLoader(self.samples, self._packing, options)))

    @property
    def source(self) -> dict[str, Any]:
        """What is read, as JSON holds it: `url`, `version` and `content_digest`."""
        dataset = self.samples.dataset
        return {
            "url": dataset.url,
            "version": dataset.manifest.version,
            "content_digest": dataset.manifest.content_digest,
        }

    @property
    def epoch(self) -> int:
        """How often every sample was used before."""
        return int(self._packed.state_dict()["epoch"])

    @property
    def num_unreadable(self) -> int:
        """Samples and pairs that this rank had to leave out."""
        return len(self._packed.unreadable) + len(self._pairs.unreadable if self._pairs else ())

    def state_dict(self) -> dict[str, Any]:
        """Return where the streams go on; it holds for any number of ranks."""
        pairs = self._pairs.state_dict() if self._pairs else None
        return {"packed": self._packed.state_dict(), "pairs": pairs}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where a `state_dict` was taken.

        Raises:
            UsageError: it belongs to other data.
        """
        self._packed.load_state_dict(state["packed"])
        if self._pairs:
            self._pairs.load_state_dict(state["pairs"])


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
        size = min(share, recipe.batch.micro_sequences or _HELD_OUT_SEQUENCES)
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


def as_pairs(samples: Samples) -> Samples:
    """Return the same samples as pairs, of the same version of the dataset."""
    return replace(samples, form="pairs")


def check_batch(recipe: TrainRecipe, samples: Samples, packing: Packing) -> None:
    """Refuse a batch that the dataset cannot fill, before anything is computed for it.

    Raises:
        UsageError: an epoch has fewer packed sequences than one step takes.
    """
    rows = recipe.batch.sequences
    order = EpochOrder(packing, samples.budgets, seed=recipe.seed, epoch=0)
    check_fills_batch(samples, order.count(enough=rows), rows)


def _options(
    recipe: TrainRecipe, what: Literal["sequences", "pairs"], world: World
) -> LoaderOptions:
    return LoaderOptions(
        batch_size=recipe.batch.share(what, world.size),
        seed=recipe.seed,
        num_workers=recipe.batch.num_workers,
    )
