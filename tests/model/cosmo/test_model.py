"""Invariants of the whole model, on tiny random Llama and OPT."""

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


@pytest.mark.parametrize("form", ["dense", "gather"])
@torch.no_grad()
def test_packed_documents_equal_each_alone_and_padding_is_nothing(tiny, form):
    """The explicit block-causal mask equals separate documents, with open gates."""
    model = tiny.model(gates=0.7, xattn_form=form)
    documents = [[3, 0], [], [2, 1, 4]]
    packed = tiny.packed([documents], pad_to=40)
    together = model(packed)[0]
    media, start = 0, 0
    for number, clips in enumerate(documents):
        tokens = packed.document_BL[0] == number
        alone = replace(
            packed,
            **{f"{name}_BL": getattr(packed, f"{name}_BL")[:, tokens] for name in NAMES},
            media=replace(
                packed.media,
                frames_BMFCHW=packed.media.frames_BMFCHW[:, media : media + max(1, len(clips))],
                frame_mask_BMF=packed.media.frame_mask_BMF[:, media : media + max(1, len(clips))]
                & bool(clips),
                frame_times_BMF=packed.media.frame_times_BMF[:, media : media + max(1, len(clips))],
            ),
        )
        index = (alone.media_index_BL - media).clamp(min=0)
        found = model(replace(alone, media_index_BL=index))[0]
        same(found, together[start : start + len(found)])
        start, media = start + len(found), media + len(clips)


@torch.no_grad()
def test_media_change_only_tokens_from_their_visual_on(tiny):
    model = tiny.model(gates=0.7)
    batch = tiny.packed([[[2, 1], [3]]])
    logits = model(batch)
    for number in (1, 2, 3):
        frames = batch.media.frames_BMFCHW.clone()
        frames[0, number - 1] = 255 - frames[0, number - 1]
        other = model(replace(batch, media=replace(batch.media, frames_BMFCHW=frames)))
        changed = (logits != other).any(-1)[0]
        first = (batch.media_index_BL[0] == number).nonzero()[0].item()
        document = batch.document_BL[0, first]
        affected = batch.document_BL[0] == document
        affected[:first] = False
        same(logits[0, ~affected], other[0, ~affected], atol=0)
        assert changed[affected].all()


def test_gradients_of_a_token_reach_only_media_at_or_before_it(tiny):
    model = tiny.model(gates=0.7)
    batch = tiny.packed([[[2, 1], [3]]])
    media = model.encode_media(batch.media)
    tokens = media.tokens_BMNV.detach().requires_grad_()
    model.encode_media = lambda _: replace(media, tokens_BMNV=tokens)
    logits = model(batch)
    for t in range(logits.shape[1]):
        (gradient,) = torch.autograd.grad(logits[0, t].sum(), tokens, retain_graph=True)
        reached = gradient[0].abs().sum((1, 2)) > 0
        before = batch.document_BL[0] == batch.document_BL[0, t]
        before[t + 1 :] = False
        seen = set(batch.media_index_BL[0, before].tolist()) - {0}
        assert {i + 1 for i in reached.nonzero().flatten().tolist()} == seen


def test_rows_without_any_media_are_finite_forward_and_backward(tiny):
    model = tiny.model(gates=0.7)
    batch = tiny.packed([[[2]], [[]]], pad_to=20)
    logits = model(batch)
    assert logits.isfinite().all()
    language_loss(logits, batch, {TextKind.CAPTION: 1.0}).total.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert all(g.isfinite().all() for g in gradients)


@torch.no_grad()
def test_embeddings_do_not_depend_on_padding_or_on_the_other_side(tiny):
    model = tiny.model()
    pairs = tiny.pairs([3, 1, 5])
    made = model.encode_pairs(pairs)
    padded = model.encode_pairs(tiny.pairs([3, 1, 5], pad_to=20))
    same(made.text_SE, padded.text_SE, atol=1e-6)
    other_media = model.encode_pairs(replace(pairs, media=tiny.media([[3]] * 3, seed=9)))
    assert torch.equal(made.text_SE, other_media.text_SE)
    assert (made.image_SE - other_media.image_SE).abs().max() > 1e-3
    other_text = model.encode_pairs(replace(pairs, input_ids_SL=pairs.input_ids_SL.flip(0)))
    assert torch.equal(made.image_SE, other_text.image_SE)
    same(made.image_SE.norm(dim=-1), torch.ones(3))
    same(made.text_SE.norm(dim=-1), torch.ones(3))


@pytest.mark.parametrize("padding", [(1, 3), (0, 1, 2, 3)])
def test_padding_pairs_give_finite_gradients_and_change_no_other(tiny, padding):
    model = tiny.model()
    pairs = tiny.pairs([3, 1, 5, 2])
    valid = torch.ones(4, dtype=torch.bool)
    valid[list(padding)] = False
    media = replace(pairs.media, frame_mask_BMF=pairs.media.frame_mask_BMF & valid[:, None, None])
    holed = replace(
        pairs,
        valid_S=valid,
        media=media,
        attention_SL=pairs.attention_SL & valid[:, None],
        input_ids_SL=pairs.input_ids_SL * valid[:, None],
    )
    made = model.encode_pairs(holed)
    whole = model.encode_pairs(pairs)
    same(made.text_SE[valid], whole.text_SE[valid], atol=1e-6)
    same(made.image_SE[valid], whole.image_SE[valid], atol=1e-6)
    contrastive_loss(made, valid, pairs.group_S).loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert all(g.isfinite().all() for g in gradients)


