"""`interlink replay`: what a person sees of one record, also when it kills its process."""

import json
import shutil
from pathlib import Path

import pytest

from interlink.pipeline.parts.plan import plan_sources
from interlink.pipeline.storage.store import Store


@pytest.fixture
def run(finished, here) -> Path:
    """A copy of a finished run, of a good, a short and a broken file."""
    shutil.copytree(finished / "demo" / "run", here / "run")
    return here / "run"


def source_of(run: Path, name: str) -> str:
    sources = plan_sources(Store(str(run)), 1)
    return next(source.source_id for source in sources if source.uri.endswith(name))


def test_it_shows_each_stage_and_where_the_outputs_lie(interlink, run):
    good = source_of(run, "good.mp4")
    code, printed = interlink(f"replay run {good} --step cut --output out --here")
    assert code == 0, printed
    assert "1 record of part 001-0" in printed
    for stage in ("clips", "scores", "filters", "cut"):
        assert f"{stage}: loading" in printed
    assert "clips: 1 kept, 2 records out after" in printed
    assert "peak memory" in printed
    assert "outputs  out/outputs: kept.parquet, outcomes.parquet" in printed
    assert Path("out/outputs/kept.parquet").exists()


def test_it_shows_what_the_run_had_made_of_a_record(interlink, run):
    broken = source_of(run, "broken.mp4")
    code, printed = interlink(f"replay run {broken[:8]} --step scan --output out --here")
    assert code == 0
    assert "in the run: " in printed
    assert printed.count("failed in scan: not_media") == 2
    assert "scan: 0 kept, 0 records out" in printed


def test_a_recipe_or_a_setting_may_differ_from_the_run_s(interlink, run):
    good = source_of(run, "good.mp4")
    line = f"replay run {good} --step cut --output out --here --set clips.min_duration_s=9"
    _, printed = interlink(line)
    assert "clips: 0 kept, 0 records out" in printed
    assert "rejected in clips: too_short" in printed


def test_it_runs_in_a_process_of_its_own_and_tells_the_signal_that_killed_it(
    interlink, run, monkeypatch, capfd
):
    faults = {"point": "workspace.read", "action": "kill", "times": 9}
    Path("hits").mkdir()
    spec = json.dumps({"folder": str(Path("hits").absolute()), "faults": [faults]})
    monkeypatch.setenv("INTERLINK_FAULTS", spec)
    good = source_of(run, "good.mp4")
    code, printed = interlink(f"replay run {good} --step caption --output out")
    assert code == 4
    assert "the process was killed by SIGKILL in the stage that was last to begin" in printed
    assert "captions: 2 records in hand" in capfd.readouterr().out


def test_a_mistake_in_that_process_ends_both(interlink, run, capfd):
    code, _ = interlink("replay run nobody --step scan")
    assert code == 2
    assert "no source, video or record of run" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("replay run whoever --step paint --here", "--step paint must be one of fetch, scan"),
        ("replay nowhere whoever --step scan --here", "there is no plan in nowhere"),
        ("replay run whoever --step scan --output run", "must be a new or an empty folder"),
    ],
)
def test_a_mistake_gets_a_sentence(interlink, run, line, sentence):
    code, printed = interlink(line)
    assert code == 2
    assert sentence in printed


def test_a_run_that_has_not_begun_has_no_recipe(interlink, run):
    (run / "recipe.yaml").unlink()
    code, printed = interlink("replay run whoever --step scan --here")
    assert code == 2
    assert "run has no recipe.yaml, as it has not begun; name its recipe" in printed
