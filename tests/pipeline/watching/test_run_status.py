"""How far a run is, as its files tell: counts, pace, who works, what waits."""

import datetime
import json

import pytest
from interlink_toy_chains import ToyChain, chain
from interlink_toy_stores import strict_world
from interlink_toys import source, sources

from interlink.pipeline.parts.attempts import Attempt
from interlink.pipeline.parts.plan import write_plan
from interlink.pipeline.plans.run_files import open_run
from interlink.pipeline.step_record import record_path
from interlink.pipeline.storage.disk_guard import PauseNote
from interlink.pipeline.watching.failures import read_failures
from interlink.pipeline.watching.retry import RetryRule, plan_retry
from interlink.pipeline.watching.run_status import RunStatus, run_status

NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def run(tmp_path) -> ToyChain:
    return ToyChain(tmp_path / "run", sources({"a": "fail", "b": "defer"}, keep=4))


def look(run: ToyChain, *, hours: float = 5) -> RunStatus:
    """Look from so many hours later."""
    now = NOW + datetime.timedelta(hours=hours)
    return run_status(open_run(run.store.url), now=now)


def test_a_finished_run_is_done_and_has_a_pace(run):
    run.go()
    found = look(run)
    assert found.is_done
    assert [(s.step, s.num_done, s.num_parts) for s in found.steps] == [
        ("fetch", 6, 6),
        ("cut", 6, 6),
        ("caption", 6, 6),
    ]
    fetch = found.steps[0]
    assert (fetch.stages[0].kept, fetch.stages[0].failed, fetch.stages[0].deferred) == (4, 1, 1)
    assert fetch.pace is not None
    assert found.last_commit is not None
    assert (found.rest.seconds, found.rest.unknown, found.work) == (0.0, (), ())


def test_a_run_that_stopped_says_what_is_left_and_of_what_nobody_knows(run):
    run.go(chain()[:2])
    steps = json.loads(run.store.read("digests.json"))
    steps["steps"].append({"step": "caption", "engine": "local", "folder": "steps/caption-0"})
    run.store.put("digests.json", json.dumps(steps).encode())
    write_plan(run.store, 2, sources({"c": "keep"}))
    found = look(run)
    assert not found.is_done
    assert found.rest.seconds > 0
    assert found.rest.unknown == ("caption",)


def test_who_works_is_told_and_who_is_slow(run):
    reports = run.go()
    run.store.remove(f"{reports[2].folder}/001-00003/_done.json")
    with Attempt(run.store, f"{reports[2].folder}/001-00003") as attempt:
        [work] = look(run).work
        assert (work.step, work.part) == ("caption", "001-00003")
        assert work.running_s > 3600
        assert work.straggles
        note = json.loads(run.store.read(f"{attempt.folder}/_begun.json"))
        assert (work.host, work.pid) == (note["host"], note["pid"])
    assert look(run).work == ()


def test_what_workers_wait_for_is_told(run):
    reports = run.go()
    note = PauseNote(run.store, reports[1].folder)
    note("no space left on /data")
    [pause] = look(run).pauses
    assert pause.startswith("cut: no space left on /data (")
    note(None)
    assert look(run).pauses == ()


def test_what_is_deferred_may_be_tried_at_its_time(run):
    run.go()
    waiting = look(run).waiting
    assert (waiting.num_due, waiting.num_later) == (0, 1)
    assert waiting.next_try is not None
    next_try = datetime.datetime.fromisoformat(waiting.next_try)
    hours = (next_try - NOW).total_seconds() / 3600
    assert look(run, hours=hours - 0.1).waiting == waiting
    due = look(run, hours=hours + 0.1).waiting
    assert (due.num_due, due.num_later, due.next_try) == (1, 0, None)


def test_a_retried_source_counts_in_its_newest_plan_alone(run):
    run.go()
    run.retry(2, [source("a"), source("b")])
    planned = look(run, hours=100)
    assert planned.num_taken_over == 2
    assert planned.waiting.num_due == 0
    stage = planned.steps[0].stages[0]
    assert (stage.kept, stage.failed, stage.deferred) == (4, 0, 0)
    run.go()
    stage = look(run).steps[0].stages[0]
    assert (stage.kept, stage.failed, stage.deferred) == (6, 0, 0)


def test_steps_of_an_earlier_recipe_are_told_apart(run):
    reports = run.go()
    run.go(chain(prompt="tell"))
    assert look(run).left == (reports[2].folder,)


def test_a_run_of_an_older_version_is_read(run):
    """Commits without times and CPU, steps without a record, attempts without notes."""
    for report in run.go():
        run.store.remove(record_path(report.folder))
        for commit in report.commits:
            path = f"{report.folder}/{commit.part}/_done.json"
            row = json.loads(run.store.read(path))
            del row["ended"], row["cpu_s"]
            run.store.put(path, json.dumps(row).encode())
    found = look(run)
    assert found.is_done
    assert found.last_commit is None
    assert [step.pace for step in found.steps] == [None] * 3


def test_a_run_on_a_remote_store_is_told_from_its_commits_alone(tmp_path):
    fates = {"a": "fail", "b": "defer", "c": "unreachable"}
    with strict_world("status"):
        told = []
        for root in (str(tmp_path / "run"), "strict://status/run"):
            run = ToyChain(root, sources(fates, keep=1))
            run.go()
            found = open_run(root)
            codes = [failure.code for failure in read_failures(found)]
            retried = plan_retry(found, RetryRule(), plan_size=10).plans
            status = look(run)
            told.append(([step.stages for step in status.steps], codes, retried, status.waiting))
            assert status.steps[0].pace is not None
    local, remote = told
    assert local[:3] == remote[:3]
    assert local[2] == {2: 1}
