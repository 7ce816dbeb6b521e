"""The vision tower of the tiny base: a small convolution stem, then pre-norm transformer blocks.

Shapes: N pictures, P patches, V vision width, C channels, H W pixels.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own name for it)

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
_STEM_STRIDE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyTowerConfig:
    """The shape of a tiny tower, and how its pictures are normalised."""

    kind: str = "tiny"
    """Tells `load_vision_tower` whose folder it is."""
    size_px: int = 96
    """Side of the square picture."""
    patch_px: int = 12
    """Side of a patch: the stem's strides are a quarter of it, 2 and 2."""
    width: int = 96
    """V."""
    depth: int = 2
    """Transformer blocks."""
    heads: int = 4
    """Attention heads of a block."""
    mean: tuple[float, float, float] = (0.4, 0.4, 0.4)
    """Taken from RGB values in [0, 1]."""
    std: tuple[float, float, float] = (0.3, 0.3, 0.3)
    """What they are divided by then."""

    def __post_init__(self) -> None:
        if self.kind != "tiny":
            raise ValueError(f"kind={self.kind!r} must be 'tiny'")
        if self.patch_px % _STEM_STRIDE or self.size_px % self.patch_px:
            raise ValueError(
                f"size_px={self.size_px} must be a multiple of patch_px={self.patch_px}, and that "
                f"one of {_STEM_STRIDE}"
            )
        if self.width % (2 * self.heads):
            raise ValueError(f"width={self.width} must be a multiple of 2 * heads={self.heads}")

    @property
    def num_patches(self) -> int:
        """P."""
        return (self.size_px // self.patch_px) ** 2


class TinyTower(nn.Module):
    """Pictures to patch features."""

    def __init__(self, config: TinyTowerConfig) -> None:
        super().__init__()
        self.config = config
        # Overlapping strides tell a circle from a square in a few pixels; one of 4 x 4 does not.
        self.stem = nn.Sequential(
            nn.Conv2d(3, config.width // 4, 5, config.patch_px // _STEM_STRIDE, 2),
            nn.GELU(),
            nn.Conv2d(config.width // 4, config.width // 2, 3, 2, 1),
            nn.GELU(),
            nn.Conv2d(config.width // 2, config.width, 3, 2, 1),
        )
        for layer in self.stem:
            if isinstance(
                layer, nn.Conv2d
            ):  # torch's own makes the third layer's output 25 times less
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        self.position_PV = nn.Parameter(torch.randn(config.num_patches, config.width))
        self.blocks = nn.ModuleList(
            TinyBlock(config.width, config.heads) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.width)

    @property
    def size_px(self) -> int:
        """Side of the square picture that `forward` takes."""
        return self.config.size_px

    @property
    def mean(self) -> tuple[float, float, float]:
        """Mean of normalised pixels, of RGB in [0, 1]."""
        return self.config.mean

    @property
    def std(self) -> tuple[float, float, float]:
        """Standard deviation of normalised pixels, of RGB in [0, 1]."""
        return self.config.std

    @property
    def width(self) -> int:
        """V."""
        return self.config.width

    @property
    def num_patches(self) -> int:
        """P."""
        return self.config.num_patches

    def normalize(self, pictures_NCHW: Tensor) -> Tensor:
        """Turn uint8 RGB into what `forward` takes."""
        mean = torch.tensor(self.mean, device=pictures_NCHW.device)[:, None, None]
        std = torch.tensor(self.std, device=pictures_NCHW.device)[:, None, None]
        return (pictures_NCHW.float() / 255 - mean) / std

    def forward(self, pixels_NCHW: Tensor) -> Tensor:
        """Return features_NPV of normalised pixels; patches run row by row from the top left."""
        features_NPV = self.stem(pixels_NCHW).flatten(2).transpose(1, 2) + self.position_PV
        for block in self.blocks:
            features_NPV = block(features_NPV)
        return cast(Tensor, self.norm(features_NPV))

    def save(self, folder: Path) -> None:
        """Write the folder that `load` reads: JSON and safetensors."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(self.config), indent=1) + "\n"
        (folder / CONFIG_NAME).write_text(text, encoding="utf-8")
        state = {name: tensor.contiguous() for name, tensor in self.state_dict().items()}
        save_file(state, folder / WEIGHTS_NAME)
        (folder / WEIGHTS_NAME).chmod(0o644)  # safetensors 0.8 writes files of mode 0600

    @classmethod
    def load(cls, folder: Path) -> "TinyTower":
        """Read what `save` wrote.

        Raises:
            ValueError: the JSON has unknown keys or values.
        """
        values: dict[str, Any] = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
        unknown = set(values) - set(TinyTowerConfig.__dataclass_fields__)
        if unknown:
            raise ValueError(f"{folder / CONFIG_NAME}: {sorted(unknown)} are no fields of a tower")
        for name in ("mean", "std"):
            values[name] = tuple(values[name])
        tower = cls(TinyTowerConfig(**values))
        tower.load_state_dict(load_file(folder / WEIGHTS_NAME))
        return tower.eval()


class TinyBlock(nn.Module):
    """A pre-norm transformer block without causal mask."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width, bias=False),
            nn.GELU(),
            nn.Linear(2 * width, width, bias=False),
        )

    def forward(self, tokens_NPV: Tensor, mask_NP: Tensor | None = None) -> Tensor:
        """Return tokens_NPV; tokens whose mask is False are seen by none."""
        split = self.query_key_value(self.attention_norm(tokens_NPV))
        query, key, value = split.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mask = None if mask_NP is None else mask_NP[:, None, None]
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        tokens_NPV = tokens_NPV + self.output(seen.transpose(1, 2).flatten(2))
        return cast(Tensor, tokens_NPV + self.mlp(self.mlp_norm(tokens_NPV)))
