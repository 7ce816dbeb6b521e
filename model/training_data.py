"""From a training recipe to its two streams, and to what is held out: `model/data` joined up."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..schemas.errors import UsageError
from .cosmo.batch import PackedBatch, PairBatch
from .cosmo.processor import CosmoProcessor
from .data.dataset import open_dataset
from .data.loader import LoaderOptions, PackedLoader
from .data.order import World
from .data.packing import make_packing
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
) -> Samples:
    """Return what a recipe's samples are made of.

    Args:
        recipe: names the dataset and all choices.
        processor: tokenizer and picture size.
        view: of the dataset; None for the one that is trained on.
        form: stretches of documents, or single clips with their text.

    Raises:
        UsageError: there is no such dataset or view.
    """
    return Samples(
        dataset=open_dataset(recipe.dataset, view or recipe.view),
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

    Raises:
        UsageError: the dataset has nothing that fits, or a batch cannot be shared among the ranks.
    """

    def __init__(self, recipe: TrainRecipe, processor: CosmoProcessor, world: World) -> None:
        self._recipe = recipe
        self.samples = make_samples(recipe, processor)
        packing = make_packing(self.samples)
        options = _options(recipe, "sequences", world)
        self._packed = PackedLoader(self.samples, packing, options, world=world)
        self._packing = packing
        self._pairs: PairLoader | None = None
        if recipe.is_contrastive:
            samples = make_samples(recipe, processor, form="pairs")
            options = _options(recipe, "pairs", world)
            self._pairs = PairLoader(samples, make_packing(samples), options, world=world)

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

    @classmethod
    def of(cls, recipe: TrainRecipe, processor: CosmoProcessor, world: World) -> "HeldOut":
        """Open what the recipe holds out.

        Raises:
            UsageError: the view does not exist, or has nothing that fits.
        """
        view = recipe.evaluation.view
        samples = make_samples(recipe, processor, view=view)
        # Media are exchanged within a batch: it should hold several documents, and fit.
        share = max(1, recipe.evaluation.sequences // world.size)
        size = min(share, recipe.batch.micro_sequences or _HELD_OUT_SEQUENCES)
        wanted = recipe.evaluation.sequences
        packed = PackedLoader(
            samples,
            make_packing(samples),
            LoaderOptions(batch_size=size, epochs=1, keep_tail=True),
            world=world,
        )
        pairs: PairLoader | None = None
        if recipe.is_contrastive and recipe.evaluation.pairs:
            of_pairs = make_samples(recipe, processor, view=view, form="pairs")
            pairs = PairLoader(
                of_pairs,
                make_packing(of_pairs),
                LoaderOptions(
                    batch_size=-(-recipe.evaluation.pairs // world.size), epochs=1, keep_tail=True
                ),
                world=world,
            )
        return cls(packed=packed, pairs=pairs, num_batches=-(-wanted // (size * world.size)))

    def packed_batches(self) -> Iterator[PackedBatch]:
        """Yield the packed sequences, the same at each evaluation."""
        self.packed.restart()
        yield from islice(self.packed, self.num_batches)

    def pair_batches(self) -> Iterator[PairBatch]:
        """Yield one batch of pairs, the same at each evaluation."""
        if self.pairs:
            self.pairs.restart()
            yield from islice(self.pairs, 1)


def _options(recipe: TrainRecipe, what: str, world: World) -> LoaderOptions:
    count = getattr(recipe.batch, what)
    if count % world.size:
        raise UsageError(
            f"batch.{what}={count} cannot be shared evenly among {world.size} ranks: "
            f"take a multiple of {world.size}"
        )
    return LoaderOptions(
        batch_size=count // world.size, seed=recipe.seed, num_workers=recipe.batch.num_workers
    )
