"""The choices that make one COSMO: its bases, where they are split, how wide the new parts are."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from ...schemas.errors import UsageError

NewRows = Literal["frozen", "output", "both"]
XattnForm = Literal["dense", "gather"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CosmoConfig:
    """One COSMO. Defaults are ours; `model/recipes/faithful-2b.yaml` states the reference's.

    "Reference" is the authors' repository, showlab/cosmo at 2024-04-02.
    """

    language_model: str
    """Folder or hub name of the frozen language model, or `tiny-base`."""
    vision_tower: str
    """Folder or hub name of the frozen vision tower, or `tiny-base`."""

    unimodal_depth: int
    """U: so many layers of the language model see text only; at least 1."""
    xattn_every: int = 2
    """A gated block precedes layers U, U + this, ... of the language model."""
    xattn_compress: int = 2
    """r: the blocks' inner widths are divided by it."""
    xattn_heads: int = 8
    """Heads of a gated block; the reference keeps 8 whatever r is."""
    xattn_head_dim: int = 64
    """Width of one head before it is divided by r."""
    xattn_form: XattnForm = "dense"
    """How attention to media is computed; both give the same result. `gather` suits few media."""
    qk_norm: bool = True
    """Whether queries and keys of a gated block are normalised, per head."""
    residual_scale: bool = True
    """Whether a block's output is multiplied by the size of the stream that it is added to, as
    measured once by `model.cosmo.calibrate.calibrate`. [Tiny base, 8 documents: loss 0.05 after 126
    steps, else after 172.]"""

    num_latents: int = 64
    """Visual tokens per media, besides the one query of the contrastive loss."""
    resampler_depth: int = 6
    """Layers of the resampler."""
    resampler_heads: int = 8
    """Heads of each."""
    resampler_head_dim: int = 64
    """Width of one head."""
    frame_time_embedding: bool = True
    """Whether the resampler is told when each frame is shown; without it order is invisible."""
    tower_final_norm: bool = False
    """Whether the tower's patch tokens go through its last layer norm. Without it they are those of
    open_clip up to 2.22 and `CLIPVisionModel.last_hidden_state`, with it those of 2.23 and on."""

    contrastive_dim: int = 512
    """Width of the embeddings that pairs are compared by."""
    fusion_heads: int = 8
    """Heads of the layer that makes one vector of a text."""
    fusion_head_dim: int = 64
    """Width of one head."""
    logit_scale_init: float = math.log(1 / 0.07)
    """Natural logarithm of the first temperature's inverse (CLIP, arXiv 2103.00020)."""
    logit_scale_max: float | None = math.log(100.0)
    """Upper bound of the same; null for none, as in the reference."""

    new_rows: NewRows = "output"
    """Which embedding rows of the added tokens learn. `both` needs autograd through all layers."""
    faithful: bool = False
    """Keeps the reference's quirks that have no switch of their own: attention scale 1/8 whatever
    the head width, text feature after U - 1 layers, padding and special tokens in the text feature,
    media of padding in the picture feature, six added tokens with random rows."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type is int and value < 1:
                raise UsageError(f"model.{field.name}={value} must be at least 1")
            if isinstance(value, float) and not math.isfinite(value):
                raise UsageError(f"model.{field.name}={value} must be finite")
        inner = self.xattn_heads * self.xattn_head_dim
        if self.xattn_head_dim % self.xattn_compress:
            raise UsageError(
                f"model.xattn_compress={self.xattn_compress} must divide "
                f"xattn_head_dim={self.xattn_head_dim} (inner width {inner})"
            )
        for name, allowed in (("xattn_form", XattnForm), ("new_rows", NewRows)):
            if getattr(self, name) not in allowed.__args__:  # type: ignore[attr-defined]
                raise UsageError(
                    f"model.{name}={getattr(self, name)!r} must be one of "
                    f"{', '.join(allowed.__args__)}"  # type: ignore[attr-defined]
                )

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> Self:
        """Read a config from parsed JSON or from a recipe's `model` section.

        Raises:
            UsageError: a key is unknown or missing, or a value is not allowed.
        """
        known = {field.name: field for field in dataclasses.fields(cls)}
        for name in content:
            if name not in known:
                raise UsageError(
                    f"model.{name} is unknown; the model's keys are {', '.join(known)}"
                )
        for name, field in known.items():
            if name not in content and field.default is dataclasses.MISSING:
                raise UsageError(f"model.{name} is missing; it has no default")
        values: dict[str, Any] = {}
        for name, value in content.items():
            values[name] = _checked(known[name], value)
        return cls(**values)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        return cls.from_mapping(json.loads(text))

    def to_json(self) -> str:
        """Return all fields as JSON, in the order of their declaration."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


def _checked(field: "dataclasses.Field[Any]", value: object) -> object:
    """Return the value of one key, refused where its type is wrong (`true` is no integer)."""
    kinds: dict[object, tuple[type, ...]] = {
        bool: (bool,),
        int: (int,),
        float: (int, float),
        float | None: (int, float, type(None)),
    }
    allowed = kinds.get(field.type, (str,))
    if not isinstance(value, allowed) or (isinstance(value, bool) and field.type is not bool):
        words = " or ".join("null" if kind is type(None) else kind.__name__ for kind in allowed)
        raise UsageError(f"model.{field.name}={value!r} must be of type {words}")
    return float(value) if isinstance(value, int) and float in allowed else value
