"""Invariants of the whole model, on tiny random Llama and OPT."""

import hashlib
from dataclasses import replace

import pytest
import torch

from interlink.model.cosmo.batch import KINDS
from interlink.model.cosmo.losses import contrastive_loss, language_loss
from interlink.schemas.errors import UsageError
from interlink.schemas.text import TextKind

NAMES = ("input_ids", "labels", "label_kinds", "document", "position_ids", "media_index")


def same(one, other, *, atol: float = 2e-5):
    torch.testing.assert_close(one, other, rtol=0, atol=atol)


def digest_of(tensor):
    return hashlib.sha256(tensor.detach().numpy().tobytes()).hexdigest()


def loss_of(model, batch, pairs):
    found = language_loss(model(batch), batch, {TextKind.CAPTION: 1.0})
    other = contrastive_loss(model.encode_pairs(pairs), pairs.valid_S, pairs.group_S)
    return found.total + other.loss


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("tied", [True, False])
@torch.no_grad()
def test_with_closed_gates_the_logits_are_bitwise_those_of_the_bare_model(tiny, attention, tied):
    model = tiny.model(attention=attention, tied=tied)
    batch = tiny.packed([[[]], [[]]], prefix=9)
    bare = model.language.model(input_ids=batch.input_ids_BL, use_cache=False).logits
    assert torch.equal(model(batch)[..., :50], bare)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@torch.no_grad()
def test_with_closed_gates_packed_media_change_nothing_bitwise(tiny, attention):
    model = tiny.model(attention=attention)
    batch = tiny.packed([[[3, 0], [], [2]], [[1]]])
    ids = batch.input_ids_BL.clamp(max=49)  # the bare model has no row for the added tokens
    visual = batch.input_ids_BL >= 50
    model.language.rows.input_XW.data.copy_(
        model.language.model.get_input_embeddings().weight[49].expand(2, -1)
    )
    same_document = batch.document_BL[:, :, None] == batch.document_BL[:, None]
    mask = torch.where(same_document.tril(), 0.0, torch.finfo(torch.float32).min)[:, None]
    bare = model.language.model(
        input_ids=ids, attention_mask=mask, position_ids=batch.position_ids_BL, use_cache=False
    ).logits
    assert visual.any()
    assert torch.equal(model(batch)[..., :50], bare)


@torch.no_grad()
def test_added_tokens_come_last_and_have_their_own_rows(tiny):
    model = tiny.model()
    batch = tiny.packed([[[2, 1]]])
    model.language.rows.output_XW.data[1] = 0
    logits = model(batch)
    assert logits.shape == (*batch.input_ids_BL.shape, 52)
    assert (logits[..., 51] == 0).all()
    assert (logits[..., 50] != 0).all()


def test_what_learns_is_exactly_the_new_parts_and_frozen_tensors_stay(tiny):
    model = tiny.model().train()
    learn = {name for names in model.trainable_parameters().values() for name in names}
    assert learn == {name for name, p in model.named_parameters() if p.requires_grad}
    assert {name.split(".")[0] for name in learn} == {"resampler", "blocks", "heads", "language"}
    assert {n for n in learn if n.startswith("language")} == {"language.rows.output_XW"}
    assert not model.language.model.training
    assert not model.tower.training
    before = {name: digest_of(t) for name, t in model.state_dict().items()}
    assert learn < before.keys()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    batch, pairs = tiny.packed([[[3, 0], [2]], [[4]]]), tiny.pairs([3, 1, 5])
    for _ in range(5):
        optimizer.zero_grad()
        loss_of(model, batch, pairs).backward()
        optimizer.step()
    for name, tensor in model.state_dict().items():
        assert (digest_of(tensor) == before[name]) == (name not in learn), name


