"""Measuring on documents that are not trained on: loss, vision gain, retrieval. No training here.

A language-model loss can fall on templates without any vision. The **vision gain** cannot: it is
the loss when each document is shown the media of others, minus the loss with its own.

Shapes: B sequences, L tokens, M media of a sequence, N visual tokens, V vision width, T tokens with
loss, K text kinds (in the order of `KINDS`).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import torch
from torch import Tensor

from .cosmo.batch import KINDS, PackedBatch, PairBatch
from .cosmo.heads import Embeddings
from .cosmo.losses import contrastive_loss, has_loss, token_losses
from .cosmo.masks import check_media
from .cosmo.model import Cosmo
from .cosmo.resampler import MediaTokens
from .derange import Exchange
from .finite import finite
from .parallelize import Ranks

_SEED = 0
"""Of the exchange of media: the same at each evaluation, so that the curve shows the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was measured, over all ranks. Losses and gains are in nats per token."""

    documents: int
    """Documents with media and loss that the vision gain is measured on."""
    loss: float
    """Mean over all tokens with loss."""
    loss_by_kind: dict[str, float]
    """The same for the tokens of each text kind."""
    vision_gain: float
    """Mean over documents of the document's loss with foreign media minus that with its own."""
    vision_gain_error: float
    """Standard error of that mean."""
    vision_gain_by_kind: dict[str, float]
    """The same difference as a mean over all tokens of a kind in those documents."""
    retrieval_top1: float | None
    """Share of pairs whose partner is more similar than all others; None without pairs."""
    pairs: int
    """Pairs among which partners were looked for."""

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON holds; null for what is not finite."""
        plain: dict[str, Any] = finite(asdict(self))
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `to_plain` returned, whatever else may stand beside it."""
        values = {field.name: plain[field.name] for field in fields(cls)}
        for name in ("loss", "vision_gain", "vision_gain_error"):
            values[name] = math.nan if values[name] is None else values[name]
        for name in ("loss_by_kind", "vision_gain_by_kind"):
            values[name] = {k: math.nan if v is None else v for k, v in values[name].items()}
        return cls(**values)


@torch.no_grad()
def evaluate(
    model: Cosmo,
    packed: Iterable[PackedBatch],
    pairs: Iterable[PairBatch],
    *,
    ranks: Ranks,
) -> Evaluation:
    """Measure a model; its mode and the global generator are left as they were.

    Args:
        model: on the device of `ranks`.
        packed: this rank's share of the held-out documents. A batch in which fewer than two
            documents have media counts for the loss, not for the vision gain.
        pairs: this rank's share of the held-out pairs, as many rows on every rank; all ranks' are
            one another's negatives.
        ranks: of this process; the model computes in the precision of their device.

    Returns:
        What was measured; the vision gain is NaN where fewer than two documents could be shown the
        media of another one.
    """
    was_training = model.training
    model.eval()
    try:
        by_kind_4K = torch.zeros((4, len(KINDS)), dtype=torch.float64, device=ranks.device)
        documents_3 = torch.zeros(3, dtype=torch.float64, device=ranks.device)
        for batch in packed:
            with ranks.autocast():
                measured = _measure(model, batch.to(ranks.device))
            by_kind_4K += measured[0]
            documents_3 += measured[1]
        retrieval_top1, num_pairs = _retrieval(model, pairs, ranks)
    finally:
        model.train(was_training)
    count_K, loss_K, compared_K, gain_K = ranks.sum(by_kind_4K).cpu()
    gain, error, documents = _mean_and_error(ranks.sum(documents_3))
    return Evaluation(
        documents=documents,
        loss=float(loss_K.sum() / count_K.sum()),  # NaN where nothing is held out
        loss_by_kind=_means(loss_K, count_K),
        vision_gain=gain,
        vision_gain_error=error,
        vision_gain_by_kind=_means(gain_K, compared_K),
        retrieval_top1=retrieval_top1,
        pairs=num_pairs,
    )


