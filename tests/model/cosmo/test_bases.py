import hashlib
import types

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

import interlink.model.tiny as tiny_room
from interlink.model.cosmo.bases import (
    files_of,
    language_model_folder,
    load_language_model,
    require_safetensors,
    vision_tower_folder,
)
from interlink.schemas.errors import EnvironmentFault, UsageError


def test_a_folder_is_taken_as_it_is(tmp_path):
    assert language_model_folder(str(tmp_path)) == tmp_path
    assert vision_tower_folder(str(tmp_path)) == tmp_path


def test_the_tiny_base_is_built_by_its_own_room(monkeypatch, tmp_path):
    made = types.SimpleNamespace(language_model=tmp_path / "l", vision_tower=tmp_path / "v")
    monkeypatch.setattr(tiny_room, "tiny_base", lambda: made, raising=False)
    assert language_model_folder("tiny-base") == tmp_path / "l"
    assert vision_tower_folder("tiny-base") == tmp_path / "v"


@pytest.mark.parametrize("name", ["no/such-model", "not a name at all//"])
def test_a_name_that_is_no_folder_and_not_fetched_is_the_machines_fault(name):
    with pytest.raises(EnvironmentFault, match="is no folder, and could not be fetched from"):
        language_model_folder(name)


def test_a_folder_without_config_or_weights_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"has no config\.json"):
        require_safetensors(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=r"has no \*\.safetensors \(none\)"):
        require_safetensors(tmp_path)


def test_half_precision_files_are_read_as_float32_and_frozen(tmp_path):
    shape = LlamaConfig(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        vocab_size=20,
    )
    LlamaForCausalLM(shape).half().save_pretrained(tmp_path)
    model = load_language_model(tmp_path)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert not any(p.requires_grad for p in model.parameters())
    assert not model.training
    assert load_language_model(tmp_path, dtype=torch.bfloat16).dtype == torch.bfloat16


def test_bases_are_told_apart_by_the_digests_of_their_files(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "a.safetensors").write_bytes(b"weights")
    (tmp_path / "notes.txt").write_text("no part of it")
    assert files_of(tmp_path) == {
        "config.json": hashlib.sha256(b"{}").hexdigest(),
        "a.safetensors": hashlib.sha256(b"weights").hexdigest(),
    }
