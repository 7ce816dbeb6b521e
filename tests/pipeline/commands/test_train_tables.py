"""The table of what a training has changed."""

import io
import math
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from interlink.model.dry_run import describe_training
from interlink.model.evaluate import Evaluation
from interlink.model.recipe import TrainRecipe
from interlink.model.train_report import TrainReport
from interlink.pipeline.commands.train_tables import print_dry_run, print_training

BEFORE = Evaluation(
    documents=12,
    loss=3.21,
    loss_by_kind={"given": 3.0},
    vision_gain=0.0,
    vision_gain_error=0.002,
    vision_gain_by_kind={"given": 0.0},
    retrieval_top1=0.04,
    pairs=48,
)
AFTER = Evaluation(
    documents=12,
    loss=1.1,
    loss_by_kind={"given": 1.0, "caption": 1.2},
    vision_gain=0.2134,
    vision_gain_error=0.0155,
    vision_gain_by_kind={"given": 0.3, "caption": 0.1},
    retrieval_top1=0.9,
    pairs=48,
)
REPORT = TrainReport(
    output=Path("out"),
    checkpoint=Path("out/checkpoints/step-00000010"),
    curves=Path("out/curves.png"),
    steps=10,
    tokens=1000,
    before=BEFORE,
    after=AFTER,
    resumed_from=None,
    stopped_by=None,
)


def printed(report: TrainReport) -> list[str]:
    console = Console(file=io.StringIO(), width=110)
    print_training(console, report)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def test_documents_that_are_trained_on_are_named_where_they_are_left_out(plain_recipe):
    recipe = TrainRecipe.from_mapping(plain_recipe)
    found = describe_training(recipe)
    held_out = replace(found.data.held_out, num_overlapping=3)
    console = Console(file=io.StringIO(), width=160)
    print_dry_run(console, recipe, replace(found, data=replace(found.data, held_out=held_out)))
    line = (
        "held out 4 documents of view eval: 4 samples, 12 clips; 3 more are left out: their videos "
        "are trained on"
    )
    assert line in " ".join(console.file.getvalue().split())


def test_before_and_after_stand_beside_each_other_with_two_standard_errors():
    lines = printed(REPORT)
    for line in (
        "held out before after",
        "loss, nats per token 3.210 1.100",
        "given 3.000 1.000",
        "caption - 1.200",
        "vision gain, nats per token +0.000 ± 0.004 +0.213 ± 0.031",
        "caption - +0.100",
        "partner found among 48 pairs 4% 90%",
        "checkpoint out/checkpoints/step-00000010",
        "metrics out/metrics.jsonl",
        "curves out/curves.png",
    ):
        assert line in lines, line


def test_without_pairs_nothing_is_said_of_them():
    without = replace(AFTER, retrieval_top1=None, pairs=0)
    assert "partner" not in " ".join(printed(replace(REPORT, after=without)))


def test_without_held_out_documents_the_end_says_so():
    lines = printed(replace(REPORT, before=None, after=None))
    assert lines[0] == "nothing is held out, so that nothing can be said of what was learned"


def test_a_training_that_was_stopped_shows_no_change():
    lines = printed(replace(REPORT, stopped_by=15))
    assert lines[0] == "checkpoint out/checkpoints/step-00000010"


def test_a_vision_gain_that_could_not_be_measured_is_none():
    after = replace(AFTER, documents=1, vision_gain=math.nan, vision_gain_error=math.nan)
    lines = printed(replace(REPORT, after=after))
    assert "vision gain, nats per token +0.000 ± 0.004 -" in lines
