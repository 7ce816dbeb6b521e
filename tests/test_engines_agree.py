"""Whatever goes wrong with records, all engines keep the same rows and tell the same fates.

Each engine takes the same plan through the same step by the code of production, in a run of its
own; the local engine's result is the reference.
"""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from interlink_toy_engines import ENGINES, started
from interlink_toy_runs import ToyRun
from interlink_toys import Act, Bind, Bundle, Inspect, Item, Multiply, Twins, source, sources, tries

from interlink.pipeline.engines.engine import Engine
from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.jobs.watcher import MIN_RECORDS
from interlink.pipeline.parts.commit import DONE_NAME, OUTCOMES_NAME
from interlink.pipeline.step import Stage
from interlink.schemas.errors import BudgetExceededError, EnvironmentFault
from interlink.schemas.source import Source

pytestmark = [pytest.mark.engines, pytest.mark.slow]

OTHERS = [name for name in ENGINES if name != "local"]


@pytest.fixture(scope="module", params=OTHERS)
def engine(request) -> Iterator[Engine]:
    with started(request.param) as engine:
        yield engine


def troubled() -> list[Source]:
    """Sources of every fate, of sizes that make parts of several, in groups."""
    given = sources(
        {
            "rejected": "reject",
            "failed": "fail",
            "deferred": "defer",
            "flaky": "flaky",
            "unreachable": "unreachable",
            "poison": "poison",
            "flaky batch": "flaky batch",
            "crash": "crash",
        },
        keep=12,
    )
    given += [source(f"childless-{n}", times="0") for n in range(2)]
    given += [source(f"many-{n}", times="5") for n in range(3)]
    given += [source("burst", "burst", times="3")]
    given += [source("spoiler", inspect="poison", times="3")]
    given += [
        dataclasses.replace(source(f"{group}-{n}", times="2"), group=group)
        for group in ("whole", "torn", "none")
        for n in range(3)
    ]
    # A known duration makes parts of several sources: the plan aims at 60 s a part.
    return [dataclasses.replace(s, duration_us=7_000_000) for s in given]


def stages(folder: Path) -> list[Stage]:
    return [
        Stage(name="act", transform=Act(folder=str(folder)), batch_size=4),
        Stage(name="expand", transform=Multiply()),
        Stage(name="inspect", transform=Inspect(), batch_size=4),
        Stage(name="bind", transform=Bind()),
    ]


def take(engine: Engine, root: Path, given: list[Source], **options):
    """Run the troubled step in `root`, from nothing."""
    shutil.rmtree(root, ignore_errors=True)
    (root / "tries").mkdir(parents=True)
    run = ToyRun(root / "run", given)
    runner = run.runner(*stages(root / "tries"), workers=2)
    return run, run.go(engine, runner, **options)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    root = tmp_path_factory.mktemp("local")
    return *take(LocalEngine(), root, troubled()), root


def test_the_reference_has_every_fate(reference):
    run, report, root = reference
    assert len(run.parts) >= 4
    outcomes = run.outcomes(report)
    assert {o.disposition for o in outcomes} == {"kept", "rejected", "failed", "deferred"}
    assert {o.code for o in outcomes} == {
        None,
        "score_below",
        "empty",
        "not_media",
        "live",
        "dns",
        "transform_error",
        "child_crashed",
        "cut_failed",
        "model_error",
    }
    assert any(o.batch_split for o in outcomes)
    assert tries(root / "tries", "flaky") == 3
    assert len(run.kept(report, Bundle)) > 10


def test_rows_and_outcomes_are_equal(reference, engine, tmp_path):
    run, report, root = reference
    other, other_report = take(engine, tmp_path / "other", troubled())
    assert other.outcomes(other_report) == run.outcomes(report)
    assert other.kept(other_report, Bundle) == run.kept(report, Bundle)
    assert other.kept_digests(other_report) == run.kept_digests(report)
    assert [c.file(OUTCOMES_NAME).sha256 for c in other_report.commits] == [
        c.file(OUTCOMES_NAME).sha256 for c in report.commits
    ]
    assert other_report.stages == report.stages
    for name in ("flaky", "flaky batch"):
        assert tries(tmp_path / "other" / "tries", name) == tries(root / "tries", name)


def test_each_worker_is_set_up_once_and_torn_down(engine, tmp_path):
    take(engine, tmp_path, troubled())
    ups, downs = (tries(tmp_path / "tries", name) for name in ("setups", "teardowns"))
    assert 1 <= ups <= 2
    assert downs == ups


@pytest.mark.parametrize(
    ("fate", "text"),
    [("broken", "^the toy machine is broken; mend it$"), ("full", "^disk full: .*No space left")],
)
def test_a_fault_of_the_machine_stops_the_run_with_the_same_error(engine, tmp_path, fate, text):
    run = ToyRun(tmp_path / "run", sources({"x": fate}, keep=20))
    runner = run.runner(Stage(name="act", transform=Act()), workers=2)
    with pytest.raises(EnvironmentFault, match=text):
        run.go(engine, runner)
    assert not run.store.exists(runner.stop_note)


def test_a_bug_comes_with_its_traceback(engine, tmp_path):
    run = ToyRun(tmp_path / "run", [source("twice"), source("other")])
    runner = run.runner(
        Stage(name="act", transform=Act()),
        Stage(name="twins", transform=Twins()),
        Stage(name="inspect", transform=Inspect()),
        workers=2,
    )
    with pytest.raises(RuntimeError, match=r"met a bug\nTraceback(.|\n)*in run_stage(.|\n)*twice"):
        run.go(engine, runner)


def test_too_many_failures_stop_the_run_and_a_higher_share_goes_on(engine, tmp_path):
    fates = {f"bad-{n:03d}": "fail" for n in range(150)}
    given = sources(fates, keep=250) + [source(f"slow-{n:02d}", "slow") for n in range(60)]
    run = ToyRun(tmp_path / "run", given)
    runner = run.runner(Stage(name="act", transform=Act(), batch_size=8), workers=2)
    with pytest.raises(BudgetExceededError, match=r"of \d+ records failed in stage 'act'") as info:
        run.go(engine, runner, max_failed_share=0.2)
    assert "max_failed_share=0.2" in str(info.value)
    done = run.store.names(runner.folder)
    report = run.go(engine, runner, max_failed_share=0.5)
    assert report.num_reused == len(done)
    assert sum(stage.planned for stage in report.stages) == len(given) > MIN_RECORDS
    assert report.stages[0].failed == 150
    assert all(run.store.exists(f"{runner.folder}/{part}/{DONE_NAME}") for part in run.parts)
    assert len(run.kept(report, Item)) == len(given) - 150
