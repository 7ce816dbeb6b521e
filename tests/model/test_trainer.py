"""One step: both losses, accumulation, the guard against what is not finite, the counters."""

import dataclasses
import math

import pytest
import torch

from interlink.model import trainer as trainer_file
from interlink.model.cosmo.losses import contrastive_loss, language_loss
from interlink.model.cosmo.model import Cosmo
from interlink.model.recipe import TrainRecipe
from interlink.model.trainer import Trainer
from interlink.model.training_data import TrainingStreams
from interlink.schemas.errors import EnvironmentFault
from interlink.schemas.text import TextKind


def make(recipe, **batch):
    """Return a trainer and the first batches of its streams."""
    changed = dataclasses.replace(recipe, batch=dataclasses.replace(recipe.batch, **batch))
    model = Cosmo.build(changed.model)
    streams = TrainingStreams(changed, model.processor, trainer_file.Ranks().world)
    return Trainer(model, changed), streams


def state(model):
    return {name: tensor.clone() for name, tensor in model.trained_state().items()}


def spoiled(media):
    """The media of a batch with a frame of the first row shown at no time at all."""
    times = media.frame_times_BMF.clone()
    times[0, 0, 0] = math.nan
    return dataclasses.replace(media, frame_times_BMF=times)


def test_the_loss_is_the_sum_of_both_and_is_measured_before_the_step(recipe):
    trainer, streams = make(recipe)
    batch, pairs = next(iter(streams))
    with torch.no_grad():
        weights = dict.fromkeys(TextKind, 1.0)
        language = language_loss(trainer.model(batch), batch, weights)
        contrastive = contrastive_loss(
            trainer.model.encode_pairs(pairs), pairs.valid_S, pairs.group_S
        )
    metrics = trainer.step(batch, pairs)
    assert metrics.loss == pytest.approx((language.total + contrastive.loss).item(), rel=1e-5)
    assert metrics.contrastive_loss == pytest.approx(contrastive.loss.item(), rel=1e-5)
    assert metrics.negatives == contrastive.effective_negatives.item() > 0
    assert set(metrics.loss_by_kind) == {"caption"}
    assert metrics.gates.keys() == {
        f"{n}.{what}" for n in (2, 3) for what in ("attention", "feed_forward")
    }
    assert metrics.logit_scale == pytest.approx(1 / 0.07, rel=1e-2)


def test_a_batch_that_is_seen_again_and_again_is_learned(plain_recipe):
    fast = {"tokens": 50_000, "warmup_tokens": 100, "lr": 3e-3, "gate_lr": 3e-2}
    trainer, streams = make(TrainRecipe.from_mapping(plain_recipe | {"optimizer": fast}))
    batch, pairs = next(iter(streams))
    losses = [trainer.step(batch, pairs).loss for _ in range(12)]
    assert losses[-1] < losses[0] - 0.5
    assert any(abs(value) > 1e-3 for value in trainer.step(batch, pairs).gates.values())


def test_micro_batches_change_memory_and_not_what_is_learned(recipe):
    results = []
    for micro in (None, 1):
        trainer, streams = make(recipe, sequences=3, micro_sequences=micro)
        batches = iter(streams)
        metrics = [trainer.step(*next(batches)) for _ in range(2)]
        results.append(([m.loss for m in metrics], metrics[-1].grad_norm, state(trainer.model)))
    (whole, norm, weights), (parts, norm_of_parts, weights_of_parts) = results
    assert parts == pytest.approx(whole, rel=1e-6)
    assert norm_of_parts == pytest.approx(norm, rel=1e-5)
    for name, tensor in weights.items():
        torch.testing.assert_close(weights_of_parts[name], tensor, rtol=1e-5, atol=2e-6)


def test_layers_that_run_again_change_memory_and_not_what_is_learned(recipe):
    results = []
    for again in (False, True):
        trainer, streams = make(recipe, checkpoint_layers=again)
        assert trainer.model.language.checkpoints_layers == again
        batches = iter(streams)
        results.append([trainer.step(*next(batches)) for _ in range(2)])
    assert results[0] == results[1]


