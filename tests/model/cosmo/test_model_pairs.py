"""Both sides of pairs, on tiny random Llama and OPT."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from interlink.model.cosmo.losses import contrastive_loss


def same(one, other, *, atol: float = 2e-5):
    torch.testing.assert_close(one, other, rtol=0, atol=atol)


@pytest.mark.parametrize("sides", [(0, 9), (9, 0)])
@torch.no_grad()
def test_padding_on_either_side_changes_no_embedding(tiny, sides):
    model = tiny.model()
    pairs = tiny.pairs([3, 1, 5])
    padded = replace(
        pairs,
        input_ids_SL=functional.pad(pairs.input_ids_SL, sides),
        attention_SL=functional.pad(pairs.attention_SL, sides),
    )
    made, other = model.encode_pairs(pairs), model.encode_pairs(padded)
    same(made.text_SE, other.text_SE, atol=1e-6)
    assert torch.equal(made.image_SE, other.image_SE)


@torch.no_grad()
def test_pairs_have_the_embeddings_of_each_alone(tiny):
    model = tiny.model()
    pairs = tiny.pairs([3, 1, 5])
    together = model.encode_pairs(pairs)
    for row in range(3):
        one = slice(row, row + 1)
        real = pairs.attention_SL[row]
        media = {n: getattr(pairs.media, n)[one] for n in type(pairs.media).__slots__}
        alone = model.encode_pairs(
            replace(
                pairs,
                input_ids_SL=pairs.input_ids_SL[one, real],
                attention_SL=pairs.attention_SL[one, real],
                media=replace(pairs.media, **media),
                valid_S=pairs.valid_S[one],
                group_S=pairs.group_S[one],
                pair_ids=pairs.pair_ids[one],
            )
        )
        same(alone.text_SE[0], together.text_SE[row])
        same(alone.image_SE[0], together.image_SE[row])


@torch.no_grad()
def test_embeddings_do_not_depend_on_the_other_side(tiny):
    model = tiny.model()
    pairs = tiny.pairs([3, 1, 5])
    made = model.encode_pairs(pairs)
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
