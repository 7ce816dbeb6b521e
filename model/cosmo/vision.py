"""Frozen vision towers: pictures in, patch features out. Read from safetensors only.

Shapes: N pictures, C channels, H W pixels, P patches, V vision width, B sequences, M media,
F frames.
"""

import json
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from transformers import CLIPVisionModel

from ...schemas.errors import UsageError
from .bases import require_safetensors
from .batch import Media
from .tiny_tower import TinyTower

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
"""Of openai/CLIP, for a folder without preprocessor_config.json."""
_FRAMES_AT_ONCE = 256
"""Frames in one call of a tower, which bounds its memory."""


class VisionTower(Protocol):
    """What COSMO needs of a tower; it is an `nn.Module` too."""

    @property
    def size_px(self) -> int:
        """Side of the square picture."""
        ...

    @property
    def mean(self) -> tuple[float, float, float]:
        """Of RGB values in [0, 1]."""
        ...

    @property
    def std(self) -> tuple[float, float, float]:
        """What they are divided by then."""
        ...

    @property
    def width(self) -> int:
        """V."""
        ...

    @property
    def num_patches(self) -> int:
        """P."""
        ...

    def __call__(self, pixels_NCHW: Tensor) -> Tensor:
        """Return features_NPV of normalised pixels."""
        ...


class ClipTower(nn.Module):
    """The patch tokens of a Hugging Face CLIP vision model; its class token is dropped."""

    def __init__(
        self,
        model: CLIPVisionModel,
        *,
        mean: tuple[float, float, float] = CLIP_MEAN,
        std: tuple[float, float, float] = CLIP_STD,
        final_norm: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.mean, self.std = mean, std
        self.final_norm = final_norm
        config = model.config
        self.size_px = cast(int, config.image_size)
        self.width: int = config.hidden_size
        self.num_patches: int = (self.size_px // cast(int, config.patch_size)) ** 2

    def forward(self, pixels_NCHW: Tensor) -> Tensor:
        """Return features_NPV of normalised pixels, patches row by row."""
        features_NPV: Tensor = self.model(pixel_values=pixels_NCHW).last_hidden_state[:, 1:]
        if self.final_norm:
            features_NPV = clip_transformer(self.model).post_layernorm(features_NPV)
        return features_NPV


def clip_transformer(model: CLIPVisionModel) -> Any:  # noqa: ANN401  (transformers is untyped)
    """Return the part that holds the layers: transformers moved it up a level in 5.x."""
    return getattr(model, "vision_model", model)


def load_vision_tower(folder: Path, *, final_norm: bool = False) -> nn.Module:
    """Read a tower: a tiny one of ours, or a CLIP (whole, or its vision model alone).

    Args:
        folder: with `config.json` and `*.safetensors`.
        final_norm: see `CosmoConfig.tower_final_norm`; CLIP only.

    Returns:
        A `VisionTower` in evaluation mode, without gradients, float32.

    Raises:
        UsageError: the folder is no tower, of an unknown kind, or has its weights as a pickle only.
    """
    require_safetensors(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config.get("kind") == "tiny":
        tower: nn.Module = TinyTower.load(folder)
    elif config.get("model_type") in ("clip", "clip_vision_model"):
        model = CLIPVisionModel.from_pretrained(
            folder, use_safetensors=True, dtype=torch.float32, local_files_only=True
        )
        tower = ClipTower(model, **_clip_pixels(folder), final_norm=final_norm)
    else:
        raise UsageError(
            f"{folder}/config.json is of a {config.get('model_type')!r}; vision towers are of "
            "model_type 'clip' or 'clip_vision_model', or of kind 'tiny'"
        )
    return tower.eval().requires_grad_(False)


def _clip_pixels(folder: Path) -> dict[str, tuple[float, float, float]]:
    """Return how the tower's own files say that pixels are normalised."""
    path = folder / "preprocessor_config.json"
    if not path.exists():
        return {"mean": CLIP_MEAN, "std": CLIP_STD}
    content = json.loads(path.read_text(encoding="utf-8"))
    return {"mean": tuple(content["image_mean"]), "std": tuple(content["image_std"])}


@torch.no_grad()
def frame_features(tower: nn.Module, media: Media) -> Tensor:
    """Run a frozen tower on the frames that there are -> [B, M, F, P, V], 0 elsewhere."""
    view = cast(VisionTower, tower)
    frames_NCHW = media.frames_BMFCHW[media.frame_mask_BMF]
    if frames_NCHW.shape[-2:] != (view.size_px, view.size_px):
        raise ValueError(
            f"frames of {tuple(frames_NCHW.shape[-2:])} pixels must be {view.size_px} x "
            f"{view.size_px}: resize the whole picture"
        )
    dtype, device = next(tower.parameters()).dtype, frames_NCHW.device
    mean = torch.tensor(view.mean, device=device)[:, None, None]
    std = torch.tensor(view.std, device=device)[:, None, None]
    shape = (*media.frame_mask_BMF.shape, view.num_patches, view.width)
    features_BMFPV = torch.zeros(shape, dtype=dtype, device=device)
    if len(frames_NCHW):
        features_BMFPV[media.frame_mask_BMF] = torch.cat(
            [
                view(((frames.float() / 255 - mean) / std).to(dtype)).to(dtype)
                for frames in torch.split(frames_NCHW, _FRAMES_AT_ONCE)
            ]
        )
    return features_BMFPV
