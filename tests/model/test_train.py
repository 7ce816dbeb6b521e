"""Whole trainings: what they leave, how they go on, what stops them."""

import json
import os
import random
import signal
from pathlib import Path

import pytest
import torch
from PIL import Image

from interlink.model.checkpoint import check_seal
from interlink.model.cosmo.model import Cosmo
from interlink.model.metrics import read_events
from interlink.model.recipe import TrainRecipe
from interlink.model.train import train
from interlink.schemas.errors import UsageError


class Watch:
    """Notes what it is told, and may do something at a step."""

    def __init__(self, at=None, act=None):
        self.at, self.act = at, act
        self.told, self.messages, self.losses = [], [], []

    def on_start(self, *, tokens_done, tokens_total):
        self.told.append("start")

    def on_step(self, metrics, speed):
        self.told.append("step")
        self.losses.append(metrics.loss)
        if metrics.step == self.at:
            self.act()

    def on_evaluation(self, step, evaluation):
        self.told.append("evaluation")

    def on_checkpoint(self, path):
        self.told.append("checkpoint")

    def on_message(self, text):
        self.messages.append(text)


def steps(folder):
    return [e for e in read_events(Path(folder) / "metrics.jsonl") if e["event"] == "step"]


def test_a_training_measures_saves_trains_and_draws(recipe):
    watch = Watch()
    report = train(recipe, observer=watch)
    assert watch.told[:3] == ["evaluation", "checkpoint", "start"]
    assert report.tokens >= recipe.optimizer.tokens
    assert report.steps == len(watch.losses) == len(steps(recipe.output))
    assert (report.resumed_from, report.stopped_by) == (None, None)
    assert report.before.documents == report.after.documents == 4
    assert report.before.vision_gain == 0.0  # the gates are closed
    with Image.open(report.curves) as picture:
        picture.load()
    events = read_events(Path(recipe.output) / "metrics.jsonl")
    assert events[0]["event"] == "start"
    assert events[0]["recipe_digest"] == recipe.digest
    assert [e["step"] for e in events if e["event"] == "evaluation"] == [0, 4, 8, report.steps]
    kept = sorted(path.name for path in report.checkpoint.parent.iterdir())
    assert kept[-1] == report.checkpoint.name == f"step-{report.steps:08d}"
    assert len(kept) == recipe.checkpoint.keep
    assert check_seal(report.checkpoint) is None
    assert isinstance(Cosmo.from_pretrained(report.checkpoint), Cosmo)


def test_a_training_that_is_done_is_left_as_it_is(recipe):
    report = train(recipe)
    before = (Path(recipe.output) / "metrics.jsonl").read_text()
    watch = Watch()
    again = train(recipe, observer=watch)
    assert again.steps == again.resumed_from == report.steps
    assert "step" not in watch.told
    assert (Path(recipe.output) / "metrics.jsonl").read_text() == before
    assert again.after == report.after


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_the_training_goes_on_later_to_the_bit(plain_recipe, tmp_path, number):
    whole = train(TrainRecipe.from_mapping(plain_recipe))
    recipe = TrainRecipe.from_mapping(plain_recipe | {"output": str(tmp_path / "stopped")})
    report = train(recipe, observer=Watch(4, lambda: os.kill(os.getpid(), number)))
    assert report.stopped_by == number
    assert report.checkpoint.name == "step-00000004"
    watch = Watch()
    again = train(recipe, observer=watch)
    assert again.resumed_from == 4
    assert "resumed from" in watch.messages[0]
    assert [e["loss"] for e in steps(recipe.output)] == [e["loss"] for e in steps(whole.output)]
    assert again.after == whole.after


TRAIN = """
import json, os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from interlink.model.recipe import TrainRecipe
from interlink.model.train import train

class Killer:
    def on_start(self, **_): pass
    def on_step(self, metrics, speed):
        if metrics.step == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
    def on_evaluation(self, *_): pass
    def on_checkpoint(self, *_): pass
    def on_message(self, *_): pass

train(TrainRecipe.from_mapping(json.loads(Path(sys.argv[1]).read_text())), observer=Killer())
"""


