"""The token resampler: any number of frames becomes one summary and N visual tokens.

Shapes: B sequences, M media, F frames, P patches of a frame, V vision width, N latents, R = B * M.
"""

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from .attention import PerceiverLayer
from .config import CosmoConfig

_PERIODS = 16
_SHORTEST_PERIOD_S = 0.5
"""The frame sets' grid: two frames per second."""
_LONGEST_PERIOD_S = 100.0
"""Longer than clips are (48 s on average in Howto-Interlink7M)."""
_TIME_STD = 0.02
"""From zero it would start as the reference does, but learns order later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTokens:
    """What the rest of the model sees of its media."""

    summary_BMV: Tensor
    """For the contrastive loss (the reference's query 0)."""
    tokens_BMNV: Tensor
    """For cross attention."""


class Resampler(nn.Module):
    """Perceiver resampler over all patches of all frames of a media."""

    def __init__(self, width: int, config: CosmoConfig) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.randn(config.num_latents + 1, width))
        self.layers = nn.ModuleList(
            PerceiverLayer(width, heads=config.resampler_heads, head_dim=config.resampler_head_dim)
            for _ in range(config.resampler_depth)
        )
        self.norm = nn.LayerNorm(width)
        self.time = FrameTime(width) if config.frame_time_embedding else None

    def forward(
        self, features_BMFPV: Tensor, frame_mask_BMF: Tensor, frame_times_BMF: Tensor
    ) -> MediaTokens:
        """Resample; frames that are masked out change nothing, a media without any is defined."""
        if self.time is not None:
            features_BMFPV = features_BMFPV + self.time(frame_times_BMF)[..., None, :]
        batch, media, _, patches, _ = features_BMFPV.shape
        context_RTV = features_BMFPV.flatten(2, 3).flatten(0, 1)
        visible_RT = frame_mask_BMF.flatten(0, 1).repeat_interleave(patches, 1)
        out_RNV = self.latents.expand(batch * media, -1, -1)
        for layer in self.layers:
            out_RNV = layer(out_RNV, context_RTV, visible_RT)
        out_BMNV = self.norm(out_RNV).unflatten(0, (batch, media))
        return MediaTokens(summary_BMV=out_BMNV[:, :, 0], tokens_BMNV=out_BMNV[:, :, 1:])


class FrameTime(nn.Module):
    """Times of frames as a learned projection of sines and cosines, 0.5 to 100 seconds long."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.projection = nn.Linear(2 * _PERIODS, width, bias=False)
        nn.init.normal_(self.projection.weight, std=_TIME_STD)

    def forward(self, times_BMF: Tensor) -> Tensor:
        """Seconds [B, M, F] -> [B, M, F, V]."""
        periods = torch.logspace(
            math.log10(_SHORTEST_PERIOD_S),
            math.log10(_LONGEST_PERIOD_S),
            _PERIODS,
            device=times_BMF.device,
        )
        angles = times_BMF[..., None] * (2 * math.pi / periods)
        return cast(Tensor, self.projection(torch.cat([angles.sin(), angles.cos()], -1)))
