"""Which tokens media reach, and how, on tiny random Llama and OPT."""

from dataclasses import replace

import pytest
import torch

from interlink.model.cosmo.batch import NO_LOSS
from interlink.model.cosmo.losses import language_loss
from interlink.schemas.text import TextKind

WEIGHTS = {TextKind.CAPTION: 1.0}
forms = pytest.mark.parametrize("form", ["dense", "gather"])


def other_media(batch, number: int):
    """Return the batch with media `number` (from 1) of its first row replaced by its negative."""
    frames = batch.media.frames_BMFCHW.clone()
    frames[0, number - 1] = 255 - frames[0, number - 1]
    return replace(batch, media=replace(batch.media, frames_BMFCHW=frames))


@forms
@torch.no_grad()
def test_media_change_only_tokens_from_their_visual_on(tiny, form):
    model = tiny.model(gates=0.7, xattn_form=form)
    batch = tiny.packed([[[2, 1], [3]]])
    logits = model(batch)
    for number in (1, 2, 3):
        other = model(other_media(batch, number))
        first = (batch.media_index_BL[0] == number).nonzero()[0].item()
        affected = batch.document_BL[0] == batch.document_BL[0, first]
        affected[:first] = False
        assert torch.equal(logits[0, ~affected], other[0, ~affected])
        assert (logits != other).any(-1)[0, affected].all()


@forms
@torch.no_grad()
def test_the_first_block_changes_only_the_run_of_the_media_that_changed(tiny, form):
    model = tiny.model(gates=0.7, xattn_form=form)
    batch = tiny.packed([[[2, 0], [3]]], pad_to=30)
    outputs = []
    model.blocks["2"].register_forward_hook(lambda *call: outputs.append(call[-1][0]))
    model(batch)
    for number in (1, 2, 3):
        model(other_media(batch, number))
        changed = (outputs[0] != outputs[-1]).any(-1)
        assert torch.equal(changed, batch.media_index_BL[0] == number)


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


@forms
@torch.no_grad()
def test_tokens_before_media_padding_and_documents_without_media_read_exactly_nothing(tiny, form):
    model = tiny.model(gates=0.7, xattn_form=form)
    batch = tiny.packed([[[2], [], [1]], [[]]], pad_to=26)
    reads = []
    for _, block in model.gated_blocks():

        def read(*args, original=block.read):
            reads.append(original(*args))
            return reads[-1]

        block.read = read
    model(batch)
    # From the ids alone: from a document's first <visual> to its end.
    is_visual = batch.input_ids_BL == 50
    document = batch.document_BL
    seen = [
        [
            d >= 0 and any(is_visual[b, u] and document[b, u] == d for u in range(t + 1))
            for t, d in enumerate(row)
        ]
        for b, row in enumerate(document.tolist())
    ]
    assert [sum(row) for row in seen] == [5 + 4, 0]
    assert len(reads) == 2
    for found in reads:
        assert (found != 0).any(-1).tolist() == seen


@forms
def test_rows_without_any_media_are_finite_forward_and_backward(tiny, form):
    model = tiny.model(gates=0.7, xattn_form=form)
    batch = tiny.packed([[[2]], [[]]], pad_to=20)
    logits = model(batch)
    assert logits.isfinite().all()
    language_loss(logits, batch, WEIGHTS).total.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert all(g.isfinite().all() for g in gradients)


@forms
def test_a_batch_without_labels_has_no_loss_and_finite_gradients(tiny, form):
    model = tiny.model(gates=0.7, xattn_form=form)
    batch = tiny.packed([[[2], [1]], [[]]], pad_to=20)
    batch = replace(
        batch,
        labels_BL=torch.full_like(batch.labels_BL, NO_LOSS),
        label_kinds_BL=torch.full_like(batch.label_kinds_BL, -1),
    )
    loss = language_loss(model(batch), batch, WEIGHTS)
    assert loss.total.item() == 0
    loss.total.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert not any(g.any() for g in gradients)


@pytest.mark.parametrize("media", [1, 3])
def test_another_number_of_media_than_of_visual_tokens_is_refused(tiny, media):
    batch = replace(tiny.packed([[[2, 1]]]), media=tiny.media([[2] * media]))
    with pytest.raises(ValueError, match=rf"per row \[2\] must be as many .* media \[{media}\]"):
        tiny.model()(batch)


def test_both_forms_of_attention_give_one_model(tiny):
    batch = tiny.packed([[[3, 0], [], [2]], [[1]]], pad_to=30)
    logits, gradients = [], []
    for form in ("dense", "gather"):
        model = tiny.model(gates=0.7, xattn_form=form)
        logits.append(model(batch))
        language_loss(logits[-1], batch, WEIGHTS).total.backward()
        gradients.append({n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    torch.testing.assert_close(*logits, rtol=0, atol=2e-5)
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], rtol=1e-4, atol=2e-5, msg=name)


@torch.no_grad()
def test_the_order_of_frames_is_seen_with_time_embedding_and_only_then(tiny):
    batch = tiny.packed([[[3]]], frames=3)
    media = replace(batch.media, frames_BMFCHW=batch.media.frames_BMFCHW.flip(2))
    for changes, is_seen in (
        ({}, True),
        ({"frame_time_embedding": False}, False),
        ({"frame_time_embedding": False, "faithful": True}, False),
    ):
        model = tiny.model(gates=0.7, **changes)
        if model.resampler.time is not None:
            torch.nn.init.normal_(model.resampler.time.projection.weight, std=0.5)
        one, other = model(batch), model(replace(batch, media=media))
        difference = (one - other).abs().max()
        assert difference > 1e-3 if is_seen else difference < 1e-4


@torch.no_grad()
def test_media_of_different_lengths_equal_each_alone_and_pictures_behind_the_mask_are_nothing(tiny):
    model = tiny.model()
    media = tiny.media([[3, 1], [2]])
    made = model.encode_media(media)
    noise = torch.where(
        media.frame_mask_BMF[..., None, None, None], media.frames_BMFCHW, torch.tensor(200).byte()
    )
    other = model.encode_media(
        replace(
            media,
            frames_BMFCHW=noise,
            frame_times_BMF=media.frame_times_BMF + ~media.frame_mask_BMF * 9.0,
        )
    )
    assert torch.equal(made.tokens_BMNV, other.tokens_BMNV)
    assert torch.equal(made.summary_BMV, other.summary_BMV)
    for b, m, frames in ((0, 0, 3), (0, 1, 1), (1, 0, 2)):
        part = (slice(b, b + 1), slice(m, m + 1), slice(frames))
        alone = model.encode_media(
            type(media)(**{n: getattr(media, n)[part] for n in type(media).__slots__})
        )
        for one, both in (
            (alone.tokens_BMNV[0, 0], made.tokens_BMNV[b, m]),
            (alone.summary_BMV[0, 0], made.summary_BMV[b, m]),
        ):
            torch.testing.assert_close(one, both, rtol=0, atol=5e-6)


@torch.no_grad()
def test_a_picture_and_a_video_of_one_frame_are_the_same_media(tiny):
    model = tiny.model()
    picture, video = tiny.media([[1], [1]]), tiny.media([[3], [1]])
    video.frames_BMFCHW[1, 0, 0] = picture.frames_BMFCHW[0, 0, 0]
    one, other = model.encode_media(picture), model.encode_media(video)
    torch.testing.assert_close(one.tokens_BMNV[0], other.tokens_BMNV[1], rtol=0, atol=5e-6)
    torch.testing.assert_close(one.summary_BMV[0], other.summary_BMV[1], rtol=0, atol=5e-6)
