import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from interlink.model.cosmo.tiny_tower import TinyTowerConfig
from interlink.model.cosmo.vision import load_vision_tower
from interlink.model.tiny.build import build_tiny_base
from interlink.model.tiny.recipe import LanguageRecipe, TinyRecipe, TowerRecipe
from interlink.model.tiny.report import TinyReport


def small(seed: int = 0) -> TinyRecipe:
    return TinyRecipe(
        seed=seed,
        language=LanguageRecipe(width=32, num_layers=2, steps=4, rows=2, row_tokens=64),
        tower=TowerRecipe(config=TinyTowerConfig(size_px=48, width=32, depth=1), steps=3, batch=8),
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, TinyReport]:
    folder = tmp_path_factory.mktemp("base")
    return folder, build_tiny_base(folder, small())


def test_a_second_build_gives_the_same_weights_to_the_bit(built, tmp_path):
    torch.manual_seed(99)  # nothing of the caller's matters
    torch.rand(5)
    again = build_tiny_base(tmp_path, small())
    assert again.files == built[1].files
    assert again.digest == built[1].digest
    assert again.head_floor == built[1].head_floor
    assert again.picture_to_caption == built[1].picture_to_caption


def test_another_seed_gives_other_weights_under_another_digest(built, tmp_path):
    other = build_tiny_base(tmp_path, small(seed=1))
    assert other.digest != built[1].digest
    weights = [name for name in other.files if name.endswith("model.safetensors")]
    assert len(weights) == 2
    assert all(other.files[name] != built[1].files[name] for name in weights)


def test_the_language_model_loads_by_the_names_of_transformers(built):
    folder, report = built
    model = AutoModelForCausalLM.from_pretrained(folder / "language-model", local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(folder / "language-model", local_files_only=True)
    ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer.encode("A red circle")]])
    assert model(input_ids=ids).logits.shape == (1, ids.shape[1], len(tokenizer))
    assert model.config.eos_token_id == tokenizer.eos_token_id
    assert sum(p.numel() for p in model.parameters()) == report.num_language_parameters
    assert model.dtype == torch.float32


def test_the_tower_loads_by_the_models_own_seam(built):
    tower = load_vision_tower(built[0] / "vision-tower")
    assert tower(torch.zeros(1, 3, 48, 48)).shape == (1, 16, 32)
    assert sum(p.numel() for p in tower.parameters()) == built[1].num_tower_parameters


def test_only_the_tower_itself_is_saved(built):
    names = set(load_file(built[0] / "vision-tower" / "model.safetensors"))
    assert {name.split(".")[0] for name in names} == {"stem", "position_PV", "blocks", "norm"}


def test_files_can_be_read_by_everyone(built):
    files = [p for p in built[0].rglob("*") if p.is_file()]
    assert files
    assert all(p.stat().st_mode & 0o044 == 0o044 for p in files)


def test_progress_is_logged(tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="interlink.model.tiny"):
        build_tiny_base(tmp_path, small())
    said = [record.getMessage() for record in caplog.records]
    assert any(text.startswith("language model, step 3: loss") for text in said)
    assert any(text.startswith("vision tower, step 2: loss") for text in said)
