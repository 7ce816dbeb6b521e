"""The small parts that the resampler, the text fusion and the gated blocks are made of.

Shapes: R rows, T context tokens, N latents, D width, A heads, Q width of a head.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def feed_forward(width: int, inner: int) -> nn.Sequential:
    """Return layer norm, up, GELU, down, without biases in the linear layers."""
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, inner, bias=False),
        nn.GELU(),
        nn.Linear(inner, width, bias=False),
    )


class PerceiverLayer(nn.Module):
    """Latents read a context and one another, then a feed-forward net (Flamingo, 2204.14198)."""

    def __init__(self, width: int, *, heads: int, head_dim: int) -> None:
        super().__init__()
        self.heads = heads
        inner = heads * head_dim
        self.context_norm = nn.LayerNorm(width)
        self.latent_norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, inner, bias=False)
        self.key_value = nn.Linear(width, 2 * inner, bias=False)
        self.output = nn.Linear(inner, width, bias=False)
        self.feed_forward = feed_forward(width, 4 * width)

    def forward(
        self, latents_RND: Tensor, context_RTD: Tensor, visible_RT: Tensor | None
    ) -> Tensor:
        """Return the latents after one layer.

        Args:
            latents_RND: they attend to themselves too, so that no row is ever without a key.
            context_RTD: what they read.
            visible_RT: bool, true where the context may be read; None for everywhere.
        """
        latents_norm_RND = self.latent_norm(latents_RND)
        source = torch.cat([self.context_norm(context_RTD), latents_norm_RND], 1)
        keys, values = self.key_value(source).chunk(2, -1)
        mask = None
        if visible_RT is not None:
            mask = functional.pad(visible_RT, (0, latents_RND.shape[1]), value=True)[:, None, None]
        read_RANQ = functional.scaled_dot_product_attention(
            self._split(self.query(latents_norm_RND)),
            self._split(keys),
            self._split(values),
            attn_mask=mask,
        )
        latents_RND = latents_RND + self.output(read_RANQ.transpose(1, 2).flatten(2))
        output_RND: Tensor = latents_RND + self.feed_forward(latents_RND)
        return output_RND

    def _split(self, rows_RTI: Tensor) -> Tensor:
        """[R, T, A * Q] -> [R, A, T, Q]."""
        rows, tokens, _ = rows_RTI.shape
        return rows_RTI.view(rows, tokens, self.heads, -1).transpose(1, 2)
