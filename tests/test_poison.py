"""Records that kill their worker each time: on every engine they alone are lost, with evidence."""

import dataclasses
import re
from pathlib import Path

import pytest
from interlink_toy_engines import started
from interlink_toy_runs import ToyRun, go_in_process
from interlink_toys import Act, Inspect, source

from interlink.pipeline.engines.engine import Engine
from interlink.pipeline.parts.attempts import MAX_DEATHS
from interlink.pipeline.parts.commit import DONE_NAME
from interlink.pipeline.parts.part import PartRunner
from interlink.pipeline.parts.plan import read_part
from interlink.pipeline.step import Stage
from interlink.pipeline.step_run import StepReport
from interlink.schemas.errors import IncompleteError
from interlink.schemas.outcome import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.engines]


def start(root: Path, deadly: tuple[str, ...]) -> tuple[ToyRun, PartRunner]:
    """A run of parts of four sources, some of which take their time, and a step of two workers."""
    given = [source(name, "die") for name in deadly]
    for number in range(20):
        given.append(source(f"innocent-{number:02d}", "keep" if number % 4 else "slow"))
    run = ToyRun(root, [dataclasses.replace(s, duration_us=15_000_000) for s in given])
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


ENDS = ("x-000", "x-006")
"""Two that lie at the ends of one part."""


def test_two_in_one_part_cost_three_deaths_each(tmp_path):
    run, runner = start(tmp_path, ENDS)
    parts = [[s.source_id for s in read_part(run.store, part)] for part in run.parts]
    assert ["x-000", "innocent-03", "innocent-17", "x-006"] in parts
    report, restarts = go(None, run, runner)
    assert restarts == 2 * MAX_DEATHS
    assert (report.stages[0].kept, report.stages[0].quarantined) == (20, 2)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    run, runner = start(tmp_path_factory.mktemp("local"), ("x",))
    return (*go(None, run, runner), run)


def test_on_the_local_engine_it_alone_is_quarantined(reference):
    report, restarts, run = reference
    assert restarts == MAX_DEATHS
    assert (report.stages[0].kept, report.stages[0].quarantined) == (20, 1)
    [lost] = [o for o in run.outcomes(report) if o.disposition != "kept"]
    assert (lost.input_id, lost.code, lost.attempts) == ("x", "worker_died", MAX_DEATHS)
    assert re.match(r"3 attempts died with it in hand.*, on \S+ at 20", lost.message)


@pytest.mark.parametrize("name", ["beam-processes", "ray"])
def test_engines_of_several_workers_lose_no_more(reference, tmp_path, name):
    report, _, run = reference
    other, runner = start(tmp_path / "run", ("x",))
    with started(name) as engine:
        other_report, restarts = go(engine, other, runner)
    assert restarts <= (0 if name == "ray" else MAX_DEATHS)
    assert other.kept_digests(other_report) == run.kept_digests(report)
    assert fates(other, other_report) == fates(run, report)
    for commit in other_report.commits:
        folder = other.store.local_path(f"{runner.folder}/{commit.part}")
        left = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        assert left == {DONE_NAME, *(f.path.partition(f"{commit.part}/")[2] for f in commit.files)}
