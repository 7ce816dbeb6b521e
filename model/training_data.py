"""From a training recipe to the two streams that it learns from: `model/data` joined up."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from .cosmo.batch import PackedBatch, PairBatch
from .cosmo.processor import CosmoProcessor
from .data.dataset import open_dataset
from .data.loader import LoaderOptions, PackedLoader, check_fills_batch
from .data.order import EpochOrder, World
from .data.packing import Packing, make_packing
from .data.pairs import PairLoader
from .data.samples import Samples
from .data.vocabulary import Vocabulary
from .data.windows import Form
from .recipe import TrainRecipe

_CALIBRATION_SEQUENCES = 4


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
        view: of the dataset; None for the documents that are trained on, by view and rules.
        form: stretches of documents, or single clips with their text.
        version: of the dataset; None for the recipe's.

    Raises:
        UsageError: there is no such dataset, version, view or column.
    """
    version = recipe.version if version is None else version
    dataset = open_dataset(recipe.dataset, recipe.view if view is None else view, version=version)
    if view is None and dataset.view is not None:
        rules = (*dataset.view.rules, *recipe.rules)
        dataset = dataset.through(replace(dataset.view, rules=rules))
    return Samples(
        dataset=dataset,
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
