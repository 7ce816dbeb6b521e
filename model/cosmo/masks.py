"""Who may attend to whom in the language model, and whether media stand where they should.

Shapes: B sequences, M media, L tokens that ask, T tokens that can be attended to (T >= L; the last
L of them are those that ask).
"""

import torch
from torch import Tensor

from .batch import PackedBatch


def block_causal_mask(document_BT: Tensor, queries: int, dtype: torch.dtype) -> Tensor:
    """Return the additive mask [B, 1, L, T] of packed documents, on every language model family.

    A token sees itself and earlier tokens of its own document. Padding (one more "document") sees
    earlier padding and itself, so that no row is without a key.

    Args:
        document_BT: number of each token's document.
        queries: L.
        dtype: of the hidden states.
    """
    keys = document_BT.shape[1]
    same_BLT = document_BT[:, -queries:, None] == document_BT[:, None]
    causal_LT = torch.ones(queries, keys, dtype=torch.bool, device=document_BT.device).tril(
        keys - queries
    )
    mask_BLT = torch.zeros_like(same_BLT, dtype=dtype)
    mask_BLT.masked_fill_(~(same_BLT & causal_LT), torch.finfo(dtype).min)
    return mask_BLT[:, None]


def check_media(batch: PackedBatch, visual: int) -> None:
    """Check that each `<visual>` has its media and tokens look at media that there are.

    Raises:
        ValueError: they do not; the text names rows and counts.
    """
    is_visual_BL = batch.input_ids_BL == visual
    there_BM = batch.media.frame_mask_BMF.any(-1)
    tokens_B, media_B = is_visual_BL.sum(1), there_BM.sum(1)
    if not torch.equal(tokens_B, media_B):
        raise ValueError(
            f"<visual> tokens per row {tokens_B.tolist()} must be as many as the row's media "
            f"{media_B.tolist()} (rows {', '.join(batch.sequence_ids)})"
        )
    order_BL = is_visual_BL.cumsum(1)
    own_BL = torch.where(is_visual_BL, batch.media_index_BL == order_BL, True)
    if not bool((own_BL & (batch.media_index_BL <= order_BL)).all()):
        raise ValueError(
            "media_index_BL must give the j-th <visual> of a row its media j, and no token a later "
            f"one (rows {', '.join(batch.sequence_ids)})"
        )
