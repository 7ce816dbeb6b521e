"""Captions of clips, and the folder that a trained model is in."""

import json
from itertools import islice

import numpy as np
import pytest
import torch

from interlink.model.caption import (
    DEFAULT_FRAMES,
    caption_clip,
    caption_frames,
    find_model,
    frames_per_clip,
)
from interlink.model.checkpoint import save_checkpoint
from interlink.model.cosmo.batch import Media
from interlink.model.cosmo.generate import Prompt, generate
from interlink.model.cosmo.model import Cosmo
from interlink.model.data.collate import ClipFrames
from interlink.model.data.order import World
from interlink.model.train import train
from interlink.model.trainer import Trainer
from interlink.model.training_data import TrainingStreams
from interlink.schemas.errors import UsageError


@pytest.fixture
def model(recipe):
    return Cosmo.build(recipe.model).eval()


def pictures(seed: int, count: int = 2, size: int = 16):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (size, size, 3), np.uint8) for _ in range(count)]


def test_the_model_writes_on_from_one_visual_token(model):
    frames = pictures(0)
    special = model.processor.special
    stacked = torch.from_numpy(np.stack(frames).transpose(0, 3, 1, 2).copy())
    media = Media(
        frames_BMFCHW=stacked[None, None],
        frame_mask_BMF=torch.ones((1, 1, 2), dtype=torch.bool),
        frame_times_BMF=torch.tensor([[[0.0, 0.5]]]),
    )
    prompt = Prompt.make([[special.bos, special.visual]], media, pad=special.pad)
    [written] = generate(model, prompt, max_new_tokens=64)
    assert caption_clip(model, frames, [0.0, 0.5]) == model.processor.decode(written)


def test_a_model_whose_frozen_half_is_bf16_captions_too(recipe, model):
    half = Cosmo.build(recipe.model, frozen_dtype=torch.bfloat16).eval()
    assert next(half.language.model.parameters()).dtype is torch.bfloat16
    written = caption_clip(half, pictures(0), [0.0, 0.5])
    assert isinstance(written, str)
    # It rounds, so that captions may part after some words; they begin alike.
    assert written[:8] == caption_clip(model, pictures(0), [0.0, 0.5])[:8]


def test_pictures_of_any_size_are_seen_whole(model):
    large = pictures(1, size=64)
    small = np.stack([frame.reshape(16, 4, 16, 4, 3).mean((1, 3)).round() for frame in large])
    clip = ClipFrames(
        pixels_FCHW=small.transpose(0, 3, 1, 2).astype(np.uint8),
        times_F=np.array([0.0, 1.0], np.float32),
    )
    assert caption_clip(model, large, [0.0, 1.0]) == caption_frames(model, clip)


def test_the_model_is_shown_these_frames_at_these_times(model, monkeypatch):
    shown = []

    def spy(model, prompt, **options):
        shown.append(prompt.media)
        return generate(model, prompt, **options)

    monkeypatch.setattr("interlink.model.caption.generate", spy)
    frames = pictures(0)
    caption_clip(model, frames, [0.25, 1.5])
    [media] = shown
    assert media.frame_times_BMF.tolist() == [[[0.25, 1.5]]]
    seen = media.frames_BMFCHW[0, 0].numpy().transpose(0, 2, 3, 1)
    assert np.array_equal(seen, np.stack(frames))


def test_every_frame_needs_its_time(model):
    with pytest.raises(ValueError, match="2 frames and 1 times"):
        caption_clip(model, pictures(0), [0.0])
    with pytest.raises(ValueError, match="0 frames and 0 times"):
        caption_clip(model, [], [])
    model.processor = None
    with pytest.raises(ValueError, match="no processor"):
        caption_clip(model, pictures(0), [0.0, 0.5])


def test_the_newest_checkpoint_of_a_training_is_found(recipe, model, tmp_path):
    report = train(recipe)
    assert find_model(report.output) == report.checkpoint
    assert find_model(report.checkpoint) == report.checkpoint
    assert frames_per_clip(report.checkpoint) == recipe.budgets.frames_per_clip == 2
    (report.checkpoint / "training.json").write_text("{}")
    with pytest.raises(UsageError, match=r"is damaged: training\.json has 2 bytes"):
        find_model(report.checkpoint)
    (report.checkpoint / "CHECKPOINT.json").unlink()
    with pytest.raises(UsageError, match="is no whole checkpoint: its writing was interrupted"):
        find_model(report.checkpoint)


def test_a_saved_model_needs_no_training_beside_it(model, tmp_path):
    model.save_pretrained(tmp_path / "saved")
    assert find_model(tmp_path / "saved") == tmp_path / "saved"
    assert frames_per_clip(tmp_path / "saved") == DEFAULT_FRAMES


CAPTION = """
import json, sys
from pathlib import Path
import numpy as np
import torch
torch.set_num_threads(1)
from interlink.model.caption import caption_clip
from interlink.model.cosmo.model import Cosmo

model = Cosmo.from_pretrained(Path(sys.argv[1]))
clips = np.load(sys.argv[2])
print(json.dumps([caption_clip(model, list(frames), [0.0, 0.5]) for frames in clips]))
"""


def test_a_checkpoint_writes_the_same_captions_in_a_fresh_process(recipe, run_python, tmp_path):
    model = Cosmo.build(recipe.model)
    streams = TrainingStreams(recipe, model.processor, World())
    trainer = Trainer(model, recipe)
    for batch, pairs in islice(streams, 3):
        trainer.step(batch, pairs)
    # As after a longer training: with gates nearly closed no picture would matter.
    for name, tensor in model.trained_state().items():
        if name.endswith(("_gate", "residual_scale")):
            tensor.fill_(10.0)
    path = save_checkpoint(tmp_path / "checkpoints", trainer, streams.state_dict(), keep=1)
    clips = [[np.full((16, 16, 3), shade, np.uint8)] * 2 for shade in (0, 120, 255)]
    np.save(tmp_path / "clips.npy", np.stack(clips))
    done = run_python(CAPTION, path, tmp_path / "clips.npy")
    written = [caption_clip(model.eval(), frames, [0.0, 0.5]) for frames in clips]
    assert json.loads(done.stdout) == written
    assert len(set(written)) == 3  # it looks at the pictures


def test_a_folder_without_a_model_is_told_apart(tmp_path):
    with pytest.raises(UsageError, match=r"there is no folder .*nowhere; name the output"):
        find_model(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="holds no model of COSMO"):
        find_model(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(UsageError, match="holds no whole checkpoint: the training has not begun"):
        find_model(tmp_path)
