"""The picture of a training: a PNG for any `metrics.jsonl`, with what is in it."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

from interlink.model.curves import draw_curves
from interlink.schemas.errors import EnvironmentFault

HELD_OUT, SKIPPED = (0xD5, 0x5E, 0x00), (0xB0, 0x00, 0x20)
START = {"event": "start", "recipe": {"output": "a/b", "optimizer": {"max_grad_norm": 1.0}}}


def step(number: int, **changes):
    """A line of a step as `metrics.py` writes it."""
    return {
        "event": "step",
        "step": number,
        "tokens": 900 * number,
        "loss": 3.0,
        "loss_by_kind": {"given": 2 + 1 / number, "speech": 3 + 1 / number},
        "contrastive_loss": 2.0,
        "retrieval_top1": 0.5,
        "negatives": 11.0,
        "learning_rate": 1e-3,
        "grad_norm": 0.7 + number % 3,
        "gates": {
            f"{n}.{part}": 0.01 * n for n in (2, 3) for part in ("attention", "feed_forward")
        },
        "logit_scale": 14.0,
        "skipped": [],
        "tokens_per_s": 2000.0,
        "clips_per_s": 9.0,
        "data_wait_share": 0.01,
        "epoch": 0,
        "tokens_with_loss": {"given": 300 * number},
        "documents": 20 * number,
        "skipped_steps": 0,
        **changes,
    }


def evaluation(number: int, **changes):
    """A line of an evaluation as `train.py` writes it."""
    return {
        "event": "evaluation",
        "step": number,
        "tokens": 900 * number,
        "documents": 64,
        "loss": 2.2,
        "loss_by_kind": {"given": 2.1, "speech": 3.0},
        "vision_gain": 0.1,
        "vision_gain_error": 0.02,
        "vision_gain_by_kind": {"given": 0.1, "speech": 0.0},
        "retrieval_top1": 0.3,
        "pairs": 48,
        **changes,
    }


@pytest.fixture
def draw(tmp_path):
    """Draw events and return the pixels, uint8 (height, width, 3)."""

    def draw(*events):
        metrics, picture = tmp_path / "metrics.jsonl", tmp_path / "curves.png"
        metrics.write_text("".join(json.dumps(event) + "\n" for event in events))
        draw_curves(metrics, picture)
        with Image.open(picture) as image:
            assert image.format == "PNG"
            return np.asarray(image.convert("RGB"))

    return draw


def has(pixels, colour) -> bool:
    return bool((pixels == np.array(colour, np.uint8)).all(-1).any())


DIVERGED = {"loss": None, "loss_by_kind": {"given": None}, "grad_norm": None, "skipped": ["row 1"]}
NOTHING = {"vision_gain": None, "retrieval_top1": None, "loss_by_kind": {}, "pairs": 0}
TRAININGS = {
    "nothing": [],
    "started": [START],
    "before the first step": [START, evaluation(0)],
    "one step": [START, evaluation(0), step(1), evaluation(1)],
    "no evaluation": [START, step(1), step(2)],
    "no start": [step(1), evaluation(1)],
    "no pairs": [step(n, contrastive_loss=None, retrieval_top1=None) for n in (1, 2)],
    "skipped": [step(1), step(2, **DIVERGED), step(3)],
    "all skipped": [step(n, **DIVERGED) for n in (1, 2)],
    "nothing measured": [step(1), evaluation(1, **NOTHING)],
    "old keys missing": [{"event": "step", "step": 1, "tokens": 5}, {"event": "other"}],
    "many": [step(n) for n in range(1, 6000)] + [evaluation(n) for n in range(0, 6000, 60)],
    "far apart norms": [step(n, grad_norm=10.0**n) for n in range(1, 6)],
}


@pytest.mark.parametrize("events", TRAININGS.values(), ids=TRAININGS)
def test_every_training_gives_a_picture_of_one_size(draw, events):
    pixels = draw(*events)
    assert pixels.shape == (1050, 1600, 3)
    is_measured = any(e["event"] == "evaluation" and e["vision_gain"] is not None for e in events)
    assert has(pixels, HELD_OUT) == is_measured
    assert has(pixels, SKIPPED) == any(event.get("skipped") for event in events)


def test_equal_metrics_give_equal_pictures_and_other_metrics_others(draw):
    first = draw(START, step(1), step(2))
    assert (draw(START, step(1), step(2)) == first).all()
    assert (draw(START, step(1), step(2, learning_rate=5e-4)) != first).any()


def test_a_line_that_was_cut_off_is_left_out(tmp_path, draw):
    whole = draw(START, step(1))
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"event": "step", "tok')
    draw_curves(tmp_path / "metrics.jsonl", tmp_path / "again.png")
    with Image.open(tmp_path / "again.png") as image:
        assert (np.asarray(image.convert("RGB")) == whole).all()


def test_the_global_state_of_matplotlib_is_left_alone(draw):
    draw(START, step(1))
    assert "matplotlib.pyplot" not in sys.modules


def test_without_matplotlib_the_error_names_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(EnvironmentFault, match=r"pip install 'interlink\[train\]'"):
        draw_curves(tmp_path / "metrics.jsonl", tmp_path / "curves.png")
