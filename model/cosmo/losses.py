"""The two losses, and how they are counted over micro-batches and ranks.

The objective is `sum over kinds k of w_k * CE_k / N_k + lambda * L_con`, where CE_k is the summed
cross entropy of the tokens of kind k in the global step, and N_k their number. Shapes: B sequences,
L tokens, Y vocabulary, K text kinds (in the order of `KINDS`), S pairs, E width of embeddings.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ...schemas.text import TextKind
from .batch import KINDS, NO_LOSS, PADDING, PackedBatch
from .heads import Embeddings


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageLoss:
    """The language-model loss of one batch."""

    total: Tensor
    """0-dim: sum over kinds of weight * summed cross entropy / count over the global step.

    Micro-batches and ranks add up to the loss of the global step: sum their gradients, do not
    average them.
    """
    by_kind_K: Tensor
    """Without weights and without gradient: summed cross entropy / count over the global step."""
    counts_K: Tensor
    """int64, tokens with loss in this batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastiveLoss:
    """The contrastive loss of one batch of pairs."""

    loss: Tensor
    """0-dim; 0 where no pair is valid."""
    top1: Tensor
    """0-dim share in [0, 1]: the partner is more similar than all negatives; mean of both ways."""
    effective_negatives: Tensor
    """0-dim: mean number of negatives of a pair after masking."""


def count_tokens(batch: PackedBatch) -> Tensor:
    """Return how many tokens of each kind have a loss: int64 [K]. Sum it over the global step.

    Raises:
        ValueError: a token has a label but no kind.
    """
    kinds = batch.label_kinds_BL[:, 1:][has_loss(batch)].long()
    if bool((kinds == PADDING).any()):
        raise ValueError("label_kinds_BL must name the kind of every token that has a label")
    return torch.bincount(kinds, minlength=len(KINDS))


def language_loss(
    logits_BLY: Tensor,
    batch: PackedBatch,
    weights: Mapping[TextKind, float],
    totals_K: Tensor | None = None,
) -> LanguageLoss:
    """Return the weighted language-model loss.

    Args:
        logits_BLY: of `Cosmo.forward`; those at t predict the token at t + 1.
        batch: what they were computed from.
        weights: by kind; a kind that is not named weighs nothing.
        totals_K: `count_tokens` summed over all micro-batches and ranks of the global step; None
            where this batch is all of it.
    """
    counts_K = count_tokens(batch)
    losses = token_losses(logits_BLY, batch)
    kinds = batch.label_kinds_BL[:, 1:][has_loss(batch)].long()
    sums_K = losses.new_zeros(len(KINDS)).index_add(0, kinds, losses)
    totals_K = counts_K if totals_K is None else totals_K
    means_K = sums_K / totals_K.clamp(min=1)
    weights_K = torch.tensor([weights.get(kind, 0.0) for kind in KINDS], device=losses.device)
    return LanguageLoss(
        total=(weights_K * means_K).sum(), by_kind_K=means_K.detach(), counts_K=counts_K
    )


def token_losses(logits_BLY: Tensor, batch: PackedBatch) -> Tensor:
    """Return the cross entropy of each token with a loss, in the order of `has_loss`; float32."""
    has_loss_BL = has_loss(batch)
    # Only rows with a label are copied to float32: the vocabulary is wide.
    return functional.cross_entropy(
        logits_BLY[:, :-1][has_loss_BL].float(),
        batch.labels_BL[:, 1:][has_loss_BL],
        reduction="none",
    )


def has_loss(batch: PackedBatch) -> Tensor:
    """Return which tokens from the second on are predicted with a loss: bool [B, L - 1].

    The first token of a document is not: what stands before it is another document.
    """
    document_BL = batch.document_BL
    same_BL = document_BL[:, 1:] == document_BL[:, :-1]
    return (batch.labels_BL[:, 1:] != NO_LOSS) & same_BL & (document_BL[:, 1:] != PADDING)


def contrastive_loss(embeddings: Embeddings, valid_S: Tensor, group_S: Tensor) -> ContrastiveLoss:
    """Return the symmetric InfoNCE loss over the pairs given (CLIP, arXiv 2103.00020).

    Args:
        embeddings: of all pairs that shall be one another's negatives, gathered where they are
            spread over ranks.
        valid_S: false for rows that are padding: neither positives nor negatives.
        group_S: pairs of one group are not negatives of one another.
    """
    scale = embeddings.logit_scale.float().exp()
    # Autocast would round similarities to 8 bits, and then multiply them by up to 100.
    with torch.autocast(valid_S.device.type, enabled=False):
        logits_SS = scale * embeddings.text_SE.float() @ embeddings.image_SE.float().T
    itself_SS = torch.eye(len(valid_S), dtype=torch.bool, device=valid_S.device)
    same_SS = group_S[:, None] == group_S
    negative_SS = ~same_SS & valid_S[:, None] & valid_S
    logits_SS = logits_SS.masked_fill(~(negative_SS | itself_SS), torch.finfo(torch.float32).min)
    partner_S = torch.arange(len(valid_S), device=valid_S.device)
    count = valid_S.sum().clamp(min=1)
    loss, hits = logits_SS.new_zeros(()), logits_SS.new_zeros(())
    for one_way_SS in (logits_SS, logits_SS.T):
        losses_S = functional.cross_entropy(one_way_SS, partner_S, reduction="none")
        loss = loss + torch.where(valid_S, losses_S, 0.0).sum() / count
        hits = hits + ((one_way_SS.detach().argmax(1) == partner_S) & valid_S).sum() / count
    return ContrastiveLoss(
        loss=loss / 2, top1=hits / 2, effective_negatives=negative_SS.sum() / count
    )
