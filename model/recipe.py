"""The training recipe: what `interlink train` is told. It states only what differs from a preset.

```yaml
preset: debug              # one of the recipes that come with Interlink; this file overrules it
dataset: runs/first/dataset
output: training/first
optimizer: {tokens: 2_000_000}
```
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal, Self

import yaml

from ..schemas.errors import UsageError
from ..schemas.ids import digest
from ..schemas.view import Rule
from .cosmo.config import CosmoConfig
from .data.policy import TextPolicy
from .data.section import check_keys
from .data.windows import Budgets
from .recipe_values import read_folder, read_rules, read_section, read_value

PRESETS = ("debug", "cosmo-2b", "faithful-2b")
"""The recipes that come with Interlink."""
_PLACES = (
    "dataset",
    "version",
    "output",
    "batch.num_workers",
    "batch.micro_sequences",
    "batch.checkpoint_layers",
    "evaluation",
    "checkpoint",
)
"""What may change when a training is resumed: none of it changes what is learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """What one step of the optimizer sees, over all ranks: it does not depend on their number."""

    sequences: int
    """Packed sequences of one step."""
    pairs: int
    """Pairs of one step: all are one another's negatives, however many ranks share them. 0 trains
    without the contrastive loss."""
    micro_sequences: int | None = None
    """Packed sequences that one rank takes through the model at once; null for all of its share.
    Fewer take less memory and more time."""
    checkpoint_layers: bool = False
    """Whether frozen layers of the upper half run again in the backward pass: less memory, more
    time, the same result."""
    num_workers: int = 1
    """Threads of each rank that read and decode ahead."""

    def __post_init__(self) -> None:
        _check_least(self, {"sequences": 1, "pairs": 0, "micro_sequences": 1, "num_workers": 0})
        _check_pairs("batch.pairs", self.pairs)

    def share(self, what: Literal["sequences", "pairs"], ranks: int) -> int:
        """Return how many of a step's sequences or pairs one rank takes.

        Raises:
            UsageError: they cannot be shared evenly.
        """
        count: int = getattr(self, what)
        if count % ranks:
            raise UsageError(
                f"batch.{what}={count} cannot be shared evenly among {ranks} ranks: "
                f"take a multiple of {ranks}"
            )
        return count // ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerOptions:
    """AdamW with warm-up and cosine; its horizon is in tokens."""

    tokens: int
    """The training ends after so many tokens of packed sequences, padding left out."""
    warmup_tokens: int
    """The learning rate rises over so many tokens."""
    lr: float = 1e-3
    """Highest learning rate."""
    gate_lr: float = 1e-2
    """The same for the gates, which start at 0. [Tiny base, 8 documents: loss .05 after 126 steps;
    with `gate_lr = lr` after 193.]"""
    final_share: float = 0.1
    """The learning rate falls to this share of its highest."""
    betas: tuple[float, float] = (0.9, 0.95)
    """AdamW's: how slowly the means of gradients and of their squares forget."""
    weight_decay: float = 0.1
    """Of the matrices; gates, latents, norms, added rows and the logit scale have none."""
    max_grad_norm: float = 1.0
    """Gradients of a greater norm are scaled down to it."""

    def __post_init__(self) -> None:
        _check_least(self, {"tokens": 1, "warmup_tokens": 0, "weight_decay": 0})
        _check_least(self, {"lr": 0, "gate_lr": 0})
        if not 0 <= self.final_share <= 1:
            raise UsageError(f"optimizer.final_share={self.final_share} must be from 0 to 1")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise UsageError(f"optimizer.betas={list(self.betas)} must be at least 0 and below 1")
        if self.warmup_tokens >= self.tokens:
            raise UsageError(
                f"optimizer.warmup_tokens={self.warmup_tokens} must be below "
                f"tokens={self.tokens}, which is where the training ends"
            )
        if not 0 < self.max_grad_norm < math.inf:
            raise UsageError(
                f"optimizer.max_grad_norm={self.max_grad_norm} must be finite and above 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """Measuring on documents that are not trained on."""

    view: str | None = "eval"
    """The view whose documents are held out, but for those whose video is trained on; null to
    measure nothing."""
    every_steps: int = 250
    """Measure after so many steps, and before the first and after the last."""
    sequences: int = 64
    """At most so many packed sequences of the view."""
    pairs: int = 64
    """At most so many pairs of the view, all one another's negatives."""

    def __post_init__(self) -> None:
        _check_least(self, {"every_steps": 1, "sequences": 1, "pairs": 0})
        _check_pairs("evaluation.pairs", self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointOptions:
    """When to save, and how much to keep."""

    every_steps: int = 500
    """Save after so many steps, besides before the first and after the last."""
    keep: int = 2
    """So many of the newest are kept; older ones are deleted."""

    def __post_init__(self) -> None:
        _check_least(self, {"every_steps": 1, "keep": 1})


@dataclass(frozen=True, kw_only=True)
class TrainRecipe:
    """Everything that a training is told; `from_mapping` reads it."""

    dataset: str
    """Folder or URL of the dataset."""
    version: int | None = None
    """Version of the dataset; null for the newest when the training begins."""
    view: str = "train"
    """The view whose documents are trained on."""
    rules: tuple[Rule, ...] = ()
    """What they must fulfil besides, as the rules of a view: `[{column: audit.num_bad, op: "==",
    value: 0}]` leaves out what people found bad. `docs/format.md` has the columns."""
    output: str = "training"
    """Folder for checkpoints, metrics and curves; on a shared file system if several machines
    train together."""
    seed: int = 0
    """Decides on the first values of what is trained, and on the order of the data."""
    model: CosmoConfig
    text: TextPolicy = field(default_factory=TextPolicy)
    budgets: Budgets
    batch: BatchOptions
    contrastive_weight: float = 1.0
    """lambda: the contrastive loss counts so much beside the language-model loss."""
    optimizer: OptimizerOptions
    evaluation: EvaluationOptions = field(default_factory=EvaluationOptions)
    checkpoint: CheckpointOptions = field(default_factory=CheckpointOptions)

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> Self:
        """Read a recipe from parsed YAML; `preset` names what it overrules.

        Raises:
            UsageError: a key is unknown or missing, or a value is not allowed.
        """
        stated = dict(content)
        name = stated.pop("preset", None)
        if name is not None:
            stated = _merge(read_preset(str(name)), stated)
        check_keys("recipe", stated, cls)
        values: dict[str, Any] = {
            "model": CosmoConfig.from_mapping(_mapping("model", stated["model"])),
            "text": TextPolicy.from_mapping(stated.get("text", {})),
            "budgets": Budgets.from_mapping(stated["budgets"]),
            "batch": read_section("batch", stated["batch"], BatchOptions),
            "optimizer": read_section("optimizer", stated["optimizer"], OptimizerOptions),
            "evaluation": read_section(
                "evaluation", stated.get("evaluation", {}), EvaluationOptions
            ),
            "checkpoint": read_section(
                "checkpoint", stated.get("checkpoint", {}), CheckpointOptions
            ),
        }
        kinds = {"version": int | None, "seed": int, "contrastive_weight": float}
        if "rules" in stated:
            values["rules"] = read_rules(stated["rules"])
        for key in ("dataset", "version", "view", "output", "seed", "contrastive_weight"):
            if key in stated:
                values[key] = read_value(key, stated[key], kinds.get(key, str))
        return cls(**values)

    def __post_init__(self) -> None:
        object.__setattr__(self, "output", read_folder("output", self.output))
        if self.version is not None and self.version < 1:
            raise UsageError(f"version={self.version} must be at least 1, or null for the newest")
        if not 0 <= self.contrastive_weight < math.inf:
            raise UsageError(
                f"contrastive_weight={self.contrastive_weight} must be finite and at least 0"
            )

    @property
    def is_contrastive(self) -> bool:
        """Whether pairs are trained on."""
        return self.batch.pairs > 0 and self.contrastive_weight > 0

    @property
    def digest(self) -> str:
        """Tell apart what learns something else; places and intervals are not in it."""
        return digest("training", without_places(self.to_plain()))

    def to_plain(self) -> dict[str, Any]:
        """Return the whole recipe, defaults included, as JSON holds it; `rules` if it has any."""
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name, value in plain.items():
            if isinstance(value, TextPolicy):
                plain[name] = value.to_plain()
            elif dataclasses.is_dataclass(value) and not isinstance(value, type):
                plain[name] = dataclasses.asdict(value)
        plain["rules"] = [dataclasses.asdict(rule) for rule in self.rules]
        if not self.rules:  # so that trainings from before there were rules can be resumed
            del plain["rules"]
        return plain


def without_places(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `TrainRecipe.to_plain` gave, without what changes nothing that is learned."""
    kept = {key: dict(v) if isinstance(v, Mapping) else v for key, v in plain.items()}
    for place in _PLACES:
        section, _, key = place.rpartition(".")
        (kept[section] if section else kept).pop(key, None)
    return kept


def read_preset(name: str) -> dict[str, Any]:
    """Return the content of a recipe that comes with Interlink.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in PRESETS:
        raise UsageError(f"there is no preset {name!r}; presets are {', '.join(PRESETS)}")
    file = resources.files(__package__) / "recipes" / f"{name}.yaml"
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content


def _merge(preset: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the preset with what is stated in it, key by key of each section."""
    merged = dict(preset)
    for key, value in stated.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            value = {**below, **value}
        merged[key] = value
    return merged


def _mapping(name: str, content: object) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise UsageError(f"{name} is {content!r}, it must be a mapping")
    return content


def _check_pairs(place: str, pairs: int) -> None:
    if pairs == 1:
        raise UsageError(
            f"{place}=1 compares a pair with nothing: take at least 2, or 0 for no pairs"
        )


def _check_least(options: object, least: Mapping[str, float]) -> None:
    section = type(options).__name__.removesuffix("Options").lower()
    for name, lowest in least.items():
        value = getattr(options, name)
        if value is not None and not lowest <= value < math.inf:
            finite = "finite and " if value == math.inf else ""
            raise UsageError(f"{section}.{name}={value} must be {finite}at least {lowest}")