@torch.no_grad()
def test_the_text_feature_is_the_hidden_state_after_exactly_u_layers(tiny):
    for faithful, layers in ((False, 2), (True, 1)):
        model = tiny.model(faithful=faithful)
        pairs = replace(tiny.pairs([4, 4]))
        plain = pairs.input_ids_SL.clamp(max=49)
        pairs = replace(pairs, input_ids_SL=plain)
        seen = []
        model.heads.fusion.register_forward_pre_hook(lambda _, args, seen=seen: seen.append(args))
        model.encode_pairs(pairs)
        states = model.language.model(
            input_ids=plain, use_cache=False, output_hidden_states=True
        ).hidden_states
        same(seen[0][0], states[layers], atol=1e-6)


@torch.no_grad()
def test_faithful_texts_are_read_with_their_padding_and_marks_and_ours_without(tiny):
    pairs = tiny.pairs([3, 1, 5])
    longer = tiny.pairs([3, 1, 5], pad_to=20)
    faithful = tiny.model(faithful=True)
    difference = faithful.encode_pairs(pairs).text_SE - faithful.encode_pairs(longer).text_SE
    assert difference.abs().max() > 1e-3
    ours = tiny.model()
    marks = ours._text_tokens(pairs)
    assert marks.sum(1).tolist() == [3, 1, 5]
    assert faithful._text_tokens(pairs) is None


@torch.no_grad()
def test_faithful_means_over_media_of_padding_too(tiny):
    pairs = tiny.pairs([3, 3])
    padded = replace(pairs, media=tiny.media([[2, 1], [2]], seed=6))
    alone = replace(pairs, media=tiny.media([[2], [2]], seed=6))
    second = padded.media.frames_BMFCHW[1:, :1]
    alone.media.frames_BMFCHW[1:] = second
    ours, faithful = tiny.model(), tiny.model(faithful=True)
    same(ours.encode_pairs(padded).image_SE[1], ours.encode_pairs(alone).image_SE[1], atol=1e-6)
    difference = (
        faithful.encode_pairs(padded).image_SE[1] - faithful.encode_pairs(alone).image_SE[1]
    )
    assert difference.abs().max() > 1e-3


def test_the_logit_scale_starts_as_stated_stops_at_its_bound_and_comes_back(tiny):
    model = tiny.model(logit_scale_init=9.0)
    made = model.encode_pairs(tiny.pairs([3, 1]))
    assert made.logit_scale.item() == pytest.approx(4.6051702)
    made.logit_scale.backward()
    assert model.heads.logit_scale.grad.item() == 1
    assert tiny.model().heads.bounded_scale().exp().item() == pytest.approx(1 / 0.07)
    free = tiny.model(logit_scale_init=9.0, logit_scale_max=None)
    assert free.heads.bounded_scale().item() == 9
    reference = tiny.model(logit_scale_init=0.2, logit_scale_max=None)
    assert reference.heads.bounded_scale().exp().item() == pytest.approx(1.2214, abs=1e-4)


def test_what_learns_is_exactly_the_new_parts_and_frozen_tensors_stay(tiny):
    model = tiny.model().train()
    learn = {name for names in model.trainable_parameters().values() for name in names}
    assert learn == {name for name, p in model.named_parameters() if p.requires_grad}
    assert {name.split(".")[0] for name in learn} == {"resampler", "blocks", "heads", "language"}
    assert {n for n in learn if n.startswith("language")} == {"language.rows.output_XW"}
    assert not model.language.model.training
    assert not model.tower.training
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    batch, pairs = tiny.packed([[[3, 0], [2]], [[4]]]), tiny.pairs([3, 1, 5])
    for _ in range(5):
        optimizer.zero_grad()
        loss_of(model, batch, pairs).backward()
        optimizer.step()
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name]) == (name not in learn), name


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
        assert not block.query.weight.grad.any()


@pytest.mark.parametrize("checkpoints", [False, True])
def test_the_lower_half_keeps_nothing_for_the_backward_pass(tiny, checkpoints):
    model = tiny.model(gates=0.3).train()
    model.language.checkpoints_layers = checkpoints
    batch = tiny.packed([[[3, 0], [2]]])
    saved, at_layer = [], []
    layers = model.language.layers
    hooks = [
        layer.register_forward_pre_hook(lambda *_: at_layer.append(len(saved))) for layer in layers
    ]
    with torch.autograd.graph.saved_tensors_hooks(lambda t: (saved.append(t), t)[1], lambda t: t):
        logits = model(batch)
    for hook in hooks:
        hook.remove()
    # The resampler runs between: what counts is that layers 0 to U - 1 add nothing.
    assert at_layer[0] == at_layer[1]
    hidden, step = model.language.begin(
        batch.input_ids_BL, batch.position_ids_BL, batch.document_BL
    )
    assert not model.language.run(model.lower, hidden, step).requires_grad
    assert logits.requires_grad


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
