"""One step of one plan: what is missing is done, what comes out is counted."""

import dataclasses
import json
import os
import subprocess
import sys
import textwrap

import pytest
from interlink_toy_runs import ToyRun
from interlink_toys import Act, Copy, Multiply, source, sources

from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.jobs.observer import EventLog
from interlink.pipeline.parts.commit import DONE_NAME, StageCounts, read_commit
from interlink.pipeline.step import Stage
from interlink.pipeline.step_run import add_counts
from interlink.schemas.errors import BudgetExceededError, IncompleteError
from interlink.schemas.source import Source


def stages() -> list[Stage]:
    return [
        Stage(name="act", transform=Act(), batch_size=4),
        Stage(name="times", transform=Multiply()),
    ]


@pytest.fixture
def run(tmp_path) -> ToyRun:
    given = sources({"a": "reject", "b": "fail", "c": "defer"}, keep=3)
    return ToyRun(tmp_path / "run", [*given, source("d", times="0"), source("e", times="4")])


def test_a_report_accounts_for_every_record(run):
    report = run.go(LocalEngine(), run.runner(*stages()))
    act, times = report.stages
    assert (act.planned, act.kept, act.rejected, act.failed, act.deferred) == (8, 5, 1, 1, 1)
    assert (times.planned, times.kept, times.rejected, times.outputs) == (5, 4, 1, 7)
    assert report.num_parts == len(run.parts) == 8
    assert report.num_reused == 0
    assert [c.part for c in report.commits] == run.parts
    assert report.wall_s > 0
    assert report.cpu_s > 0


def test_a_report_says_how_busy_the_workers_were(run):
    whole = run.go(LocalEngine(), run.runner(*stages(), workers=4))
    assert whole.workers == 1  # the local engine has one
    assert whole.wall_s >= whole.busy_s >= whole.longest_s > 0
    assert whole.busy_cpu_s > 0
    again = run.go(LocalEngine(), run.runner(*stages()))
    assert (again.busy_s, again.busy_cpu_s, again.longest_s) == (0, 0, 0)


def test_a_second_run_does_nothing_and_reports_the_same(run):
    first = run.go(LocalEngine(), run.runner(*stages()))

    class Never:
        def run(self, runner, parts):
            raise AssertionError(f"asked to do {parts} again")

    second = run.go(Never(), run.runner(*stages()))
    assert second.num_reused == 8
    assert (second.stages, second.commits) == (first.stages, first.commits)


def test_only_missing_parts_are_done(run):
    runner = run.runner(*stages())
    report = run.go(LocalEngine(), runner)
    before = run.kept_digests(report)
    gone = run.parts[3]
    run.store.remove(f"{report.folder}/{gone}/{DONE_NAME}")

    class Noting(LocalEngine):
        def run(self, runner, parts):
            self.parts = parts
            super().run(runner, parts)

    engine = Noting()
    again = run.go(engine, runner)
    assert engine.parts == [gone]
    assert run.kept_digests(again) == before


def test_an_engine_that_ends_early_leaves_an_incomplete_run(run):
    class Lazy(LocalEngine):
        def run(self, runner, parts):
            super().run(runner, parts[:2])

    with pytest.raises(IncompleteError, match=r"ended without 6 of its parts, such as 001-00002"):
        run.go(Lazy(), run.runner(*stages()))


def test_an_engine_that_fails_after_the_last_commit_does_no_harm(run):
    class Clumsy(LocalEngine):
        def run(self, runner, parts):
            super().run(runner, parts)
            raise IncompleteError("a worker died on its way out")

    assert run.go(Clumsy(), run.runner(*stages())).num_parts == 8


def test_a_restart_is_no_new_failure_budget(tmp_path):
    given = [source(f"s{n:03d}", "fail" if n % 2 else "keep") for n in range(320)]
    run = ToyRun(tmp_path / "run", given)
    runner = run.runner(Stage(name="act", transform=Act()))
    done: list[str] = []

    class Noting(LocalEngine):
        def run(self, runner, parts):
            for part in parts[:50]:
                done.append(part)
                runner.run(part)

    for _ in range(2):
        with pytest.raises(BudgetExceededError, match=r"of .* records failed in stage 'act'"):
            run.go(Noting(), runner, max_failed_share=0.2)
    assert len(done) == 50, "the second run begins nothing"


