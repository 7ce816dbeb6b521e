"""Records that kill their worker each time: on every engine they alone are lost, with evidence."""

import dataclasses
import re
from pathlib import Path

import pytest
from interlink_toy_engines import started
from interlink_toy_runs import ToyRun, go_in_process
from interlink_toys import Act, Inspect, source

from interlink.pipeline.attempts import MAX_DEATHS
from interlink.pipeline.commit import DONE_NAME
from interlink.pipeline.engines.engine import Engine
from interlink.pipeline.part import PartRunner
from interlink.pipeline.plan import read_part
from interlink.pipeline.step import Stage
from interlink.pipeline.step_run import StepReport
from interlink.schemas.errors import IncompleteError
from interlink.schemas.outcome import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.engines]


def start(root: Path, deadly: tuple[str, ...]) -> tuple[ToyRun, PartRunner]:
    """A run of parts of four sources that take their time, and its step of two workers."""
    names = [*deadly, *(f"innocent-{number:02d}" for number in range(20))]
    given = [
        dataclasses.replace(source(n, "die" if n in deadly else "slow"), duration_us=15_000_000)
        for n in names
    ]
    run = ToyRun(root, given)
    act = Act(folder=str(root), has_child=False)
    stages = [
        Stage(name="act", transform=act, batch_size=2),
        Stage(name="inspect", transform=Inspect(), batch_size=3),
    ]
    return run, run.runner(*stages, workers=2)


def go(engine: Engine | None, run: ToyRun, runner: PartRunner) -> tuple[StepReport, int]:
    """Take the step as often as it takes; return the number of restarts too. None is local."""
    for restarts in range(10):
        if engine is None and not go_in_process(run, runner):
            continue
        try:
            return run.go(engine or _Done(), runner), restarts
        except IncompleteError as error:
            assert "run again to go on" in str(error)
    raise AssertionError("never done")


class _Done:
    """Takes no part: all were."""

    def run(self, runner: PartRunner, parts: list[str]) -> None:
        raise AssertionError(f"not done: {parts}")


def fates(run: ToyRun, report: StepReport) -> list[Outcome]:
    return [dataclasses.replace(o, message=None) for o in run.outcomes(report)]


CASES = {"one": ("x",), "two": ("x-000", "x-006")}


@pytest.fixture(scope="module", params=CASES)
def reference(request, tmp_path_factory):
    deadly = CASES[request.param]
    run, runner = start(tmp_path_factory.mktemp(request.param), deadly)
    return (*go(None, run, runner), run, deadly)


def test_on_the_local_engine_only_they_are_quarantined(reference):
    report, restarts, run, deadly = reference
    assert restarts == MAX_DEATHS * len(deadly)
    counts = report.stages[0]
    assert (counts.kept, counts.quarantined) == (20, len(deadly))
    for outcome in run.outcomes(report):
        if outcome.disposition == "quarantined":
            assert outcome.input_id in deadly
            assert (outcome.code, outcome.attempts) == ("worker_died", MAX_DEATHS)
            assert re.match(r"3 attempts died with it in hand.*, on \S+ at 20", outcome.message)


@pytest.mark.parametrize("name", ["beam-processes", "ray"])
def test_engines_of_several_workers_lose_no_more(reference, tmp_path, name):
    report, _, run, deadly = reference
    with started(name) as engine:
        other, runner = start(tmp_path / "run", deadly)
        other_report, restarts = go(engine, other, runner)
    assert restarts <= (0 if name == "ray" else MAX_DEATHS * len(deadly))
    assert other.kept_digests(other_report) == run.kept_digests(report)
    assert fates(other, other_report) == fates(run, report)
    for commit in other_report.commits:
        folder = other.store.local_path(f"{runner.folder}/{commit.part}")
        left = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        assert left == {DONE_NAME, *(f.path.partition(f"{commit.part}/")[2] for f in commit.files)}


def test_the_two_lie_at_the_ends_of_one_part(tmp_path):
    run, _ = start(tmp_path, CASES["two"])
    parts = [[s.source_id for s in read_part(run.store, part)] for part in run.parts]
    assert ["x-000", "innocent-03", "innocent-17", "x-006"] in parts
