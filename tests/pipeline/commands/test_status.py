"""`interlink status`: how far a run is."""

import json
import os
import re
import shutil
import socket
from pathlib import Path

import pytest

from interlink.pipeline.jobs.job import Job, end_job
from interlink.pipeline.parts.attempts import Attempt
from interlink.pipeline.storage.store import Store


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
    assert rows(printed)["fetch"][:8] == ["local", "3", "3", "3", "·", "·", "·", "3"]
    assert rows(printed)["scan"][:8] == ["local", "3", "3", "2", "·", "1", "·", "2"]
    assert rows(printed)["cut"][:8] == ["local", "3", "3", "2", "1", "·", "·", "2"]
    assert rows(printed)["cut"][-1] == "·"  # nothing is left
    assert "failed: 1 record; see interlink failures run" in printed
    assert re.search(r"last commit: \d{4}-\d\d-\d\d \d\d:\d\d UTC, .* ago", printed)
    assert f"next: interlink inspect {finished}/demo/dataset" in printed


def test_a_run_that_stopped_shows_what_is_missing(interlink, run):
    done = next(run.glob("steps/assemble-*/*/_done.json"))
    done.unlink()
    _, printed = interlink("status run")
    assert rows(printed)["assemble"][1:3] == ["2", "3"]
    assert "left: about " in printed
    assert "in work" not in printed
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


def test_who_is_slow_is_told_with_host_and_time(interlink, run):
    done = next(run.glob("steps/assemble-*/*/_done.json"))
    done.unlink()
    store = Store(str(run))
    folder = done.parent.relative_to(run).as_posix()
    with Attempt(store, folder) as attempt:
        path = run / attempt.folder / "_begun.json"
        note = json.loads(path.read_text())
        path.write_text(json.dumps(note | {"at": "2026-01-01T00:00:00+00:00", "host": "far"}))
        _, printed = interlink("status run")
    assert "in work: 1 part on far" in printed
    assert f"slow: {done.parent.name} in assemble, on far (pid {note['pid']}) for " in printed


def test_who_carries_it_out_is_told_and_how_a_job_ended(interlink, run):
    job = Job(str(run)).begin(["local"])
    _, printed = interlink("status run")
    assert (
        f"job {job.number} on {socket.gethostname()} (pid {os.getpid()}, local): at work" in printed
    )
    end_job(Store(str(run)), job.number, exit_code=-9, reason="it was killed by SIGKILL")
    _, printed = interlink("status run")
    assert "with exit code -9: it was killed by SIGKILL" in printed


def test_a_recipe_stands_for_its_run(interlink, run):
    Path("recipe.yaml").write_text("sources: x.txt\nrun: run\n")
    next(run.glob("steps/assemble-*/*/_done.json")).unlink()
    _, printed = interlink("status recipe.yaml")
    assert printed.startswith("run: 1 plan, 3 parts")
    assert "next: interlink run recipe.yaml goes on where it stopped" in printed


def test_json_says_all_of_it(interlink, run):
    _, printed = interlink("status run --json")
    found = json.loads(printed)
    assert (found["is_done"], found["num_parts"], len(found["steps"])) == (True, 3, 6)
    assert found["steps"][1]["stages"][0]["failed"] == 1
    assert found["steps"][1]["pace"]["parts_per_h"] > 0


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
