"""Of a source that stands in several plans, the newest counts."""

from interlink_toy_chains import ToyChain
from interlink_toys import source, sources

from interlink.pipeline.parts.kept import read_outcomes
from interlink.pipeline.parts.plan import plan_parts, write_plan
from interlink.pipeline.plans.taken_over import taken_over, without
from interlink.pipeline.step_run import add_counts


def test_without_a_retry_nothing_is_taken_over(tmp_path):
    run = ToyChain(tmp_path, [source("a")])
    write_plan(run.store, 2, [source("b")])
    taken = taken_over(run.store, [1, 2])
    assert (taken.newest, taken.parts) == ({}, {})


def test_the_newest_of_several_retries_has_a_source(tmp_path):
    run = ToyChain(tmp_path, [*sources({}, keep=1), source("a"), source("b")])
    run.retry(2, [source("a"), source("b")])
    run.retry(3, [source("a")])
    taken = taken_over(run.store, [1, 2, 3])
    assert taken.newest == {"a": 3, "b": 2}
    by_plan = {
        plan: set().union(*(taken.parts.get(p, ()) for p in plan_parts(run.store, plan)))
        for plan in (1, 2, 3)
    }
    assert by_plan == {1: {"a", "b"}, 2: {"a"}, 3: set()}


def test_counts_lose_all_records_of_a_source_and_no_others(tmp_path):
    given = [source("a", times="3", say="nothing"), source("b", "fail"), source("c", times="2")]
    run = ToyChain(tmp_path, given)
    reports = run.go()
    whole = [add_counts(report.commits)[0] for report in reports]
    assert [(each.kept, each.failed) for each in whole] == [(2, 1), (2, 0), (4, 1)]

    left = [
        without(report.stages, read_outcomes(run.store, report.commits), {"a", "b"})[0]
        for report in reports
    ]
    assert [(each.kept, each.failed, each.outputs) for each in left] == [
        (1, 0, 1),
        (1, 0, 2),
        (2, 0, 2),
    ]
