"""`interlink status`: how far a run is."""

import json
import shutil
from pathlib import Path

import pytest


def rows(printed: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in printed.splitlines() if line.strip()}


@pytest.fixture
def run(finished, here) -> Path:
    """A copy of a finished run."""
    shutil.copytree(finished / "demo" / "run", here / "run")
    return here / "run"


def test_a_finished_run_shows_every_step_and_what_is_next(interlink, run, finished):
    code, printed = interlink("status run")
    assert code == 0, printed
    assert "run: 1 plan, 3 parts" in printed
    assert rows(printed)["fetch"] == ["local", "3", "3", "3", "·", "·", "·", "3"]
    assert rows(printed)["scan"] == ["local", "3", "3", "2", "·", "1", "·", "2"]
    assert rows(printed)["cut"] == ["local", "3", "3", "2", "1", "·", "·", "2"]
    assert "last event: step ended assemble" in printed
    assert f"next: interlink inspect {finished}/demo/dataset" in printed
    assert all(len(line) <= 80 for line in printed.splitlines() if "next:" not in line)


def test_a_run_that_stopped_shows_what_is_missing(interlink, run):
    done = next(run.glob("steps/assemble-*/*/_done.json"))
    done.unlink()
    _, printed = interlink("status run")
    assert rows(printed)["assemble"][1:3] == ["2", "3"]
    assert "next: interlink run RECIPE goes on where it stopped" in printed


def test_steps_that_an_edit_replaced_are_named_apart(interlink, run):
    (run / "steps" / "caption-0123456789ab").mkdir()
    _, printed = interlink("status run")
    assert "1 step of an earlier recipe lies beside: caption-0123456789ab" in printed


def test_a_planned_run_has_not_begun(interlink, run):
    (run / "digests.json").unlink()
    code, printed = interlink("status run")
    assert code == 0
    assert "planned, not begun" in printed


def test_a_run_without_numbers_or_events_is_shown(interlink, run):
    (run / "stats.json").unlink()
    (run / "events.jsonl").write_text("")
    assert interlink("status run")[0] == 0


def test_the_digests_name_the_steps(run):
    steps = [row["step"] for row in json.loads((run / "digests.json").read_text())["steps"]]
    assert steps == ["fetch", "scan", "transcribe", "cut", "caption", "assemble"]


@pytest.mark.parametrize(
    ("where", "code", "sentence"),
    [
        ("nowhere", 2, "there is no plan in nowhere; name the `run:` folder of a recipe"),
        (".", 2, "there is no plan in ."),
        ("file.txt", 2, "file.txt is a file; name the `run:` folder of a recipe"),
        ("foo://x", 3, "cannot open the store 'foo://x'"),
    ],
)
def test_what_is_no_run_gets_a_sentence(interlink, here, where, code, sentence):
    (here / "file.txt").touch()
    found, printed = interlink(f"status {where}")
    assert found == code
    assert sentence in printed
