"""The contrastive half: one vector for a media, one for a text, and the scale between them.

Shapes: S pairs, L tokens, D language width, V vision width, E width of the embeddings.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention import PerceiverLayer
from .config import CosmoConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddings:
    """Both sides of a batch of pairs."""

    image_SE: Tensor
    """L2-normalised."""
    text_SE: Tensor
    """L2-normalised."""
    logit_scale: Tensor
    """0-dim: natural logarithm of what similarities are multiplied by, within its bound."""


class TextFusion(nn.Module):
    """One learned query reads the hidden states of a text."""

    def __init__(self, width: int, config: CosmoConfig) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, width))
        self.layer = PerceiverLayer(
            width, heads=config.fusion_heads, head_dim=config.fusion_head_dim
        )
        self.norm = nn.LayerNorm(width, bias=False)

    def forward(self, hidden_SLD: Tensor, visible_SL: Tensor | None) -> Tensor:
        """Return [S, D]; `visible_SL` is true where a token belongs to the text."""
        query_S1D = self.query.expand(len(hidden_SLD), 1, -1)
        return cast(Tensor, self.norm(self.layer(query_S1D, hidden_SLD, visible_SL)[:, 0]))


class ContrastiveHeads(nn.Module):
    """Text fusion, the two projections and the learned scale."""

    def __init__(self, width: int, vision_width: int, config: CosmoConfig) -> None:
        super().__init__()
        self.fusion = TextFusion(width, config)
        self.text = nn.Linear(width, config.contrastive_dim, bias=False)
        self.image = nn.Linear(vision_width, config.contrastive_dim, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(config.logit_scale_init))
        self.logit_scale_max = config.logit_scale_max

    def forward(
        self, summary_SV: Tensor, hidden_SLD: Tensor, visible_SL: Tensor | None
    ) -> Embeddings:
        """Embed media by their summary, texts by their hidden states after the lower half."""
        text_SD = self.fusion(hidden_SLD, visible_SL)
        return Embeddings(
            image_SE=functional.normalize(self.image(summary_SV).float(), dim=-1),
            text_SE=functional.normalize(self.text(text_SD).float(), dim=-1),
            logit_scale=self.bounded_scale(),
        )

    def bounded_scale(self) -> Tensor:
        """Return the scale, cut at its bound.

        The gradient passes as if it were not cut: else a scale once above its bound would never
        come down again.
        """
        if self.logit_scale_max is None:
            return self.logit_scale
        excess = (self.logit_scale - self.logit_scale_max).clamp(min=0).detach()
        return self.logit_scale - excess
