"""What a training would be, before it begins: what learns, memory, steps, data. No weight is read.

Only the tiny base is ever made for it; models of the hub are described from their shapes, and the
data is counted where their tokenizer is on this machine already.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from .cosmo.bases import TINY_BASE, language_model_folder
from .cosmo.counts import (
    Counts,
    Memory,
    StepShape,
    count_parameters,
    estimate_memory,
    tokens_per_step,
)
from .cosmo.model import Cosmo
from .cosmo.processor import CosmoProcessor
from .cosmo.shapes import build_on_meta
from .cosmo.vision import VisionTower
from .data.cutting import PackingCounts
from .data.packing import NothingFits, make_packing
from .data.samples import Samples
from .data.summary import DataSummary, summarize
from .held_out import find_held_out
from .recipe import TrainRecipe
from .training_data import as_pairs, check_batch, make_samples

_TYPICAL_PAIR_TOKENS = 64
"""Tokens of a pair's text, of which only the memory estimate makes use: two long sentences."""


@dataclass(frozen=True, kw_only=True)
class HeldOutDescription:
    """What would be measured on."""

    documents: int
    """Documents that samples come of."""
    samples: int
    """Their samples."""
    clips: int
    """The clips of these."""
    num_overlapping: int
    """Documents of the view that are left out, because their video is trained on."""


@dataclass(frozen=True, kw_only=True)
class DataDescription:
    """What would be trained on, and what is held out."""

    train: DataSummary
    """Packed sequences of the view that is trained on."""
    pairs: PackingCounts | None
    """Its pairs; None without the contrastive loss."""
    held_out: HeldOutDescription | None
    """None where nothing is measured."""
    why_none_held_out: str
    """The reason then, as a sentence."""
    steps: int
    """Steps of the optimizer until its horizon in tokens."""


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """A training that was not begun."""

    counts: Counts
    """Parameters by part."""
    shape: StepShape
    """What one rank takes through the model at once."""
    accumulation: int
    """How often it does so in one step."""
    ranks: int
    """Processes that train together, one per device."""
    memory: Memory
    """Bytes on each device, with frozen weights and activations in 16 bits."""
    data: DataDescription | None
    """None where it could not be counted."""
    why_no_data: str = ""
    """The reason then, as a sentence."""

    @property
    def tokens_per_step(self) -> int:
        """Packed tokens of one step over all ranks, padding included."""
        return tokens_per_step(self.shape, accumulation=self.accumulation, ranks=self.ranks)


def describe_training(recipe: TrainRecipe, *, ranks: int = 1) -> DryRun:
    """Count what a training would learn, hold in memory and read.

    Args:
        recipe: of the training; without a dataset only the model is described.
        ranks: processes that would train together.

    Raises:
        UsageError: the batch cannot be shared among the ranks, or the dataset does not fit.
        EnvironmentFault: the shape of a base is neither known, nor here, nor can be fetched.
    """
    shape, accumulation = step_shape(recipe, ranks)
    model = build_on_meta(recipe.model)
    processor = find_processor(model) if recipe.dataset else None
    return DryRun(
        counts=count_parameters(model),
        shape=shape,
        accumulation=accumulation,
        ranks=ranks,
        memory=estimate_memory(model, shape),
        data=_describe_data(recipe, processor) if processor else None,
        why_no_data="" if processor else _why_no_data(recipe),
    )


def step_shape(recipe: TrainRecipe, ranks: int) -> tuple[StepShape, int]:
    """Return what one rank takes through the model at once, and how often in one step.

    Raises:
        UsageError: the batch cannot be shared evenly among the ranks.
    """
    own = recipe.batch.share("sequences", ranks)
    sequences = min(recipe.batch.micro_sequences or own, own)
    shape = StepShape(
        sequences=sequences,
        sequence_tokens=recipe.budgets.tokens,
        media=sequences * recipe.budgets.media,
        pairs=recipe.batch.share("pairs", ranks) if recipe.is_contrastive else 0,
        pair_tokens=min(recipe.budgets.tokens, _TYPICAL_PAIR_TOKENS),
        frames=recipe.budgets.frames_per_clip,
    )
    return shape, math.ceil(own / sequences)


def find_processor(model: Cosmo) -> CosmoProcessor | None:
    """Return the processor of a model without weights, or None: nothing is downloaded for it.

    Args:
        model: of `build_on_meta`.
    """
    folder = _find_tokenizer(model.config.language_model)
    if folder is None:
        return None
    tower = cast(VisionTower, model.tower)
    return CosmoProcessor.build(folder, tower, faithful=model.config.faithful)


def _describe_data(recipe: TrainRecipe, processor: CosmoProcessor) -> DataDescription:
    samples = make_samples(recipe, processor)
    packing = make_packing(samples)
    check_batch(recipe, samples, packing)
    # The horizon is in tokens without padding, so that steps follow from how full sequences are.
    summary = summarize(
        samples,
        packing,
        seed=recipe.seed,
        global_batch=recipe.batch.sequences,
        num_batches=0,
    )
    tokens_of_step = summary.counts.tokens / summary.packed_sequences * recipe.batch.sequences
    steps = math.ceil(recipe.optimizer.tokens / tokens_of_step)
    held_out, why_none = _describe_held_out(recipe, samples)
    return DataDescription(
        train=replace(summary, epochs=steps / summary.batches),
        pairs=make_packing(as_pairs(samples)).counts if recipe.is_contrastive else None,
        held_out=held_out,
        why_none_held_out=why_none,
        steps=steps,
    )


def _describe_held_out(
    recipe: TrainRecipe, trained: Samples
) -> tuple[HeldOutDescription | None, str]:
    """Return what would be measured on, or why there is nothing."""
    if recipe.evaluation.view is None:
        return None, "nothing, as evaluation.view is null"
    try:
        found = find_held_out(recipe, trained)
    except NothingFits as error:
        return None, f"nothing: {error}"
    return (
        HeldOutDescription(
            documents=found.packing.num_documents,
            samples=len(found.packing),
            clips=int(found.packing.media.sum()),
            num_overlapping=found.num_overlapping,
        ),
        "",
    )


def _find_tokenizer(language_model: str) -> Path | None:
    """Return a local folder with the tokenizer of a language model; nothing is downloaded."""
    if language_model == TINY_BASE or Path(language_model).expanduser().is_dir():
        return language_model_folder(language_model)
    from huggingface_hub import try_to_load_from_cache

    # A model that was used before has its files in the cache of the hub.
    for name in ("tokenizer.json", "tokenizer_config.json"):
        found = try_to_load_from_cache(language_model, name)
        if isinstance(found, str):
            return Path(found).parent
    return None


def _why_no_data(recipe: TrainRecipe) -> str:
    if not recipe.dataset:
        return "The recipe names no dataset; add --set dataset=FOLDER to have it counted"
    return (
        f"The tokenizer of {recipe.model.language_model} is not on this machine, so that nothing "
        "of the dataset was counted; the training itself fetches it"
    )