@pytest.mark.slow
def test_killed_twice_at_random_steps_the_losses_are_bitwise_those_of_one_go(
    run_python, recipe_file, tmp_path
):
    run_python(TRAIN, recipe_file(output=str(tmp_path / "whole")), 0)
    expected = [(e["step"], e["loss"], e["grad_norm"]) for e in steps(tmp_path / "whole")]
    chance = random.Random(torch.seed())  # any step will do
    first = chance.randrange(1, len(expected) - 2)
    second = chance.randrange(first + 1, len(expected) + 1)
    path = recipe_file("killed.json", output=str(tmp_path / "killed"))
    for kill_at in (first, second):
        run_python(TRAIN, path, kill_at, expect=-signal.SIGKILL)
    run_python(TRAIN, path, 0)
    found = [(e["step"], e["loss"], e["grad_norm"]) for e in steps(tmp_path / "killed")]
    assert found == expected, f"killed after steps {first} and {second}"
    ends = [tmp_path / name / "checkpoints" for name in ("whole", "killed")]
    name = f"step-{len(expected):08d}/model.safetensors"
    assert (ends[0] / name).read_bytes() == (ends[1] / name).read_bytes()


@pytest.mark.slow
def test_two_ranks_train_as_one_process_does(run_python, recipe_file, tmp_path):
    run_python(TRAIN, recipe_file(output=str(tmp_path / "one")), 0)
    run_python(TRAIN, recipe_file("two.json", output=str(tmp_path / "two")), 0, ranks=2)
    one, two = steps(tmp_path / "one"), steps(tmp_path / "two")
    assert [e["tokens"] for e in two] == [e["tokens"] for e in one]
    for name in ("loss", "contrastive_loss", "grad_norm"):
        assert [e[name] for e in two] == pytest.approx([e[name] for e in one], rel=1e-5)
    events = [
        [e for e in read_events(tmp_path / name / "metrics.jsonl") if e["event"] == "evaluation"]
        for name in ("one", "two")
    ]
    assert events[1][-1]["loss"] == pytest.approx(events[0][-1]["loss"], rel=1e-5)
    # And a training of two ranks goes on as one of one rank.
    path = recipe_file("more.json", output=str(tmp_path / "two"))
    run_python(TRAIN, path, 0)


def test_another_recipe_does_not_go_on_in_the_same_folder(plain_recipe, recipe):
    train(recipe, observer=Watch(2, lambda: os.kill(os.getpid(), signal.SIGTERM)))
    other = TrainRecipe.from_mapping(plain_recipe | {"seed": 7})
    with pytest.raises(UsageError, match=r"differs in seed \(0 there, 7 here\)"):
        train(other)


def test_a_dataset_that_holds_nothing_out_is_trained_on_all_the_same(plain_recipe):
    evaluation = {"view": "eval", "every_steps": 5}
    manifest = next(Path(plain_recipe["dataset"]).glob("_manifest/*.json"))
    text = json.loads(manifest.read_text())
    for view in text["views"]:
        if view["name"] == "eval":
            view["rules"] = [{"column": "split", "op": "==", "value": "nowhere"}]
    manifest.write_text(json.dumps(text))
    watch = Watch()
    report = train(
        TrainRecipe.from_mapping(plain_recipe | {"evaluation": evaluation}), observer=watch
    )
    assert (report.before, report.after) == (None, None)
    assert "nothing is held out" in watch.messages[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "nowhere/dataset"}, "there is no dataset at nowhere/dataset"),
        ({"view": "gold"}, "no view 'gold'"),
        ({"evaluation": {"view": "gold"}}, "no view 'gold'"),
        ({"budgets": {"tokens": 8, "media": 1}}, "no document of view 'train' .* fits"),
        ({"text": {"kinds": ["narrative"]}}, "has no text of kind narrative; it has caption"),
    ],
)
def test_data_that_cannot_be_trained_on_is_told_in_one_sentence(plain_recipe, changes, message):
    with pytest.raises(UsageError, match=message) as caught:
        train(TrainRecipe.from_mapping(plain_recipe | changes))
    assert "\n" not in str(caught.value)
    assert not Path(plain_recipe["output"]).exists()
