import json
import os
import pickle
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import interlink
from interlink.model.cosmo.calibrate import calibrate
from interlink.model.cosmo.config import CosmoConfig
from interlink.model.cosmo.generate import Prompt, generate
from interlink.model.cosmo.model import Cosmo
from interlink.schemas.errors import UsageError


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.fixture
def small(bases):
    language, vision = bases
    return CosmoConfig(
        language_model=str(language),
        vision_tower=str(vision),
        unimodal_depth=2,
        xattn_every=1,
        xattn_heads=4,
        xattn_head_dim=16,
        num_latents=4,
        resampler_depth=1,
        resampler_heads=2,
        resampler_head_dim=16,
        contrastive_dim=16,
        fusion_heads=2,
        fusion_head_dim=16,
    )


@pytest.fixture
def trained(small, tiny):
    """A model whose trained parts are no longer what their seed gave."""
    model = Cosmo.build(small)
    calibrate(model, tiny.packed([[[3], [2]]]))
    generator = torch.Generator().manual_seed(7)
    for tensor in model.trained_state().values():
        tensor.add_(0.2 * torch.randn(tensor.shape, generator=generator))
    return model.eval()


def test_building_is_a_function_of_the_seed_and_leaves_the_global_generator(small):
    before = torch.get_rng_state()
    states = [Cosmo.build(small, seed=seed).trained_state() for seed in (1, 1, 2)]
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(states[0][n], states[1][n]) for n in states[0])
    assert not torch.equal(states[0]["resampler.latents"], states[2]["resampler.latents"])


def test_a_model_read_back_gives_the_same_logits_and_text(trained, tiny, tmp_path):
    trained.save_pretrained(tmp_path / "model")
    again = Cosmo.from_pretrained(tmp_path / "model")
    batch = tiny.packed([[[3, 0], [2]]])
    with torch.no_grad():
        assert torch.equal(trained(batch), again(batch))
        pairs = tiny.pairs([3, 2])
        one, other = trained.encode_pairs(pairs), again.encode_pairs(pairs)
    assert torch.equal(one.text_SE, other.text_SE)
    assert torch.equal(one.image_SE, other.image_SE)
    assert torch.equal(one.logit_scale, other.logit_scale)
    prompt = Prompt.make([[1, 50]], tiny.media([[2]]), pad=0)
    assert generate(trained, prompt) == generate(again, prompt)
    assert again.processor.encode("w5 w7") == [5, 7]
    assert again.special == trained.special


@torch.no_grad()
def test_a_model_read_back_with_closed_gates_is_bitwise_the_bare_model(trained, tiny, tmp_path):
    for _, block in trained.gated_blocks():
        block.attention_gate.fill_(0)
        block.feed_forward_gate.fill_(0)
    trained.save_pretrained(tmp_path / "model")
    again = Cosmo.from_pretrained(tmp_path / "model")
    batch = tiny.packed([[[]], [[]]], prefix=9)
    bare = again.language.model(input_ids=batch.input_ids_BL, use_cache=False).logits
    assert torch.equal(again(batch)[..., :50], bare)
    media = tiny.packed([[[3, 0], [2]]])
    other = replace(media, media=tiny.media([[2, 2, 2]], seed=11))
    assert torch.equal(again(media), again(other))


