"""Whole trainings: what they leave, how they go on, what stops them."""

import json
import os
import random
import shutil
import signal
from pathlib import Path

import pytest
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
    assert course(recipe.output) == course(whole.output)
    assert (again.before, again.after) == (whole.before, whole.after)


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


def course(folder):
    """Everything that was measured, but for speeds."""
    speeds = ("tokens_per_s", "clips_per_s", "data_wait_share")
    events = read_events(Path(folder) / "metrics.jsonl")
    assert events[0].pop("recipe")
    return [{key: value for key, value in e.items() if key not in speeds} for e in events]


@pytest.mark.slow
def test_killed_twice_at_random_steps_the_losses_are_bitwise_those_of_one_go(
    run_python, recipe_file, tmp_path
):
    run_python(TRAIN, recipe_file(output=str(tmp_path / "whole")), 0)
    whole = course(tmp_path / "whole")
    count = whole[-1]["step"]
    chance = random.SystemRandom()  # any step will do, also before the first periodic save
    first = chance.randrange(1, count - 2)
    second = chance.randrange(first + 1, count + 1)
    path = recipe_file("killed.json", output=str(tmp_path / "killed"))
    for kill_at in (first, second):
        run_python(TRAIN, path, kill_at, expect=-signal.SIGKILL)
    run_python(TRAIN, path, 0)
    assert course(tmp_path / "killed") == whole, f"killed after steps {first} and {second}"
    ends = [tmp_path / name / "checkpoints" for name in ("whole", "killed")]
    name = f"step-{count:08d}/model.safetensors"
    assert (ends[0] / name).read_bytes() == (ends[1] / name).read_bytes()


def assert_alike(folder, other, rel=1e-5):
    """Two trainings saw the same, and measured the same but for how sums are rounded."""
    one, two = (
        [e for e in read_events(Path(f) / "metrics.jsonl") if e["event"] == "step"]
        for f in (folder, other)
    )
    assert [(e["tokens"], e["media"], e["pairs"]) for e in two] == [
        (e["tokens"], e["media"], e["pairs"]) for e in one
    ]
    for name in ("loss", "contrastive_loss", "grad_norm"):
        assert [e[name] for e in two] == pytest.approx([e[name] for e in one], rel=rel)


PARTING = """
import gc
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

destroy = dist.destroy_process_group

def part():
    held = [each for each in gc.get_objects() if isinstance(each, DistributedDataParallel)]
    assert not held, "it would take the process group along, and might wait for ever"
    destroy()

dist.destroy_process_group = part
"""


@pytest.mark.slow
def test_two_ranks_train_as_one_process_does_and_one_goes_on_for_two(
    run_python, recipe_file, tmp_path
):
    run_python(TRAIN, recipe_file(output=str(tmp_path / "one")), 0)
    two = recipe_file("two.json", output=str(tmp_path / "two"))
    run_python(PARTING + TRAIN, two, 0, ranks=2)
    assert_alike(tmp_path / "one", tmp_path / "two")
    checkpoints = sorted((tmp_path / "two" / "checkpoints").iterdir())
    shutil.rmtree(checkpoints[-1])
    done = run_python(TRAIN, tmp_path / "two.json", 0)
    assert "the checkpoint is of 2 ranks, there are 1 now" in done.stderr
    assert_alike(tmp_path / "one", tmp_path / "two")


DIFFERENT_OUTPUTS = TRAIN.replace(
    "train(TrainRecipe",
    "os.chdir(Path(sys.argv[1]).parent / f'machine{os.environ[\"RANK\"]}')\ntrain(TrainRecipe",
)


def test_ranks_that_do_not_see_the_same_output_are_told(run_python, recipe_file, tmp_path):
    recipe = recipe_file(output="here")
    for rank in range(2):
        (tmp_path / f"machine{rank}").mkdir()
    train(
        TrainRecipe.from_mapping(json.loads(recipe.read_text()) | {"output": str(tmp_path / "t")})
    )
    shutil.copytree(tmp_path / "t", tmp_path / "machine0" / "here")
    done = run_python(DIFFERENT_OUTPUTS, recipe, 0, ranks=2, expect=1)
    assert "output must be a folder that every machine sees" in done.stderr


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


@pytest.mark.gpu
def test_on_a_gpu_a_training_goes_on_after_a_signal(plain_recipe, tmp_path):
    whole = train(TrainRecipe.from_mapping(plain_recipe))
    recipe = TrainRecipe.from_mapping(plain_recipe | {"output": str(tmp_path / "stopped")})
    train(recipe, observer=Watch(4, lambda: os.kill(os.getpid(), signal.SIGTERM)))
    again = train(recipe)
    assert again.resumed_from == 4
    assert_alike(whole.output, again.output, rel=1e-2)
    model = Cosmo.from_pretrained(again.checkpoint, device="cuda")
    assert next(model.parameters()).is_cuda