def test_the_ledger_counts_what_was_used(recipe):
    trainer, streams = make(recipe)
    batch, pairs = next(iter(streams))
    trainer.step(batch, pairs)
    ledger = trainer.ledger
    assert ledger.steps == 1
    assert ledger.tokens == (batch.document_BL >= 0).sum()
    assert ledger.tokens_with_loss == {"caption": int((batch.labels_BL >= 0).sum())}
    assert ledger.documents == sum(len(name.split("+")) for name in batch.sequence_ids)
    assert ledger.pairs == pairs.valid_S.sum() == 4
    shown = batch.media.frame_mask_BMF.any(-1).sum() + pairs.media.frame_mask_BMF.any(-1).sum()
    assert ledger.media == shown
    assert ledger.frames == 2 * shown


@pytest.mark.parametrize("what", ["sequence", "pair"])
def test_a_step_that_is_not_finite_is_not_taken_and_names_the_row(recipe, caplog, what):
    trainer, streams = make(recipe)
    batches = iter(streams)
    trainer.step(*next(batches))
    before, moments = state(trainer.model), len(trainer.optimizer.state)
    batch, pairs = next(batches)
    if what == "sequence":
        bad = dataclasses.replace(batch, media=spoiled(batch.media)), pairs
    else:
        bad = batch, dataclasses.replace(pairs, media=spoiled(pairs.media))
    metrics = trainer.step(*bad)
    assert metrics.skipped == ((batch.sequence_ids if what == "sequence" else pairs.pair_ids)[0],)
    assert metrics.skipped[0] in caplog.text
    assert all(torch.equal(before[name], now) for name, now in state(trainer.model).items())
    assert len(trainer.optimizer.state) == moments
    assert trainer.ledger.skipped_steps == 1
    assert trainer.step(batch, pairs).skipped == ()
    assert trainer.ledger.skipped_steps == 1


def test_a_training_that_has_diverged_stops_and_says_so(recipe, monkeypatch):
    monkeypatch.setattr(trainer_file, "MAX_SKIPPED_IN_A_ROW", 3)
    trainer, streams = make(recipe)
    batch, pairs = next(iter(streams))
    bad = dataclasses.replace(batch, media=spoiled(batch.media))
    for _ in range(2):
        trainer.step(bad, pairs)
    with pytest.raises(EnvironmentFault, match=r"3 steps in a row .* lower optimizer\.lr"):
        trainer.step(bad, pairs)


def test_without_pairs_the_contrastive_heads_stay_as_they_are(recipe):
    trainer, streams = make(recipe, pairs=0)
    batch, pairs = next(iter(streams))
    assert pairs is None
    before = state(trainer.model)
    metrics = trainer.step(batch)
    assert (metrics.contrastive_loss, metrics.retrieval_top1) == (None, None)
    after = state(trainer.model)
    assert all(torch.equal(before[n], after[n]) for n in before if n.startswith("heads."))
    assert not torch.equal(before["blocks.2.attention_gate"], after["blocks.2.attention_gate"])


def test_weights_of_kinds_come_from_the_text_policy(plain_recipe):
    plain = plain_recipe | {"text": {"loss_weights": {"caption": 0.5}}, "contrastive_weight": 0.0}
    trainer, streams = make(TrainRecipe.from_mapping(plain))
    metrics = trainer.step(*next(iter(streams)))
    assert metrics.loss == pytest.approx(0.5 * metrics.loss_by_kind["caption"], rel=1e-6)


def test_the_learning_rate_goes_by_the_tokens_of_the_ledger(recipe):
    trainer, streams = make(recipe)
    batch, pairs = next(iter(streams))
    metrics = trainer.step(batch, pairs)
    assert metrics.learning_rate == pytest.approx(1e-3 * metrics.tokens / 300)


class HalfPrecision(trainer_file.Ranks):
    """One process that computes in bf16, as a GPU does."""

    @property
    def _has_bf16(self):
        return True


def test_in_bf16_the_same_is_learned_and_what_learns_stays_float32(recipe):
    losses = []
    for ranks in (trainer_file.Ranks(), HalfPrecision()):
        model = Cosmo.build(recipe.model, frozen_dtype=ranks.frozen_dtype)
        trainer = Trainer(model, recipe, ranks)
        batches = iter(TrainingStreams(recipe, model.processor, ranks.world))
        losses.append([trainer.step(*next(batches)).loss for _ in range(3)])
        assert {tensor.dtype for tensor in model.trained_state().values()} == {torch.float32}
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    assert losses[1] != losses[0]
