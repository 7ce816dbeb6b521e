"""What a step minimises, written again: sum over kinds of w_k CE_k / N_k, plus lambda L_con."""

import hashlib
import importlib.util
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from interlink.model.cosmo.batch import KINDS, PADDING
from interlink.model.parallelize import Ranks
from interlink.model.trainer import Trainer
from interlink.schemas.text import TextKind

families = pytest.mark.parametrize("family", ["llama", "opt"])
WEIGHTS = {TextKind.CAPTION: 1.5, TextKind.GIVEN: 0.25}


@pytest.fixture(scope="module")
def step():
    """The tiny models and batches that the tests of ranks use."""
    path = Path(__file__).with_name("step_of_ranks.py")
    spec = importlib.util.spec_from_file_location("interlink_test_step_of_ranks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cross_entropy_of(logits, batch, kind):
    """Mean over the tokens of one kind, a token at a time; no token is learned across documents."""
    number, losses = KINDS.index(kind), []
    for b in range(logits.shape[0]):
        for t in range(1, logits.shape[1]):
            is_inside = batch.document_BL[b, t] == batch.document_BL[b, t - 1] != PADDING
            if is_inside and batch.label_kinds_BL[b, t] == number:
                losses.append(-logits[b, t - 1].log_softmax(-1)[batch.labels_BL[b, t]])
    return torch.stack(losses).mean()


def infonce_of(embeddings, pairs):
    """Symmetric cross entropy over valid rows; rows of one group are no negatives."""
    similar = embeddings.logit_scale.exp() * embeddings.text_SE @ embeddings.image_SE.T
    keep = pairs.valid_S.nonzero().flatten()
    similar = similar[keep][:, keep]
    group, itself = pairs.group_S[keep], torch.eye(len(keep), dtype=torch.bool)
    similar = similar.masked_fill((group[:, None] == group) & ~itself, -torch.inf)
    target = torch.arange(len(keep))
    one_way, back = (functional.cross_entropy(s, target) for s in (similar, similar.T))
    return (one_way + back) / 2


@families
@pytest.mark.parametrize("lambda_", [0.3, 2.0])
def test_the_gradient_of_a_step_is_that_of_the_formula(step, family, lambda_):
    batch, pairs = step.batches_of(step.tiny_of(family))
    weights = {kind.value: weight for kind, weight in WEIGHTS.items()}
    options = {"weights": weights, "contrastive_weight": lambda_}
    _, metrics, tensors = step.take_step(Ranks(), family=family, **options)
    model = step.tiny_of(family).model(gates=0.3)
    logits = model(batch)
    language = sum(w * cross_entropy_of(logits, batch, kind) for kind, w in WEIGHTS.items())
    loss = language + lambda_ * infonce_of(model.encode_pairs(pairs), pairs)
    loss.backward()
    assert metrics.loss == pytest.approx(loss.item(), abs=1e-5)
    gradients = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    assert {f"gradient.{n}" for n in gradients} == {n for n in tensors if n[0] == "g"}
    for name, gradient in gradients.items():
        torch.testing.assert_close(
            tensors[f"gradient.{name}"], gradient, rtol=1e-4, atol=2e-6, msg=name
        )


@families
def test_weights_really_scale_gradients(step, family):
    """In the reference the weights of its config are never applied (COSMO.md 7.2)."""
    found = []
    for weight in (1.0, 4.0):
        options = {"weights": {"caption": weight, "given": 0}, "contrastive_weight": 0.0}
        found.append(step.take_step(Ranks(), family=family, **options)[2])
    names = [n for n in found[0] if n.startswith("gradient.")]
    assert names
    for name in names:
        torch.testing.assert_close(found[1][name], 4 * found[0][name], rtol=1e-5, atol=1e-7)


@families
def test_interleaved_text_gives_no_contrastive_gradient_and_pairs_no_gradient_to_blocks(
    step, family
):
    language = step.take_step(Ranks(), family=family, contrastive_weight=0.0)[2]
    assert not any(n.startswith("gradient.heads.") for n in language)
    weights = {"caption": 0.0, "given": 0.0}
    contrastive = step.take_step(Ranks(), family=family, weights=weights)[2]
    for name, gradient in contrastive.items():
        if name.startswith(("gradient.blocks.", "gradient.language.")):
            assert not gradient.any(), name


@families
def test_five_steps_move_all_that_learns_and_nothing_else(step, family):
    tiny = step.tiny_of(family)
    model = tiny.model()
    trainer = Trainer(model, step.recipe_of(lr=1e-2, max_grad_norm=1.0))
    learn = {name for names in model.trainable_parameters().values() for name in names}
    assert {n.split(".")[0] for n in learn} == {"resampler", "blocks", "heads", "language"}
    assert {n for n in learn if n.startswith("language")} == {"language.rows.output_XW"}

    def digests():
        return {
            name: hashlib.sha256(tensor.numpy().tobytes()).hexdigest()
            for name, tensor in model.state_dict().items()
        }

    before = digests()
    for _ in range(5):
        trainer.step(*step.batches_of(tiny))
    after = digests()
    assert {name for name in before if before[name] != after[name]} == learn