def test_what_no_record_is_to_blame_for_counts_against_no_budget(tmp_path):
    run = ToyRun(tmp_path / "run", [source(f"s{n:03d}", "defer") for n in range(320)])
    report = run.go(LocalEngine(), run.runner(Stage(name="act", transform=Act())))
    assert report.stages[0].deferred == 320


def test_observers_are_told(run, tmp_path):
    log = tmp_path / "events.jsonl"
    run.go(LocalEngine(), run.runner(*stages()), observers=[EventLog(log), EventLog(None)])
    events = [json.loads(line) for line in log.read_text().splitlines()]
    names = [event["event"] for event in events]
    assert (names[0], names[-1]) == ("step_started", "step_ended")
    assert names.count("part_done") == 8
    assert names.count("records_deferred") == 1
    assert {e["part"] for e in events[1:-1]} == set(run.parts)
    assert (events[0]["parts"], events[0]["done"]) == (8, 0)


def test_counts_are_added_by_stage():
    counts = StageCounts(stage="a", kept=1, rejected=2, failed=3, deferred=4, outputs=5)
    commit = type("C", (), {"stages": (counts, dataclasses.replace(counts, stage="b"))})()
    total = add_counts([commit, commit])
    assert [t.stage for t in total] == ["a", "b"]
    assert total[0] == StageCounts(stage="a", kept=2, rejected=4, failed=6, deferred=8, outputs=10)


DRIVER = """
    import sys
    from interlink_toy_runs import ToyRun
    from interlink_toys import Act
    from interlink.pipeline.engines.engine import make_engine
    from interlink.pipeline.step import Stage

    if __name__ == "__main__":
        root, name = sys.argv[1:]
        run = ToyRun(root, [])
        runner = run.runner(Stage(name="act", transform=Act()), workers=2)
        report = run.go(make_engine(name), runner)
        print(report.stages[0].kept, report.num_parts)
"""


@pytest.mark.engines
@pytest.mark.slow
@pytest.mark.parametrize("second", ["local", "beam"])
def test_two_drivers_at_once_end_well_and_commit_each_part_once(tmp_path, second):
    run = ToyRun(tmp_path / "run", [source(f"s{n}", "slow") for n in range(40)])
    script = tmp_path / "driver.py"
    script.write_text(textwrap.dedent(DRIVER))
    drivers = [
        subprocess.Popen(
            [sys.executable, str(script), str(tmp_path / "run"), name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        for name, seed in (("local", "1"), (second, "2"))
    ]
    answers = [driver.communicate(timeout=300) for driver in drivers]
    assert [driver.returncode for driver in drivers] == [0, 0], answers
    assert [out for out, _ in answers] == ["40 40\n"] * 2
    runner = run.runner(Stage(name="act", transform=Act()))
    for part in run.parts:
        commit = read_commit(run.store, runner.folder, part)
        assert run.store.names(f"{runner.folder}/{part}") == sorted([DONE_NAME, commit.attempt])
    report = run.go(LocalEngine(), runner)
    assert report.num_reused == 40


def test_records_that_get_lost_between_stages_are_a_bug(run, monkeypatch):
    report = run.go(LocalEngine(), run.runner(Stage(name="copy", transform=Copy())))
    path = run.store.local_path(f"{report.folder}/{run.parts[0]}/{DONE_NAME}")
    row = json.loads(path.read_text())
    row["num_kept"] = 0
    path.write_text(json.dumps(row))
    with pytest.raises(RuntimeError, match="lost records between its stages: gave"):
        run.go(LocalEngine(), run.runner(Stage(name="copy", transform=Copy())))
    assert len(run.kept(report, Source)) == 8
