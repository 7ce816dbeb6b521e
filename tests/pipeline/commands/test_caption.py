"""`interlink caption`: words for any file, from a trained model."""

import shutil

import pytest
from PIL import Image


@pytest.fixture
def trained(interlink, recipe_file):
    code, printed = interlink("train train.yaml --set optimizer.tokens=400")
    assert code == 0, printed
    return "training"


def test_a_video_and_a_picture_are_captioned(interlink, trained, make_video):
    video = make_video("a.mp4", shots=(2.0,), size=(64, 36), fps=10).path
    code, printed = interlink(f"caption --model {trained} {video}")
    assert code == 0
    *words, facts = printed.splitlines()
    assert words
    assert facts.startswith("by training/checkpoints/step-")
    assert facts.endswith("which saw 2 frames at 0.0, 1.5 s")
    Image.new("RGB", (40, 30), "red").save("red.png")
    code, printed = interlink("caption --model training/checkpoints/step-00000000 red.png")
    assert code == 0
    assert "step-00000000, which saw 1 frame at 0.0 s" in printed.splitlines()[-1]


@pytest.mark.parametrize(
    ("model", "clip", "message"),
    [
        ("training", "gone.mp4", "there is no file gone.mp4; name a video, a clip or a picture"),
        ("gone", "notes.txt", "there is no folder gone; name the output of `interlink train`"),
        (".", "notes.txt", "holds no model of COSMO; name the output of `interlink train`"),
        ("training", "notes.txt", "notes.txt is no video or picture that can be read: not_media"),
        ("training", "half.png", "the picture half.png cannot be read"),
    ],
)
def test_mistakes_are_told_in_one_sentence(interlink, trained, here, model, clip, message):
    (here / "notes.txt").write_text("a text")
    Image.effect_noise((64, 64), 50).save("half.png")
    (here / "half.png").write_bytes((here / "half.png").read_bytes()[:500])
    code, printed = interlink(f"caption --model {model} {clip}")
    assert code == 2
    assert message in printed.splitlines()[-1]


def test_bases_that_have_moved_are_named(interlink, trained, here, plain_recipe, make_video):
    Image.new("RGB", (40, 30), "red").save("red.png")
    language, vision = (plain_recipe["model"][k] for k in ("language_model", "vision_tower"))
    shutil.copytree(language, here / "moved")
    code, printed = interlink(f"caption --model {trained} red.png --language-model moved")
    assert code == 0, printed
    code, printed = interlink(f"caption --model {trained} red.png --language-model {vision}")
    assert code == 2
    assert "was trained on another language_model" in printed.splitlines()[-1]
