"""The reference's text fusion, written again from its description (COSMO.md 1.5)."""

import pytest
import torch

from interlink.model.cosmo.config import CosmoConfig
from interlink.model.cosmo.heads import ContrastiveHeads

WIDTH, VISION = 24, 20


@pytest.fixture
def heads():
    torch.manual_seed(0)
    config = CosmoConfig(
        language_model="x",
        vision_tower="x",
        unimodal_depth=1,
        contrastive_dim=10,
        fusion_heads=2,
        fusion_head_dim=8,
    )
    return ContrastiveHeads(WIDTH, VISION, config)


@torch.no_grad()
def test_text_fusion_is_one_query_reading_the_text_and_itself(heads):
    hidden = torch.randn(1, 5, WIDTH)
    layer = heads.fusion.layer
    query = layer.latent_norm(heads.fusion.query)
    source = torch.cat([layer.context_norm(hidden[0]), query])
    keys, values = (source @ layer.key_value.weight.T).chunk(2, -1)
    read = []
    for head in range(2):
        part = slice(8 * head, 8 * head + 8)
        scores = keys[:, part] @ (query @ layer.query.weight.T)[0, part] * 8**-0.5
        read.append(scores.softmax(0) @ values[:, part])
    fused = heads.fusion.query[0] + layer.output.weight @ torch.cat(read)
    fused = fused + layer.feed_forward(fused)
    expected = heads.text(heads.fusion.norm(fused))
    found = heads(torch.randn(1, VISION), hidden, None).text_SE[0]
    torch.testing.assert_close(found, expected / expected.norm())


@torch.no_grad()
def test_tokens_that_are_not_text_change_nothing_and_an_empty_text_is_finite(heads):
    hidden = torch.randn(2, 5, WIDTH)
    visible = torch.tensor([[False, True, True, False, False], [False] * 5])
    one = heads(torch.randn(2, VISION), hidden, visible).text_SE
    other = heads(
        torch.randn(2, VISION), torch.where(visible[..., None], hidden, 1e3), visible
    ).text_SE
    assert torch.equal(one, other)
    assert one.isfinite().all()


@torch.no_grad()
def test_both_sides_have_length_one_and_are_float32(heads):
    with torch.autocast("cpu", torch.bfloat16):
        made = heads(torch.randn(3, VISION), torch.randn(3, 5, WIDTH), None)
    for side in (made.image_SE, made.text_SE):
        assert side.dtype == torch.float32
        torch.testing.assert_close(side.norm(dim=-1), torch.ones(3))
