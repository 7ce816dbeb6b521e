import json
from pathlib import Path

import pytest
import torch
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPVisionModel

from interlink.model.cosmo.vision import CLIP_MEAN, frame_features, load_vision_tower
from interlink.schemas.errors import UsageError


@pytest.fixture
def clip(tmp_path: Path):
    """A whole random CLIP as a folder: 32 px, patches of 8."""
    torch.manual_seed(0)
    vision = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
    }
    text = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "vocab_size": 20,
    }
    model = CLIPModel(CLIPConfig(vision_config=vision, text_config=text)).eval()
    torch.nn.init.normal_(model.vision_model.post_layernorm.weight)
    model.save_pretrained(tmp_path / "clip")
    return tmp_path / "clip"


@torch.no_grad()
def test_clip_gives_patch_tokens_before_its_last_norm_or_after(clip):
    pixels = torch.randn(3, 3, 32, 32)
    reference = CLIPVisionModel.from_pretrained(clip).eval()
    tokens = reference(pixel_values=pixels).last_hidden_state[:, 1:]
    tower = load_vision_tower(clip)
    assert (tower.size_px, tower.width, tower.num_patches) == (32, 32, 16)
    assert torch.equal(tower(pixels), tokens)
    normed = load_vision_tower(clip, final_norm=True)(pixels)
    weight = reference.post_layernorm if hasattr(reference, "post_layernorm") else None
    assert weight is not None
    assert torch.equal(normed, weight(tokens))
    assert not any(p.requires_grad for p in tower.parameters())
    assert not tower.training


def test_the_vision_half_alone_is_the_same_tower(clip, tmp_path):
    CLIPVisionModel.from_pretrained(clip).save_pretrained(tmp_path / "half")
    pixels = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(
            load_vision_tower(clip)(pixels), load_vision_tower(tmp_path / "half")(pixels)
        )


def test_pixels_are_normalised_as_the_towers_own_files_say(clip, tiny):
    assert load_vision_tower(clip).mean == CLIP_MEAN
    CLIPImageProcessorPil(image_mean=[0.1, 0.2, 0.3], image_std=[0.5, 0.6, 0.7]).save_pretrained(
        clip
    )
    tower = load_vision_tower(clip)
    assert tower.mean == (0.1, 0.2, 0.3)
    assert tower.std == (0.5, 0.6, 0.7)
    seen = []
    tower.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    media = tiny.media([[1]])
    wide = torch.nn.functional.interpolate(media.frames_BMFCHW[0, 0].float(), 32).byte()
    media = type(media)(
        frames_BMFCHW=wide[None, None],
        frame_mask_BMF=media.frame_mask_BMF,
        frame_times_BMF=media.frame_times_BMF,
    )
    frame_features(tower, media)
    mean, std = (torch.tensor(v)[:, None, None] for v in (tower.mean, tower.std))
    torch.testing.assert_close(seen[0][0], (wide[0].float() / 255 - mean) / std)


@torch.no_grad()
def test_a_picture_and_a_frame_of_a_video_have_the_same_features(tiny):
    """The reference normalises them in two ways, neither the tower's."""
    tower = tiny.model().tower
    picture, video = tiny.media([[1]]), tiny.media([[3]])
    video.frames_BMFCHW[0, 0, 2] = picture.frames_BMFCHW[0, 0, 0]
    one, other = frame_features(tower, picture), frame_features(tower, video)
    torch.testing.assert_close(one[0, 0, 0], other[0, 0, 2], rtol=0, atol=1e-6)


@torch.no_grad()
def test_the_tower_sees_only_frames_that_there_are(tiny):
    tower, seen = tiny.model().tower, []
    tower.register_forward_pre_hook(lambda _, args: seen.append(len(args[0])))
    features = frame_features(tower, tiny.media([[2, 1], [3]]))
    assert seen == [6]
    assert features.shape == (2, 2, 3, 4, 32)
    assert (features[0, 1, 1:] == 0).all()
    assert (features[1, 1] == 0).all()
    assert (frame_features(tower, tiny.media([[0]])) == 0).all()


def test_pictures_of_another_size_are_refused(clip, tiny):
    with pytest.raises(ValueError, match=r"frames of \(16, 16\) pixels must be 32 x 32"):
        frame_features(load_vision_tower(clip), tiny.media([[1]]))


def test_a_folder_that_is_no_tower_is_refused(clip, tmp_path):
    with pytest.raises(UsageError, match=r"has no config\.json: it is no folder of a model"):
        load_vision_tower(tmp_path)
    (clip / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(UsageError, match="is of a 'bert'; vision towers are of model_type 'clip'"):
        load_vision_tower(clip)