def test_a_fresh_process_gives_the_same_logits(trained, tiny, tmp_path):
    trained.save_pretrained(tmp_path / "model")
    batch = tiny.packed([[[3, 0], [2]]])
    with torch.no_grad():
        expected = trained(batch)
    torch.save(expected, tmp_path / "logits.pt")
    names = [n for n in type(batch).__slots__ if n.endswith("_BL")]
    torch.save(
        {n: getattr(batch, n) for n in names}
        | {n: getattr(batch.media, n) for n in type(batch.media).__slots__},
        tmp_path / "batch.pt",
    )
    code = f"""
import torch
torch.set_num_threads(1)
from interlink.model.cosmo.batch import Media, PackedBatch
from interlink.model.cosmo.model import Cosmo
t = torch.load({str(tmp_path / "batch.pt")!r}, weights_only=True)
media = Media(**{{n: t.pop(n) for n in list(t) if "BM" in n}})
batch = PackedBatch(**t, media=media, sequence_ids=("row",))
with torch.no_grad():
    logits = Cosmo.from_pretrained({str(tmp_path / "model")!r})(batch)
print(torch.equal(logits, torch.load({str(tmp_path / "logits.pt")!r}, weights_only=True)))
"""
    environment = os.environ | {"PYTHONPATH": str(Path(interlink.__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("True")


def test_only_what_was_trained_is_written(trained, tmp_path):
    folder = tmp_path / "model"
    trained.save_pretrained(folder)
    assert {p.name for p in folder.iterdir()} == {
        "config.json",
        "bases.json",
        "model.safetensors",
        "processor",
    }
    names = set(load_file(folder / "model.safetensors"))
    learn = {n for part in trained.trainable_parameters().values() for n in part}
    rest = {"blocks.2.residual_scale", "blocks.3.residual_scale", "language.rows.input_XW"}
    assert names == learn | rest
    assert stat.S_IMODE((folder / "model.safetensors").stat().st_mode) == 0o644
    bases = json.loads((folder / "bases.json").read_text())
    assert set(bases["language_model"]["sha256"]) == {"config.json", "model.safetensors"}


def test_bases_may_move_but_not_change(trained, small, tmp_path):
    trained.save_pretrained(tmp_path / "model")
    moved = tmp_path / "elsewhere"
    shutil.move(small.language_model, moved)
    again = Cosmo.from_pretrained(tmp_path / "model", language_model=str(moved))
    assert again.config.language_model == str(moved)
    config = json.loads((moved / "config.json").read_text())
    (moved / "config.json").write_text(json.dumps(config, indent=4))
    with pytest.raises(UsageError, match=r"trained on another language_model: config\.json of"):
        Cosmo.from_pretrained(tmp_path / "model", language_model=str(moved))


def test_a_crafted_pickle_is_refused_and_never_opened(trained, tmp_path):
    folder, mark = tmp_path / "model", tmp_path / "pickle was read"
    trained.save_pretrained(folder)
    bomb = pickle.dumps(Bomb(mark))
    (folder / "model.safetensors").write_bytes(bomb)
    with pytest.raises(UsageError, match="is no safetensors file; pickles are never read"):
        Cosmo.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(bomb)
    with pytest.raises(UsageError, match=r"has no model\.safetensors: .*\(pickles are not read"):
        Cosmo.from_pretrained(folder)
    assert not mark.exists()


def test_a_folder_that_is_no_model_is_refused(trained, tmp_path):
    with pytest.raises(UsageError, match=r"has no model\.safetensors: it is no model of COSMO"):
        Cosmo.from_pretrained(tmp_path)
    trained.save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "bases.json").unlink()
    with pytest.raises(UsageError, match=r"must hold config\.json and bases\.json"):
        Cosmo.from_pretrained(tmp_path / "model")


@pytest.mark.parametrize("base", ["language_model", "vision_tower"])
def test_a_base_that_is_a_pickle_only_is_refused_and_never_opened(small, tmp_path, base):
    mark = tmp_path / "pickle was read"
    folder = Path(getattr(small, base))
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(mark)))
    with pytest.raises(UsageError, match=r"only pytorch_model\.bin, a pickle\); pickles are never"):
        Cosmo.build(small)
    assert not mark.exists()


def test_a_base_whose_safetensors_is_a_pickle_is_refused(small, tmp_path):
    mark = tmp_path / "pickle was read"
    shutil.copy(Path(small.vision_tower) / "model.safetensors", tmp_path / "good")
    for base in (small.vision_tower, small.language_model):
        (Path(base) / "model.safetensors").write_bytes(pickle.dumps(Bomb(mark)))
        with pytest.raises(UsageError, match="is no safetensors file; pickles are never read"):
            Cosmo.build(small)
        shutil.copy(tmp_path / "good", Path(small.vision_tower) / "model.safetensors")
    assert not mark.exists()


def test_tensors_of_another_config_are_refused(trained, tmp_path):
    trained.save_pretrained(tmp_path / "model")
    config = replace(trained.config, contrastive_dim=8)
    (tmp_path / "model" / "config.json").write_text(config.to_json())
    with pytest.raises(UsageError, match=r"2 of \d+ tensors do not fit this model, such as heads"):
        Cosmo.from_pretrained(tmp_path / "model")


def test_a_model_that_came_from_no_folder_cannot_be_saved(tiny, tmp_path):
    with pytest.raises(UsageError, match="not built from folders cannot be saved"):
        tiny.model().save_pretrained(tmp_path)
