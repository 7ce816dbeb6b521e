"""Gated cross attention: how a token of the upper half reads the media that it belongs to.

Shapes: B sequences, L tokens, M media, N latents of a media, D language width, V vision width,
A heads, Q width of a head.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention import feed_forward
from .config import CosmoConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaView:
    """Which media each token sees; made once per call and shared by all blocks."""

    index_BL: Tensor
    """1-based, 0 for none."""
    visible_B1LT: Tensor | None
    """bool, true where token L may read visual token T of M * N; None for the gather form.

    A token that sees no media has a row of trues: its attention is defined, and then dropped.
    """

    @classmethod
    def make(cls, index_BL: Tensor, *, media: int, latents: int, dense: bool) -> "MediaView":
        """Return the view of tokens on `media` media of `latents` visual tokens each."""
        if not dense:
            return cls(index_BL=index_BL, visible_B1LT=None)
        owner_T = torch.arange(1, media + 1, device=index_BL.device).repeat_interleave(latents)
        visible_BLT = (index_BL[..., None] == owner_T) | (index_BL == 0)[..., None]
        return cls(index_BL=index_BL, visible_B1LT=visible_BLT[:, None])


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaKeys:
    """Keys and values of the media for one block; they do not depend on the text."""

    keys_BMNAQ: Tensor
    values_BMNAQ: Tensor


class GatedCrossAttention(nn.Module):
    """Adds what the media say to the stream, through two gates that start at 0.

    With closed gates it adds exactly nothing, so that the model starts as the bare language model.
    Inner widths are divided by `xattn_compress` (the paper's light cross attention).
    """

    residual_scale: Tensor

    def __init__(self, width: int, vision_width: int, config: CosmoConfig) -> None:
        super().__init__()
        self.heads = config.xattn_heads
        head_dim = config.xattn_head_dim // config.xattn_compress
        inner = self.heads * head_dim
        # The reference divides the width of a head by r and keeps the scale of the whole one.
        self.scale = (config.xattn_head_dim if config.faithful else head_dim) ** -0.5
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, inner, bias=False)
        self.key_value = nn.Linear(vision_width, 2 * inner, bias=False)
        self.output = nn.Linear(inner, width, bias=False)
        self.query_norm = nn.LayerNorm(head_dim, bias=False) if config.qk_norm else nn.Identity()
        self.key_norm = nn.LayerNorm(head_dim, bias=False) if config.qk_norm else nn.Identity()
        self.feed_forward = feed_forward(width, 4 * width // config.xattn_compress)
        self.attention_gate = nn.Parameter(torch.zeros(1))
        self.feed_forward_gate = nn.Parameter(torch.zeros(1))
        self.register_buffer("residual_scale", torch.ones(()))

    def media_keys(self, tokens_BMNV: Tensor) -> MediaKeys:
        """Return keys and values of the media: once per call, kept while decoding."""
        keys, values = self.key_value(tokens_BMNV).unflatten(-1, (2, self.heads, -1)).unbind(-3)
        return MediaKeys(keys_BMNAQ=self.key_norm(keys), values_BMNAQ=values)

    def forward(self, hidden_BLD: Tensor, media: MediaKeys, view: MediaView) -> Tensor:
        """Return the stream with the media read into it; its dtype is kept."""
        read_BLD = self.read(hidden_BLD, media, view)
        gate = self.attention_gate.tanh() * self.residual_scale
        hidden_BLD = (hidden_BLD + gate * read_BLD).to(hidden_BLD.dtype)
        gate = self.feed_forward_gate.tanh() * self.residual_scale
        added_BLD: Tensor = gate * self.feed_forward(hidden_BLD)
        return (hidden_BLD + added_BLD).to(hidden_BLD.dtype)

    def read(self, hidden_BLD: Tensor, media: MediaKeys, view: MediaView) -> Tensor:
        """Return the attention's output before its gate, exactly 0 where no media is seen."""
        query_BLAQ = self.query_norm(
            self.query(self.norm(hidden_BLD)).unflatten(-1, (self.heads, -1))
        )
        attend = self._gather if view.visible_B1LT is None else self._dense
        output_BLD = self.output(attend(query_BLAQ, media, view).flatten(2))
        return torch.where((view.index_BL > 0)[..., None], output_BLD, 0.0)

    def _dense(self, query_BLAQ: Tensor, media: MediaKeys, view: MediaView) -> Tensor:
        """Attend to all media of the row under a mask."""
        keys_BATQ = media.keys_BMNAQ.flatten(1, 2).transpose(1, 2)
        values_BATQ = media.values_BMNAQ.flatten(1, 2).transpose(1, 2)
        read_BALQ = functional.scaled_dot_product_attention(
            query_BLAQ.transpose(1, 2),
            keys_BATQ,
            values_BATQ,
            attn_mask=view.visible_B1LT,
            scale=self.scale,
        )
        return read_BALQ.transpose(1, 2)

    def _gather(self, query_BLAQ: Tensor, media: MediaKeys, view: MediaView) -> Tensor:
        """Attend to the one media that each token sees."""
        row_B1 = torch.arange(len(query_BLAQ), device=query_BLAQ.device)[:, None]
        of_token = (row_B1, view.index_BL.clamp(min=1) - 1)
        scores_BLAN = torch.einsum("blaq,blnaq->blan", query_BLAQ, media.keys_BMNAQ[of_token])
        weights_BLAN = (scores_BLAN * self.scale).softmax(-1)
        return torch.einsum("blan,blnaq->blaq", weights_BLAN, media.values_BMNAQ[of_token])
