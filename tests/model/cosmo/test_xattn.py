import pytest
import torch
from torch import nn

from interlink.model.cosmo.config import CosmoConfig
from interlink.model.cosmo.xattn import GatedCrossAttention, MediaView

WIDTH, VISION, HEADS, HEAD, LATENTS, TOKENS = 24, 20, 2, 8, 3, 13


def block(form: str, *, compress: int = 2, faithful: bool = False, qk_norm: bool = True):
    torch.manual_seed(0)
    config = CosmoConfig(
        language_model="x",
        vision_tower="x",
        unimodal_depth=1,
        xattn_heads=HEADS,
        xattn_head_dim=HEAD * compress,
        xattn_compress=compress,
        xattn_form=form,
        qk_norm=qk_norm,
        faithful=faithful,
    )
    made = GatedCrossAttention(WIDTH, VISION, config).double()
    made.attention_gate.data.fill_(0.8)
    made.feed_forward_gate.data.fill_(-0.6)
    return made


def index_of(media: int):
    """Runs of length 0, 1 and more: media 2 has no token, media 1 has one."""
    row = [0, 0, 1, *([3, 3] if media >= 3 else [1, 1]), *([4] * 3 if media >= 4 else [1] * 3)]
    row += [media] * (TOKENS - len(row))
    return torch.tensor([row, [0] * TOKENS], dtype=torch.int32)


def oracle(b: GatedCrossAttention, x, media, index):
    """The block written again, a token at a time, in einsum."""
    y = x.clone()
    for i in range(len(x)):
        for t in range(TOKENS):
            if index[i, t] == 0:
                continue
            tokens = media[i, index[i, t] - 1]
            q = b.query_norm((b.query.weight @ b.norm(x[i, t])).view(HEADS, HEAD))
            k, v = torch.einsum("ov,nv->no", b.key_value.weight, tokens).chunk(2, -1)
            k, v = b.key_norm(k.view(-1, HEADS, HEAD)), v.view(-1, HEADS, HEAD)
            weights = (torch.einsum("ad,nad->an", q, k) * b.scale).softmax(-1)
            read = b.output.weight @ torch.einsum("an,nad->ad", weights, v).flatten()
            y[i, t] = x[i, t] + b.attention_gate.tanh() * read
    return y + b.feed_forward_gate.tanh() * b.feed_forward(y)


def run(b, x, media, index, form):
    view = MediaView.make(index, media=media.shape[1], latents=LATENTS, dense=form == "dense")
    return b(x, b.media_keys(media), view)


@pytest.mark.parametrize("media", [1, 2, 3, 4])
@pytest.mark.parametrize("form", ["dense", "gather"])
def test_both_forms_equal_the_oracle_forward_and_backward(form: str, media: int):
    b = block(form)
    torch.manual_seed(1)
    x = torch.randn(2, TOKENS, WIDTH, dtype=torch.float64, requires_grad=True)
    pictures = torch.randn(2, media, LATENTS, VISION, dtype=torch.float64, requires_grad=True)
    inputs = [x, pictures, *b.parameters()]
    weight = torch.randn(2, TOKENS, WIDTH, dtype=torch.float64)
    found = run(b, x, pictures, index_of(media), form)
    expected = oracle(b, x, pictures, index_of(media))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    found_gradients = torch.autograd.grad((found * weight).sum(), inputs)
    expected_gradients = torch.autograd.grad((expected * weight).sum(), inputs)
    for one, other in zip(found_gradients, expected_gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-11)


@pytest.mark.parametrize("form", ["dense", "gather"])
def test_a_token_without_media_reads_exactly_nothing_and_has_finite_gradients(form: str):
    b = block(form)
    x = torch.randn(2, TOKENS, WIDTH, dtype=torch.float64, requires_grad=True)
    pictures = torch.randn(2, 2, LATENTS, VISION, dtype=torch.float64, requires_grad=True)
    index = index_of(2)
    view = MediaView.make(index, media=2, latents=LATENTS, dense=form == "dense")
    read = b.read(x, b.media_keys(pictures), view)
    assert (read[index == 0] == 0).all()
    assert (read[index > 0] != 0).any(-1).all()
    run(b, x, pictures, index, form).sum().backward()
    assert x.grad.isfinite().all()
    assert pictures.grad.isfinite().all()
    assert (pictures.grad[1] == 0).all(), "row 1 sees no media"
    assert (pictures.grad[0, 1] != 0).any()


@pytest.mark.parametrize("form", ["dense", "gather"])
def test_a_tokens_output_depends_on_its_own_media_only(form: str):
    b = block(form)
    x = torch.randn(2, TOKENS, WIDTH, dtype=torch.float64)
    pictures = torch.randn(2, 4, LATENTS, VISION, dtype=torch.float64, requires_grad=True)
    index = index_of(4)
    for token in range(TOKENS):
        y = run(b, x, pictures, index, form)
        (gradient,) = torch.autograd.grad(y[0, token].sum(), pictures)
        seen = gradient.abs().sum((2, 3)) > 0
        expected = torch.zeros(2, 4, dtype=torch.bool)
        if index[0, token] > 0:
            expected[0, index[0, token] - 1] = True
        assert torch.equal(seen, expected)


def test_closed_gates_return_the_stream_itself():
    b = block("dense")
    nn.init.zeros_(b.attention_gate)
    nn.init.zeros_(b.feed_forward_gate)
    b.residual_scale.fill_(7.0)
    x = torch.randn(2, TOKENS, WIDTH, dtype=torch.float64)
    pictures = torch.randn(2, 2, LATENTS, VISION, dtype=torch.float64)
    assert torch.equal(run(b, x, pictures, index_of(2), "dense"), x)


def test_the_scale_is_that_of_the_heads_own_width():
    assert block("dense", compress=2).scale == HEAD**-0.5
    assert block("dense", compress=2, faithful=True).scale == (2 * HEAD) ** -0.5


@pytest.mark.parametrize("compress", [1, 2, 4])
def test_the_reference_scale_is_one_eighth_for_every_compression(compress: int):
    config = CosmoConfig(
        language_model="x",
        vision_tower="x",
        unimodal_depth=1,
        xattn_compress=compress,
        faithful=True,
    )
    b = GatedCrossAttention(8, 8, config)
    assert b.scale == 1 / 8
    assert b.query.out_features == 512 // compress
    assert b.heads == 8


def test_qk_norm_keeps_scores_whatever_the_size_of_the_media():
    b = block("dense")
    x = torch.randn(2, TOKENS, WIDTH, dtype=torch.float64)
    pictures = torch.randn(2, 2, LATENTS, VISION, dtype=torch.float64)
    index = index_of(2)
    view = MediaView.make(index, media=2, latents=LATENTS, dense=True)
    one, thousand = (b.read(x, b.media_keys(pictures * f), view) for f in (1, 1000))
    torch.testing.assert_close(thousand, one * 1000, rtol=1e-2, atol=0.02)


def test_the_stream_keeps_its_dtype():
    b = block("dense").float()
    x = torch.randn(2, TOKENS, WIDTH)
    pictures = torch.randn(2, 2, LATENTS, VISION)
    with torch.autocast("cpu", torch.bfloat16):
        y = run(b, x.bfloat16(), pictures, index_of(2), "dense")
    assert y.dtype == torch.bfloat16
