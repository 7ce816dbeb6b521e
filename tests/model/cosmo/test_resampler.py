import pytest
import torch

from interlink.model.cosmo.config import CosmoConfig
from interlink.model.cosmo.resampler import FrameTime, Resampler

WIDTH, PATCHES = 16, 5


def resampler(*, time: bool = True):
    torch.manual_seed(0)
    config = CosmoConfig(
        language_model="x",
        vision_tower="x",
        unimodal_depth=1,
        num_latents=4,
        resampler_depth=2,
        resampler_heads=2,
        resampler_head_dim=8,
        frame_time_embedding=time,
    )
    made = Resampler(WIDTH, config)
    if time:
        torch.nn.init.normal_(made.time.projection.weight, std=0.5)
    return made


def inputs(frames: int = 3, media: int = 2):
    torch.manual_seed(1)
    features = torch.randn(2, media, frames, PATCHES, WIDTH)
    times = torch.arange(frames, dtype=torch.float32).expand(2, media, frames) * 0.5
    return features, torch.ones(2, media, frames, dtype=torch.bool), times


def test_any_media_becomes_one_summary_and_the_same_number_of_tokens():
    out = resampler()(*inputs())
    assert out.summary_BMV.shape == (2, 2, WIDTH)
    assert out.tokens_BMNV.shape == (2, 2, 4, WIDTH)
    assert resampler()(*inputs(frames=1)).tokens_BMNV.shape == (2, 2, 4, WIDTH)


@pytest.mark.parametrize("time", [True, False])
def test_frame_order_is_seen_with_time_embeddings_and_only_then(time: bool):
    made = resampler(time=time)
    features, mask, times = inputs()
    one = made(features, mask, times).tokens_BMNV
    other = made(features.flip(2), mask, times).tokens_BMNV
    difference = (one - other).abs().max()
    assert difference > 1e-2 if time else difference < 5e-6


@torch.no_grad()
def test_frames_with_their_times_are_a_set():
    made = resampler()
    features, mask, times = inputs()
    one = made(features, mask, times).tokens_BMNV
    other = made(features.flip(2), mask, times.flip(2)).tokens_BMNV
    torch.testing.assert_close(one, other, rtol=0, atol=5e-6)


@torch.no_grad()
def test_media_of_different_lengths_equal_each_alone():
    made = resampler()
    features, mask, times = inputs()
    lengths = [[3, 1], [2, 3]]
    for b, row in enumerate(lengths):
        for m, length in enumerate(row):
            mask[b, m, length:] = False
    together = made(features, mask, times)
    for b, row in enumerate(lengths):
        for m, length in enumerate(row):
            part = (slice(b, b + 1), slice(m, m + 1), slice(length))
            alone = made(features[part], mask[part], times[part])
            torch.testing.assert_close(
                together.tokens_BMNV[b, m], alone.tokens_BMNV[0, 0], rtol=0, atol=5e-6
            )
            torch.testing.assert_close(
                together.summary_BMV[b, m], alone.summary_BMV[0, 0], rtol=0, atol=5e-6
            )


def test_frames_that_are_masked_out_change_nothing_and_a_media_without_any_is_finite():
    made = resampler()
    features, mask, times = inputs()
    mask[0, 0, 1:] = False
    mask[1] = False
    one = made(features, mask, times)
    features = torch.where(mask[..., None, None], features, 1e4)
    other = made(features, mask, times + ~mask * 50.0)
    assert torch.equal(one.tokens_BMNV, other.tokens_BMNV)
    other.tokens_BMNV.sum().backward()
    assert all(p.grad.isfinite().all() for p in made.parameters())


def test_time_tells_neighbouring_frames_of_the_grid_apart():
    torch.manual_seed(0)
    embedded = FrameTime(32)(torch.arange(0, 60, 0.5)[None, None])[0, 0]
    distance = (embedded[1:] - embedded[:-1]).norm(dim=-1)
    assert distance.min() > 0.1 * embedded.norm(dim=-1).mean()


@torch.no_grad()
def test_it_is_the_references_resampler_written_again():
    """From its description (COSMO.md 1.2), for one media: no mask, no time."""
    made = resampler(time=False)
    features, mask, times = inputs()
    x = features[0, 0].flatten(0, 1)
    latents = made.latents
    for layer in made.layers:
        queries = layer.latent_norm(latents)
        source = torch.cat([layer.context_norm(x), queries])
        keys, values = (source @ layer.key_value.weight.T).chunk(2, -1)
        read = []
        for head in range(2):
            part = slice(8 * head, 8 * head + 8)
            scores = (queries @ layer.query.weight.T)[:, part] @ keys[:, part].T * 8**-0.5
            read.append(scores.softmax(-1) @ values[:, part])
        latents = latents + torch.cat(read, -1) @ layer.output.weight.T
        latents = latents + layer.feed_forward(latents)
    expected = made.norm(latents)
    found = made(features, mask, times)
    torch.testing.assert_close(found.summary_BMV[0, 0], expected[0], rtol=0, atol=5e-6)
    torch.testing.assert_close(found.tokens_BMNV[0, 0], expected[1:], rtol=0, atol=5e-6)
