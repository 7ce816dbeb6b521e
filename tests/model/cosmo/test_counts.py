"""Counts against the formulas of the reference, computed from its code."""

import importlib.resources
from dataclasses import replace

import pytest
import yaml
from transformers import LlamaConfig

from interlink.model.cosmo.config import CosmoConfig
from interlink.model.cosmo.counts import (
    OPENFLAMINGO_3B_TRAINABLE,
    StepShape,
    count_parameters,
    estimate_memory,
    share_table,
    tokens_per_step,
)
from interlink.model.cosmo.shapes import build_on_meta, clip_on_meta, join_on_meta

RESAMPLER = 63_020_032


def preset(name: str):
    text = (importlib.resources.files("interlink.model") / f"recipes/{name}.yaml").read_text()
    return CosmoConfig.from_mapping(yaml.safe_load(text)["model"])


def gated(d: int, r: int):
    return 4 * d + 2 * d * (512 // r) + 2 * 1024 * (512 // r) + 8 * d * d // r + 2


def contrastive(d: int):
    return 524_288 + 512 * d + 1 + d + (4 * d + 2048 * d) + d + (2 * d + 8 * d * d)


def trainable(model):
    return {part.name: part.trainable for part in count_parameters(model).parts if part.trainable}


@pytest.mark.parametrize(
    ("width", "layers", "depth", "every", "compress", "blocks", "millions"),
    [
        (2048, 24, 12, 2, 2, 6, 212.5),
        (2048, 24, 12, 1, 1, 12, 542.9),
        (2048, 24, 12, 1, 2, 12, 322.6),
        (2048, 24, 12, 2, 1, 6, 322.6),
        (2048, 24, 12, 1, 4, 12, 212.5),
        (2048, 24, 12, 4, 1, 3, 212.5),
        (2560, 32, 12, 2, 2, 10, 403.1),
        (2560, 32, 16, 2, 2, 8, 347.0),
        (4096, 32, 16, 2, 4, 8, 487.3),
        (4096, 32, 16, 4, 2, 4, 487.3),
    ],
)
def test_trainable_parts_have_the_sizes_of_the_reference(
    width, layers, depth, every, compress, blocks, millions
):
    config = replace(
        preset("faithful-2b"), unimodal_depth=depth, xattn_every=every, xattn_compress=compress
    )
    if width == 2048:
        model = build_on_meta(config)
        assert model.language.model.config.model_type == "opt"
    else:  # the reference's GPT-NeoX and Mistral: only width and depth matter to what learns
        shape = LlamaConfig(
            hidden_size=width,
            intermediate_size=64,
            num_hidden_layers=layers,
            num_attention_heads=32,
            vocab_size=32,
        )
        model = join_on_meta(config, shape, clip_on_meta())
    assert trainable(model) == {
        "resampler": RESAMPLER,
        "gated cross attention": blocks * gated(width, compress),
        "contrastive heads": contrastive(width),
    }
    assert count_parameters(model).trainable / 1e6 == pytest.approx(millions, abs=0.06)
    assert {block.heads for _, block in model.gated_blocks()} == {8}
    assert {block.scale for _, block in model.gated_blocks()} == {1 / 8}


def test_blocks_stand_before_every_second_layer_of_the_upper_half():
    model = build_on_meta(preset("faithful-2b"))
    assert list(model.blocks) == ["12", "14", "16", "18", "20", "22"]


def test_frozen_parts_are_opt_and_the_vision_half_of_clip():
    counts = count_parameters(build_on_meta(preset("faithful-2b")))
    frozen = {part.name: part.frozen for part in counts.parts if part.frozen}
    # 24 layers of 12 d^2 + 13 d, and of CLIP ViT-L/14 all but its projection (303,966,208 with)
    assert frozen["language model, lower half"] == 12 * (12 * 2048**2 + 13 * 2048)
    assert frozen["language model, upper half"] == frozen["language model, lower half"]
    assert frozen["language model, embeddings"] == (50272 + 2050) * 2048 + 2 * 2048
    assert frozen["vision tower"] == 303_179_776
    assert counts.total == pytest.approx(1.833e9, rel=2e-3)
    assert counts.trainable / OPENFLAMINGO_3B_TRAINABLE == pytest.approx(0.203, abs=5e-4)


def test_our_2b_learns_as_much_plus_norms_times_and_rows():
    ours = trainable(build_on_meta(preset("cosmo-2b")))
    assert ours == {
        "resampler": RESAMPLER + 32 * 1024,
        "gated cross attention": 6 * (gated(2048, 2) + 2 * 32),
        "contrastive heads": contrastive(2048),
        "token rows": 2 * 2048,
    }


def test_the_readmes_table_states_shares_of_the_model_and_of_openflamingo():
    counts = {name: count_parameters(build_on_meta(preset(name))) for name in ("faithful-2b",)}
    table = share_table(counts)
    assert "| faithful-2b | 212.5 M | 1,831.5 M | 11.6% | 20.3% |" in table
    assert "The paper's 34 % is its 340 M over the 1 B that learn in OpenFlamingo-3B" in table


def test_memory_is_the_sum_of_its_parts_and_grows_with_the_step():
    model = build_on_meta(preset("cosmo-2b"))
    step = StepShape(
        sequences=4, sequence_tokens=1024, media=64, pairs=32, pair_tokens=64, frames=8
    )
    memory = estimate_memory(model, step)
    counts = count_parameters(model)
    assert memory.frozen_weights == 2 * counts.frozen
    assert memory.optimizer == 2 * memory.trained_weights == 8 * counts.trainable
    longer = estimate_memory(model, replace(step, sequences=8))
    assert longer.total - memory.total == longer.activations - memory.activations > 0
    assert tokens_per_step(step, accumulation=2, ranks=8) == 4 * 1024 * 16