def test_each_part_learns_from_its_loss(tiny):
    batch, pairs = tiny.packed([[[3, 0], [2]]]), tiny.pairs([3, 1, 5])
    model = tiny.model(gates=0.3)
    language_loss(model(batch), batch, {TextKind.CAPTION: 1.0}).total.backward()
    moved = {n for n, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    assert {n.split(".")[0] for n in moved} == {"resampler", "blocks", "language"}
    assert {n for n in moved if n.startswith("blocks")} == set(
        model.trainable_parameters()["gated cross attention"]
    )
    model = tiny.model(gates=0.3)
    made = model.encode_pairs(pairs)
    contrastive_loss(made, pairs.valid_S, pairs.group_S).loss.backward()
    moved = {n for n, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    assert {n.split(".")[0] for n in moved} == {"resampler", "heads"}
    assert {n for n in moved if n.startswith("heads")} == set(
        model.trainable_parameters()["contrastive heads"]
    )


def test_closed_gates_have_a_gradient_at_the_first_step(tiny):
    batch = tiny.packed([[[3, 0], [2]]])
    model = tiny.model()
    language_loss(model(batch), batch, {TextKind.CAPTION: 1.0}).total.backward()
    for _, block in model.gated_blocks():
        assert block.attention_gate.grad.item() != 0
        assert block.feed_forward_gate.grad.item() != 0
        inner = [p for n, p in block.named_parameters() if not n.endswith("_gate")]
        assert not any(p.grad.any() for p in inner)


@pytest.mark.parametrize("checkpoints", [False, True])
@pytest.mark.parametrize("rows", ["frozen", "output", "both"])
def test_below_u_nothing_is_kept_for_the_backward_pass(tiny, rows, checkpoints):
    """Saved tensors are counted; only learned input rows need a graph there."""
    model = tiny.model(gates=0.3, new_rows=rows).train()
    language = model.language
    language.checkpoints_layers = checkpoints
    batch, pairs = tiny.packed([[[3, 0], [2]]]), tiny.pairs([3, 1])
    saved, counts, begin, run = [], [], language.begin, language.run

    def counted(call, is_below):
        before = len(saved)
        made = call()
        if is_below:
            counts.append(len(saved) - before)
        return made

    language.begin = lambda *args: counted(lambda: begin(*args), True)
    language.run = lambda layers, *args: counted(lambda: run(layers, *args), layers[-1] < 2)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: (saved.append(t), t)[1], lambda t: t):
        media = model.tower(batch.media.frames_BMFCHW[0, 0].float())
        assert not media.requires_grad
        assert not saved
        assert model(batch).requires_grad
        model.encode_pairs(pairs)
    assert len(counts) == 4
    assert saved
    assert all(counts) if rows == "both" else not any(counts)


def test_activation_checkpoints_change_no_gradient(tiny):
    batch = tiny.packed([[[3, 0], [2]]])
    gradients = []
    for checkpoints in (False, True):
        model = tiny.model(gates=0.3).train()
        model.language.checkpoints_layers = checkpoints
        language_loss(model(batch), batch, {TextKind.CAPTION: 1.0}).total.backward()
        gradients.append([p.grad for p in model.parameters() if p.grad is not None])
    for one, other in zip(*gradients, strict=True):
        assert torch.equal(one, other)


def test_input_rows_learn_only_when_asked_and_then_through_all_layers(tiny):
    batch = tiny.packed([[[3, 0], [2]]])
    for rows, learn in (
        ("frozen", set()),
        ("output", {"output_XW"}),
        ("both", {"input_XW", "output_XW"}),
    ):
        model = tiny.model(gates=0.3, new_rows=rows)
        language_loss(model(batch), batch, {TextKind.CAPTION: 1.0}).total.backward()
        found = {n for n, p in model.language.rows.named_parameters() if p.grad is not None}
        assert found == learn


def test_accumulated_micro_batches_equal_one_batch(tiny):
    rows = [[[3, 0], [2]], [[4]], [[1, 1]], [[2], [5]]]
    whole = tiny.packed(rows)
    weights = {TextKind.CAPTION: 1.0}
    model = tiny.model(gates=0.3)
    language_loss(model(whole), whole, weights).total.backward()
    expected = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    totals = language_loss(model(whole), whole, weights).counts_K
    assert totals[KINDS.index(TextKind.CAPTION)] > 0
    for start in (0, 2):
        part = slice(start, start + 2)
        batch = replace(
            whole,
            **{f"{name}_BL": getattr(whole, f"{name}_BL")[part] for name in NAMES},
            media=replace(
                whole.media,
                **{n: getattr(whole.media, n)[part] for n in type(whole.media).__slots__},
            ),
            sequence_ids=whole.sequence_ids[part],
        )
        language_loss(model(batch), batch, weights, totals).total.backward()
    for name, parameter in model.named_parameters():
        if name in expected:
            torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-4, atol=1e-6)


def test_a_batch_that_is_not_finite_gives_a_loss_that_is_not(tiny):
    """The trainer skips such a step; nothing here hides it."""
    model = tiny.model(gates=0.3)
    model.resampler.latents.data[0] = torch.nan
    model.resampler.latents.data[1] = torch.nan
    batch, pairs = tiny.packed([[[3]]]), tiny.pairs([3, 1])
    assert not language_loss(model(batch), batch, {TextKind.CAPTION: 1.0}).total.isfinite()
    made = model.encode_pairs(pairs)
    assert not contrastive_loss(made, pairs.valid_S, pairs.group_S).loss.isfinite()


def test_a_split_without_upper_half_is_refused(tiny):
    with pytest.raises(UsageError, match=r"unimodal_depth=4 must be less than the .* 4 layers"):
        tiny.model(unimodal_depth=4)


@pytest.mark.parametrize("frozen", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("form", ["dense", "gather"])
def test_training_under_autocast_agrees_roughly(tiny, frozen, form):
    batch, pairs = tiny.packed([[[3, 0], [2]]], pad_to=20), tiny.pairs([3, 1])
    model = tiny.model(gates=0.3, xattn_form=form)
    expected = loss_of(model, batch, pairs)
    model.tower.to(frozen)
    model.language.model.to(frozen)
    with torch.autocast("cpu", torch.bfloat16):
        found = loss_of(model, batch, pairs)
    found.backward()
    assert found.item() == pytest.approx(expected.item(), rel=0.05)
    learn = [p for p in model.parameters() if p.requires_grad]
    assert {p.dtype for p in learn} == {torch.float32}
    assert all(p.grad.isfinite().all() for p in learn)


@pytest.mark.gpu
@pytest.mark.parametrize("form", ["dense", "gather"])
def test_a_gpu_gives_what_the_processor_gives(tiny, form):
    if not torch.cuda.is_available():
        pytest.skip("no GPU")
    batch, pairs = tiny.packed([[[3, 0], [2]], [[1]]]), tiny.pairs([3, 1])
    model = tiny.model(gates=0.3, xattn_form=form)
    loss_of(model, batch, pairs).backward()
    expected = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    model.to("cuda")
    loss_of(model, batch.to("cuda"), pairs.to("cuda")).backward()
    for name, parameter in model.named_parameters():
        if name in expected:
            torch.testing.assert_close(parameter.grad.cpu(), expected[name], rtol=1e-3, atol=1e-4)
