"""The check of the demo's training finds what is missing, and what has learned nothing."""

import json

import pytest
from PIL import Image

from interlink.examples.check_training import check_training
from interlink.schemas.errors import UsageError

BEFORE = {"event": "evaluation", "step": 0, "loss": 1.2, "vision_gain": 0.0}
BEFORE |= {"vision_gain_error": 0.0, "retrieval_top1": 0.02}
AFTER = BEFORE | {"step": 9, "loss": 0.3, "vision_gain": 0.2, "vision_gain_error": 0.02}
AFTER |= {"retrieval_top1": 0.4}


@pytest.fixture
def training(tmp_path):
    """Writes a training's folder with given last figures."""

    def write(**changes):
        sealed = tmp_path / "checkpoints" / "step-00000009"
        sealed.mkdir(parents=True)
        (sealed / "CHECKPOINT.json").write_text("{}")
        for name in ("curves.png", "captions.png"):
            Image.new("RGB", (8, 8)).save(tmp_path / name)
        lines = [json.dumps(event) + "\n" for event in (BEFORE, AFTER | changes)]
        (tmp_path / "metrics.jsonl").write_text("".join(lines))
        return tmp_path

    return write


def test_a_training_that_learned_to_see_is_told_in_one_line(training):
    line = check_training(training())
    assert "loss 1.200 to 0.300, vision gain 0.200 with a standard error of 0.020" in line


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": 1.3}, "did not fall: 1.200 to 1.300"),
        ({"vision_gain": 0.04}, "vision gain 0.040, less than 0.05"),
        ({"vision_gain_error": 0.15}, "no more than two errors"),
    ],
)
def test_what_learned_nothing_is_told(training, changes, message):
    with pytest.raises(UsageError, match=message):
        check_training(training(**changes))


def test_what_is_missing_is_told(training):
    folder = training()
    (folder / "checkpoints" / "step-00000009" / "CHECKPOINT.json").unlink()
    with pytest.raises(UsageError, match="there is no checkpoint"):
        check_training(folder)
    (folder / "curves.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"curves\.png"):
        check_training(folder)
