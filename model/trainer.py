"""One step of training on this rank's share of the batch: readable from top to bottom.

    both losses -> gradients, averaged over ranks -> cut -> AdamW, or nothing if one is not finite

Shapes: B sequences, K text kinds, S pairs.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..schemas.errors import EnvironmentFault
from .cosmo.batch import KINDS, PADDING, PackedBatch, PairBatch
from .cosmo.heads import Embeddings
from .cosmo.losses import (
    ContrastiveLoss,
    LanguageLoss,
    contrastive_loss,
    count_tokens,
    language_loss,
)
from .cosmo.model import Cosmo
from .metrics import Ledger, StepMetrics
from .optimizer import make_optimizer, set_learning_rate
from .parallelize import Ranks, data_parallel, without_averaging
from .recipe import TrainRecipe

logger = logging.getLogger(__name__)

MAX_SKIPPED_IN_A_ROW = 10
"""So many steps that are not finite are no accident: the training has diverged."""


class Trainer:
    """A model and its optimizer, and what they have used so far.

    Args:
        model: with its trained parts in float32.
        recipe: of the training.
        ranks: this process among those that train together.
    """

    def __init__(self, model: Cosmo, recipe: TrainRecipe, ranks: Ranks | None = None) -> None:
        self.model = model
        self.recipe = recipe
        self.ranks = ranks or Ranks()
        self.ledger = Ledger()
        model.language.checkpoints_layers = recipe.batch.checkpoint_layers
        if not recipe.is_contrastive:
            model.heads.requires_grad_(False)
        self.optimizer = make_optimizer(model, recipe.optimizer)
        self._both = data_parallel(_BothForwards(model), self.ranks)
        self._weights = {kind: recipe.text.loss_weight(kind) for kind in KINDS}
        self._skipped_in_a_row = 0

    def close(self) -> None:
        """Let go of the other ranks; to be called before they part, see `data_parallel`."""
        self._both = nn.Identity()

    def step(self, batch: PackedBatch, pairs: PairBatch | None = None) -> StepMetrics:
        """Take one step of the optimizer.

        Args:
            batch: this rank's packed sequences of the step.
            pairs: this rank's pairs, as many as any other rank's.

        Returns:
            What the whole step showed, the same on every rank.

        Raises:
            EnvironmentFault: too many steps in a row were not finite.
        """
        self.model.train()
        batch = batch.to(self.ranks.device, non_blocking=True)
        pairs = pairs.to(self.ranks.device, non_blocking=True) if pairs else None
        totals_K = self._count(batch, pairs)
        set_learning_rate(self.optimizer, self.recipe.optimizer, self.ledger.tokens)
        self.optimizer.zero_grad(set_to_none=True)
        losses = self._backward(batch, pairs, totals_K)
        norm = nn.utils.get_total_norm([p.grad for p in self._trained() if p.grad is not None])
        if bool(torch.isfinite(losses.total)) and bool(torch.isfinite(norm)):
            nn.utils.clip_grads_with_norm_(
                self._trained(), self.recipe.optimizer.max_grad_norm, norm
            )
            self.optimizer.step()
            self._skipped_in_a_row = 0
            return self._metrics(losses, norm)
        return replace(self._metrics(losses, norm), skipped=self._skip(batch, pairs))

    def _count(self, batch: PackedBatch, pairs: PairBatch | None) -> Tensor:
        """Add the step to the ledger; return its tokens with loss by kind, over all ranks: [K]."""
        counts_K = count_tokens(batch)
        media = [batch.media.frame_mask_BMF] + ([pairs.media.frame_mask_BMF] if pairs else [])
        first_of_document = (batch.position_ids_BL == 0) & (batch.document_BL != PADDING)
        others = [
            (batch.document_BL != PADDING).sum(),
            first_of_document.sum(),
            sum(mask.any(-1).sum() for mask in media),
            sum(mask.sum() for mask in media),
            pairs.valid_S.sum() if pairs else counts_K.new_zeros(()),
        ]
        summed = self.ranks.sum(torch.cat([counts_K, torch.stack([*map(torch.as_tensor, others)])]))
        totals_K, ledger = summed[: len(KINDS)], self.ledger
        tokens, documents, num_media, frames, num_pairs = summed[len(KINDS) :].tolist()
        ledger.steps += 1
        ledger.tokens += tokens
        ledger.documents += documents
        ledger.media += num_media
        ledger.frames += frames
        ledger.pairs += num_pairs
        ledger.add_tokens_with_loss(totals_K.tolist())
        return totals_K

    def _backward(self, batch: PackedBatch, pairs: PairBatch | None, totals_K: Tensor) -> "_Losses":
        """Leave in every parameter the gradient of the whole step's loss."""
        by_kind_K = torch.zeros(len(KINDS), device=self.ranks.device)
        weighted = torch.zeros((), device=self.ranks.device)
        contrastive: ContrastiveLoss | None = None
        *firsts, last = self._micro_batches(batch)
        for micro in firsts:
            with without_averaging(self._both):
                language = self._language(micro, None, totals_K)[0]
                # The mean over ranks of what is multiplied by their number is the sum.
                (self.ranks.size * language.total).backward()  # type: ignore[no-untyped-call]
            by_kind_K += language.by_kind_K
            weighted += language.total.detach()
        language, contrastive = self._language(last, pairs, totals_K)
        loss = self.ranks.size * language.total
        if contrastive is not None:
            loss = loss + self.recipe.contrastive_weight * contrastive.loss
        loss.backward()  # type: ignore[no-untyped-call]
        weighted += language.total.detach()
        summed = self.ranks.sum(torch.cat([by_kind_K + language.by_kind_K, weighted[None]]))
        return _Losses(
            by_kind_K=summed[:-1],
            has_loss_K=totals_K > 0,
            language=summed[-1],
            contrastive=contrastive,
            weight=self.recipe.contrastive_weight,
        )

    def _language(
        self, batch: PackedBatch, pairs: PairBatch | None, totals_K: Tensor
    ) -> tuple[LanguageLoss, ContrastiveLoss | None]:
        with self.ranks.autocast():
            logits_BLY, embeddings = self._both(batch, pairs)
        language = language_loss(logits_BLY, batch, self._weights, totals_K)
        if pairs is None or embeddings is None:
            return language, None
        return language, self._contrastive(embeddings, pairs)

    def _contrastive(self, embeddings: Embeddings, pairs: PairBatch) -> ContrastiveLoss:
        """Return the loss of the pairs of all ranks; every rank computes the same."""
        everywhere = Embeddings(
            image_SE=self.ranks.gather_with_gradient(embeddings.image_SE),
            text_SE=self.ranks.gather_with_gradient(embeddings.text_SE),
            logit_scale=embeddings.logit_scale,
        )
        valid_S = self.ranks.gather(pairs.valid_S.int()).bool()
        return contrastive_loss(everywhere, valid_S, self.ranks.gather(pairs.group_S))

    def _micro_batches(self, batch: PackedBatch) -> Iterator[PackedBatch]:
        rows = len(batch.input_ids_BL)
        size = self.recipe.batch.micro_sequences or rows
        for first in range(0, rows, size):
            yield batch.rows(first, min(first + size, rows))

    def _metrics(self, losses: "_Losses", norm: Tensor) -> StepMetrics:
        contrastive = losses.contrastive
        names = zip(KINDS, losses.by_kind_K.tolist(), losses.has_loss_K.tolist(), strict=True)
        return StepMetrics(
            step=self.ledger.steps,
            tokens=self.ledger.tokens,
            loss=losses.total.item(),
            loss_by_kind={kind.value: loss for kind, loss, has_loss in names if has_loss},
            contrastive_loss=contrastive.loss.item() if contrastive else None,
            retrieval_top1=contrastive.top1.item() if contrastive else None,
            negatives=contrastive.effective_negatives.item() if contrastive else None,
            learning_rate=self.optimizer.param_groups[-1]["lr"],
            grad_norm=norm.item(),
            gates={
                f"{name}.{what}": getattr(block, f"{what}_gate").tanh().item()
                for name, block in self.model.gated_blocks()
                for what in ("attention", "feed_forward")
            },
            logit_scale=self.model.heads.bounded_scale().exp().item(),
        )

    def _skip(self, batch: PackedBatch, pairs: PairBatch | None) -> tuple[str, ...]:
        """Take no step, on any rank, and say on account of what."""
        self.optimizer.zero_grad(set_to_none=True)
        self.ledger.skipped_steps += 1
        self._skipped_in_a_row += 1
        names = self._blame(batch, pairs)
        found = "\n".join(self.ranks.gather_text("\n".join(names))).split("\n")
        culprits = tuple(name for name in found if name)
        shown = ", ".join(culprits[:5]) or "no row by itself"
        logger.warning("step %d is not finite and was not taken: %s", self.ledger.steps, shown)
        if self._skipped_in_a_row >= MAX_SKIPPED_IN_A_ROW:
            raise EnvironmentFault(
                f"{self._skipped_in_a_row} steps in a row were not finite, the last on account of "
                f"{shown}: the training has diverged; go on from an earlier checkpoint with a "
                "lower optimizer.lr, or look at those samples with `interlink sample`"
            )
        return culprits

    @torch.no_grad()
    def _blame(self, batch: PackedBatch, pairs: PairBatch | None) -> list[str]:
        """Return the names of this rank's rows that are not finite by themselves."""
        names = []
        with self.ranks.autocast():
            for micro in self._micro_batches(batch):
                is_bad_B = ~self.model(micro).isfinite().flatten(1).all(1)
                names += [n for n, bad in zip(micro.sequence_ids, is_bad_B, strict=True) if bad]
            if pairs is not None:
                embeddings = self.model.encode_pairs(pairs)
                is_good_S = embeddings.image_SE.isfinite().all(1)
                is_good_S &= embeddings.text_SE.isfinite().all(1)
                names += [n for n, good in zip(pairs.pair_ids, is_good_S, strict=True) if not good]
        return names

    def _trained(self) -> list[nn.Parameter]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]


class _BothForwards(nn.Module):
    """Both forward passes as one, so that gradients are averaged once."""

    def __init__(self, model: Cosmo) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, batch: PackedBatch, pairs: PairBatch | None
    ) -> tuple[Tensor, Embeddings | None]:
        return self.model(batch), self.model.encode_pairs(pairs) if pairs is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Losses:
    by_kind_K: Tensor
    has_loss_K: Tensor
    language: Tensor
    contrastive: ContrastiveLoss | None
    weight: float

    @property
    def total(self) -> Tensor:
        if self.contrastive is None:
            return self.language
        return self.language + self.weight * self.contrastive.loss.detach()
