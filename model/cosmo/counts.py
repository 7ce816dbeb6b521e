"""How large a COSMO is, before it is built: parameters by part, memory, tokens of a step.

Shapes: D language width, V vision width, Y vocabulary, P patches of a frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from .model import PARTS, Cosmo
from .vision import VisionTower

OPENFLAMINGO_3B_TRAINABLE = 1_047_000_000
"""944 M in 24 cross attention blocks and the resampler, 103 M embeddings: what the paper's "34 %"
(340 M) is relative to. It is no share of the model itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the model."""

    name: str
    trainable: int
    """Parameters that learn."""
    frozen: int
    """Parameters that do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The parameters of a model by part; each is counted once, tied ones too."""

    parts: tuple[Part, ...]

    @property
    def trainable(self) -> int:
        """Parameters that learn."""
        return sum(part.trainable for part in self.parts)

    @property
    def frozen(self) -> int:
        """Parameters that do not."""
        return sum(part.frozen for part in self.parts)

    @property
    def total(self) -> int:
        """All parameters."""
        return self.trainable + self.frozen

    @property
    def trainable_share(self) -> float:
        """Of all parameters."""
        return self.trainable / self.total


def count_parameters(model: Cosmo) -> Counts:
    """Count by part, on any device."""
    lower = {id(p) for number in model.lower for p in model.language.layers[number].parameters()}
    layers = {id(p) for layer in model.language.layers for p in layer.parameters()}

    def part_of(name: str, parameter: nn.Parameter) -> str:
        if name.startswith("tower."):
            return "vision tower"
        if name.startswith("language.model."):
            if id(parameter) in lower:
                return "language model, lower half"
            is_layer = id(parameter) in layers
            return "language model, upper half" if is_layer else "language model, embeddings"
        return next(part for part, prefix in PARTS.items() if name.startswith(prefix))

    found: dict[str, list[int]] = {}
    for name, parameter in model.named_parameters():
        counts = found.setdefault(part_of(name, parameter), [0, 0])
        counts[0 if parameter.requires_grad else 1] += parameter.numel()
    return Counts(parts=tuple(Part(name=n, trainable=t, frozen=f) for n, (t, f) in found.items()))


def share_table(models: Mapping[str, Counts]) -> str:
    """Return a Markdown table of what learns in each model, for the README."""
    lines = [
        "| model | learn | all | share | of what learns in OpenFlamingo-3B |",
        "|---|---|---|---|---|",
    ]
    for name, counts in models.items():
        lines.append(
            f"| {name} | {counts.trainable / 1e6:.1f} M | {counts.total / 1e6:,.1f} M "
            f"| {counts.trainable_share:.1%} "
            f"| {counts.trainable / OPENFLAMINGO_3B_TRAINABLE:.1%} |"
        )
    lines.append(
        "\nThe paper's 34 % is its 340 M over the 1 B that learn in OpenFlamingo-3B, no share of "
        "the model; no published configuration gives 340 M."
    )
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShape:
    """What one micro-batch on one device holds."""

    sequences: int
    sequence_tokens: int
    """Tokens of one packed sequence."""
    media: int
    """Media of all sequences together."""
    pairs: int
    pair_tokens: int
    """Tokens of the longest text of a pair."""
    frames: int
    """Frames of one media."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes on one device. An estimate: kernels' workspaces and fragmentation are left out."""

    frozen_weights: int
    trained_weights: int
    """float32."""
    gradients: int
    optimizer: int
    """Both moments of AdamW, float32."""
    activations: int
    """What the backward pass needs; nothing of the tower and of the lower half."""

    @property
    def total(self) -> int:
        """Bytes."""
        return (
            self.frozen_weights
            + self.trained_weights
            + self.gradients
            + self.optimizer
            + self.activations
        )


def estimate_memory(model: Cosmo, step: StepShape, *, frozen_bytes: int = 2) -> Memory:
    """Estimate the memory of training under autocast to 16 bits, without activation checkpoints.

    Args:
        model: on any device, `meta` too.
        step: what a micro-batch holds.
        frozen_bytes: of one frozen parameter: 2 in bf16, 4 in float32.
    """
    counts = count_parameters(model)
    tokens = step.sequences * step.sequence_tokens
    media = step.media + step.pairs
    activations = (
        tokens * _upper_bytes_per_token(model)
        + step.pairs * step.pair_tokens * _perceiver_bytes(model.language.width)
        + media * _resampler_bytes(model, step.frames)
        # Logits: base columns, then joined with the added ones; float32 twice for labelled rows.
        + tokens * model.special.vocabulary * (2 + 2 + 4 + 4)
    )
    return Memory(
        frozen_weights=counts.frozen * frozen_bytes,
        trained_weights=counts.trainable * 4,
        gradients=counts.trainable * 4,
        optimizer=counts.trainable * 8,
        activations=activations,
    )


def tokens_per_step(step: StepShape, *, accumulation: int, ranks: int) -> int:
    """Return the packed tokens, padding included, of one step of the optimizer."""
    return step.sequences * step.sequence_tokens * accumulation * ranks


def _upper_bytes_per_token(model: Cosmo) -> int:
    """Activations of layers and gated blocks from U on; matrices 16 bits, norms 32 bits."""
    width, config = model.language.width, model.config
    text = model.language.model.config
    inner: int = getattr(text, "intermediate_size", None) or text.ffn_dim
    # Two norms' inputs; queries, keys, values, what was read; both sides of the activation. A
    # frozen matrix does not keep its input.
    layer = 2 * width * 4 + 4 * width * 2 + 2 * inner * 2
    narrow = config.xattn_heads * config.xattn_head_dim // config.xattn_compress
    wide = 4 * width // config.xattn_compress
    # Norms' inputs and outputs, what the gates multiply, queries and what was read, both sides of
    # the activation: a trained matrix keeps its input.
    block = 2 * width * (4 + 2) + 2 * width * 2 + 4 * narrow * 2 + 2 * wide * 2
    layers = len(model.language.numbers) - config.unimodal_depth
    return layer * layers + block * len(model.gated_blocks())


def _resampler_bytes(model: Cosmo, frames: int) -> int:
    """Activations for one media: each layer keeps the whole context once more."""
    tower: VisionTower = model.tower  # type: ignore[assignment]
    context = frames * tower.num_patches + model.config.num_latents + 1
    return context * model.config.resampler_depth * _perceiver_bytes(tower.width)


def _perceiver_bytes(width: int) -> int:
    """Activations of a Perceiver layer for one token of its context: norm, joined, keys, values."""
    return width * (4 + 2 + 2) + 2 * 512 * 2