def _measure(model: Cosmo, batch: PackedBatch) -> tuple[Tensor, Tensor]:
    """Return sums over tokens of each kind [4, K], and over documents [3]; float64.

    Over tokens: count, loss, then count and gain where the document was compared. Over documents
    that were compared: count, gain per token, its square.
    """
    exchange = Exchange.of(batch, _SEED)
    own_T, foreign_T = _losses(model, batch, exchange)
    has_loss_BL = has_loss(batch)
    kind_T = batch.label_kinds_BL[:, 1:][has_loss_BL].long()
    # Documents of all rows, numbered through; a row has at most L.
    row_B1 = torch.arange(len(batch.document_BL), device=own_T.device)[:, None]
    number_BL = row_B1 * batch.document_BL.shape[1] + batch.document_BL
    number_T = number_BL[:, 1:][has_loss_BL]
    sees_media_T = torch.isin(number_T, number_BL[batch.media_index_BL > 0])
    compared_T = (sees_media_T & (exchange is not None)).double()
    gain_T = (foreign_T - own_T) * compared_T
    columns = (torch.ones_like(own_T), own_T, compared_T, gain_T)
    by_kind_4K = torch.stack([_sum_by(kind_T, column_T, len(KINDS)) for column_T in columns])
    count_D = _sum_by(number_T, compared_T, number_BL.numel())
    gain_D = _sum_by(number_T, gain_T, number_BL.numel())
    gain_D = gain_D[count_D > 0] / count_D[count_D > 0]
    documents_3 = torch.stack([torch.ones_like(gain_D).sum(), gain_D.sum(), gain_D.square().sum()])
    return by_kind_4K, documents_3


def _losses(model: Cosmo, batch: PackedBatch, exchange: Exchange | None) -> tuple[Tensor, Tensor]:
    """Return the loss of each token [T] with its own media and with foreign ones; float64.

    As `Cosmo.forward`, but what does not depend on whose media are shown is computed once.
    """
    check_media(batch, model.special.visual)
    media = model.encode_media(batch.media)
    view = model.view(batch.media_index_BL, media)
    hidden_BLD, step = model.language.begin(
        batch.input_ids_BL, batch.position_ids_BL, batch.document_BL
    )
    hidden_BLD = model.language.run(model.lower, hidden_BLD, step)

    def losses(media: MediaTokens) -> Tensor:
        upper_BLD = model.upper(hidden_BLD, step, model.media_keys(media), view)
        return token_losses(model.language.logits(upper_BLD), batch).double()

    own_T = losses(media)
    if exchange is None:
        return own_T, own_T
    return own_T, losses(replace(media, tokens_BMNV=exchange.apply(media.tokens_BMNV)))


def _sum_by(index_T: Tensor, value_T: Tensor, size: int) -> Tensor:
    return value_T.new_zeros(size).index_add(0, index_T, value_T)


def _retrieval(
    model: Cosmo,
    pairs: Iterable[PairBatch],
    ranks: Ranks,
) -> tuple[float | None, int]:
    """Return top-1 and the number of pairs, over all batches and ranks."""
    found: list[tuple[PairBatch, Embeddings]] = []
    for batch in pairs:
        with ranks.autocast():
            found.append((batch, model.encode_pairs(batch.to(ranks.device))))
    if not found:
        return None, 0
    embeddings = Embeddings(
        image_SE=ranks.gather(torch.cat([e.image_SE for _, e in found])),
        text_SE=ranks.gather(torch.cat([e.text_SE for _, e in found])),
        logit_scale=found[0][1].logit_scale,
    )
    valid_S = ranks.gather(torch.cat([batch.valid_S for batch, _ in found]).to(ranks.device))
    group_S = ranks.gather(torch.cat([batch.group_S for batch, _ in found]).to(ranks.device))
    count = int(valid_S.sum())
    top1 = float(contrastive_loss(embeddings, valid_S, group_S).top1)
    return (top1, count) if count else (None, 0)


def _means(sum_K: Tensor, count_K: Tensor) -> dict[str, float]:
    pairs = zip(KINDS, sum_K.tolist(), count_K.tolist(), strict=True)
    return {kind.value: total / count for kind, total, count in pairs if count}


def _mean_and_error(documents_3: Tensor) -> tuple[float, float, int]:
    """Return the mean, its standard error (NaN for fewer than two), the number of documents."""
    count, total, squares = documents_3.tolist()
    if count < 2:
        return math.nan, math.nan, int(count)
    mean = total / count
    variance = max(squares / count - mean**2, 0.0) * count / (count - 1)
    return mean, math.sqrt(variance / count), int(count)
