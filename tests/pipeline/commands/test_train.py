"""`interlink train`, as a user types it, on random bases."""

import dataclasses
import json
import signal
from pathlib import Path

import pytest

from interlink.model.train_report import TrainReport


def events(printed: str) -> list[dict]:
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def test_a_training_tells_how_it_goes_and_what_it_changed(interlink, recipe_file):
    code, printed = interlink("train train.yaml")
    assert code == 0
    told = [event["event"] for event in events(printed)]
    assert told[:3] == ["evaluation", "checkpoint", "training_started"]
    assert {"step", "evaluation"} <= set(told[3:])
    for text in ("held out", "loss, nats per token", "vision gain", "partner found among 4 pairs"):
        assert text in printed
    assert "checkpoint  training/checkpoints/step-" in printed
    assert printed.splitlines()[-1] == "next: interlink caption --model training CLIP"
    assert Path("training/curves.png").exists()


def test_the_same_command_goes_on(interlink, recipe_file):
    interlink("train train.yaml --set optimizer.tokens=1500")
    code, printed = interlink("train train.yaml --set optimizer.tokens=1500")
    assert code == 0
    [resumed] = [event for event in events(printed) if event["event"] == "message"]
    assert resumed["text"].startswith("resumed from training/checkpoints/step-")
    code, printed = interlink("train train.yaml --set seed=1")
    assert code == 2
    assert "differs in seed (0 there, 1 here): undo that" in printed


def test_settings_overrule_the_recipe(interlink, recipe_file):
    _, printed = interlink("train train.yaml --set optimizer.tokens=400 --set output=elsewhere")
    started = next(e for e in events(printed) if e["event"] == "training_started")
    assert started["tokens_total"] == 400
    assert Path("elsewhere/metrics.jsonl").exists()


def test_a_dry_run_counts_and_writes_nothing(interlink, recipe_file):
    code, printed = interlink("train train.yaml --dry-run")
    assert code == 0
    for text in (
        "gated cross attention",
        "language model, lower half",
        "memory of each device (estimate)",
        "256: 2 packed sequences of 128, padding included",
        "4, each of which is a negative of all others",
        "1,500 tokens, padding left out: about",
        "tokens with loss",
        "text never trained on",
        "4 documents of view eval",
        "next: the same without --dry-run",
    ):
        assert text in printed, text
    assert not Path("training").exists()


def test_a_dry_run_says_why_nothing_is_held_out(interlink, recipe_file):
    code, printed = interlink("train train.yaml --dry-run --set evaluation.view=null")
    assert code == 0
    assert "nothing, as evaluation.view is null" in printed
    code, printed = interlink("train train.yaml --dry-run --set evaluation.view=train")
    assert code == 0
    assert "nothing: all 8 samples of view 'train' are trained on" in " ".join(printed.split())


def test_a_dry_run_of_a_large_preset_needs_neither_network_nor_dataset(interlink, here):
    code, printed = interlink("train cosmo-2b --dry-run")
    assert code == 0
    assert "212,544,909" in printed
    assert "all, of which 11.6% learn" in printed
    assert "262,144: 512 packed sequences of 512" in printed
    assert "The recipe names no dataset" in printed
    assert "next: the same without --dry-run and with --set dataset=FOLDER" in printed


def test_a_dry_run_describes_one_of_several_ranks(interlink, here, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "8")
    _, printed = interlink("train cosmo-2b --dry-run")
    assert "on each of 8 ranks" in printed
    assert "4 x 16 sequences at once, 256 pairs" in printed
    monkeypatch.setenv("RANK", "3")
    assert interlink("train cosmo-2b --dry-run") == (0, "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train debug", "the recipe debug names no dataset; add --set dataset=FOLDER"),
        ("train nope", "there is no recipe at nope, and no preset of that name; presets are debug"),
        ("train train.yaml --set view=nope", "no view 'nope'; this dataset has ['train', 'eval']"),
        ("train train.yaml --set dataset=gone", "there is no dataset at gone"),
        ("train train.yaml --set text.kinds=[narrative]", "has no text of kind narrative; it has"),
        ("train train.yaml --set text.kinds=[novel]", "no kind of text 'novel'; kinds are given"),
        ("train train.yaml --set budgets.tokens=8", "no document of view 'train' of "),
        ("train train.yaml --set batch.size=3", "batch.size is unknown; its keys are sequences"),
        ("train train.yaml --set batch.sequences=999", "fewer than batch.sequences=999: lower it"),
        ("train train.yaml --set output=s3://b/o", "output='s3://b/o' is a URL, and must be a"),
        ("train train.yaml --set version=7", "has no version 7; it has [1]"),
    ],
)
def test_mistakes_are_told_in_one_sentence(interlink, recipe_file, line, message):
    code, printed = interlink(line)
    assert code == 2
    assert message in printed.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_training_says_how_to_go_on(interlink, recipe_file, monkeypatch, number):
    def stopped(recipe, *, observer=None) -> TrainReport:
        return TrainReport(
            output=Path("training"),
            checkpoint=Path("training/checkpoints/step-00000003"),
            curves=None,
            steps=3,
            tokens=400,
            before=None,
            after=None,
            resumed_from=None,
            stopped_by=int(number),
        )

    monkeypatch.setattr("interlink.model.train.train", stopped)
    code, printed = interlink("train train.yaml")
    assert code == 128 + number
    assert "step-00000003" in printed
    last = printed.splitlines()[-1]
    assert last == "stopped by a signal after step 3; run the same command again to go on"


def test_ranks_other_than_the_first_say_nothing(interlink, recipe_file, monkeypatch):
    from interlink.model import train as module

    real = module.train
    monkeypatch.setattr(
        module, "train", lambda recipe, **_: dataclasses.replace(real(recipe), is_first_rank=False)
    )
    monkeypatch.setenv("RANK", "1")
    assert interlink("train train.yaml --set optimizer.tokens=400") == (0, "")
