"""Progress of a training: a bar that fits a terminal, JSON lines elsewhere."""

import io
import json
import math
import re
from pathlib import Path

import pytest
from rich.console import Console

from interlink.model.evaluate import Evaluation
from interlink.model.metrics import Speed, StepMetrics
from interlink.pipeline.commands.train_progress import TrainBar, TrainLines, train_progress_for


def metrics(step: int, **changes) -> StepMetrics:
    values = {
        "step": step,
        "tokens": 100 * step,
        "loss": 1.25,
        "loss_by_kind": {"given": 1.0},
        "contrastive_loss": 0.5,
        "retrieval_top1": 0.75,
        "negatives": 11.0,
        "learning_rate": 1e-3,
        "grad_norm": 1.0,
        "gates": {},
        "logit_scale": 14.0,
    }
    return StepMetrics(**values | changes)


SPEED = Speed(tokens_per_s=1234.5, clips_per_s=10.0, data_wait_share=0.0)
MEASURED = Evaluation(
    documents=8,
    loss=0.834,
    loss_by_kind={"given": 0.834},
    vision_gain=0.2134,
    vision_gain_error=0.0155,
    vision_gain_by_kind={"given": 0.2134},
    retrieval_top1=0.625,
    pairs=16,
)


def follow(progress: TrainBar | TrainLines) -> None:
    with progress:
        progress.on_evaluation(0, MEASURED)
        progress.on_checkpoint(Path("out/checkpoints/step-00000000"))
        progress.on_start(tokens_done=0, tokens_total=400)
        for step in (1, 2, 3):
            progress.on_step(metrics(step), SPEED)
        progress.on_step(metrics(4, loss=math.nan, skipped=("a", "b")), SPEED)
        progress.on_message("something happened")


def plain(console: Console) -> str:
    """Return what was printed, without what moves the cursor."""
    return re.sub(r"\x1b\[[?0-9;]*[A-Za-z]|\r", "\n", console.file.getvalue())


@pytest.mark.parametrize("width", [80, 120])
def test_the_bar_is_filled_by_tokens_and_fits(width):
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    follow(TrainBar(console))
    lines = plain(console).splitlines()
    assert all(len(line) <= width for line in lines if "━" in line)
    last = [line for line in lines if "━" in line][-1]
    assert last.startswith("step 4")
    assert "100%" in last
    assert "pairs 75% 1,234 tokens/s" in last
    assert "step 0, held out: loss 0.834, vision gain +0.213 ± 0.031, pairs 62%" in plain(console)
    assert "step 4 was not taken: a, b not finite" in plain(console)
    assert "something happened" in plain(console)


def test_elsewhere_lines_of_json_tell_the_same(capsys):
    progress = train_progress_for(Console(file=io.StringIO()))
    assert isinstance(progress, TrainLines)
    follow(progress)
    printed = capsys.readouterr().out
    events = [json.loads(line) for line in printed.splitlines()]
    assert [event["event"] for event in events] == [
        "evaluation",
        "checkpoint",
        "training_started",
        "step",
        "message",
    ]
    assert Evaluation.from_plain(events[0]) == MEASURED
    assert events[3] == {
        "event": "step",
        "step": 1,
        "tokens": 100,
        "loss": 1.25,
        "retrieval_top1": 0.75,
        "tokens_per_s": 1234.5,
    }


def test_json_has_no_numbers_that_are_none(capsys):
    TrainLines().on_step(metrics(1, loss=math.nan), SPEED)
    assert json.loads(capsys.readouterr().out)["loss"] is None
