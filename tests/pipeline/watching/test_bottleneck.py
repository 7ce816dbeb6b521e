"""The step that took the longest, and the knob that its numbers point at."""

import pytest

from interlink.pipeline.step_run import StepReport
from interlink.pipeline.watching.bottleneck import Bottleneck, find_bottleneck


def report(
    step: str = "scan",
    *,
    wall_s: float = 100.0,
    busy_s: float = 190.0,
    cpu_s: float = 190.0,
    longest_s: float = 20.0,
    workers: int = 2,
    engine: str = "beam",
    plan: int = 1,
) -> StepReport:
    return StepReport(
        plan=plan,
        step=step,
        engine=engine,
        folder=f"steps/{step}-0",
        num_parts=10,
        num_reused=0,
        stages=(),
        wall_s=wall_s,
        cpu_s=0.0,
        workers=workers,
        busy_s=busy_s,
        busy_cpu_s=cpu_s,
        longest_s=longest_s,
    )


def find(*reports: StepReport, cores: int | None = 2) -> Bottleneck:
    found = find_bottleneck(reports, cores=cores)
    assert found is not None
    return found


def test_the_slowest_step_is_found_over_all_plans():
    found = find(
        report("scan", wall_s=60),
        report("caption", wall_s=50),
        report("scan", wall_s=10, plan=2),
        report("caption", wall_s=50, plan=2),
    )
    assert (found.step, found.wall_s, found.total_s) == ("caption", 100, 170)


def test_a_run_that_did_nothing_has_none():
    assert find_bottleneck([report(busy_s=0.0)], cores=2) is None
    assert find_bottleneck([], cores=2) is None


@pytest.mark.parametrize(
    ("numbers", "limit", "knob"),
    [
        ({}, "cpu", "all 2 cores are at work: give it more machines"),
        ({"workers": 1, "busy_s": 95, "cpu_s": 95}, "cpu", "raise steps.scan.workers to 2"),
        (
            {"workers": 1, "busy_s": 95, "cpu_s": 95, "engine": "local"},
            "cpu",
            "the local engine has one worker: with beam or ray it has 2",
        ),
        ({"cpu_s": 40}, "waiting", "it waits for a network, a disk or a GPU: raise steps.scan"),
        ({"cpu_s": 40, "engine": "local"}, "waiting", "the local engine has one worker"),
        ({"busy_s": 40, "cpu_s": 40}, "idle", "engines start and models are loaded once"),
        (
            {"busy_s": 90, "cpu_s": 90, "longest_s": 80},
            "one part",
            "a column duration_s or num_bytes in the manifest",
        ),
    ],
)
def test_the_numbers_tell_what_holds_it_up_and_what_to_turn(numbers, limit, knob):
    found = find(report(**numbers))
    assert found.limit == limit
    assert knob in found.knob


def test_downloads_that_wait_want_more_of_them_at_once():
    assert "fetch.concurrency or steps.fetch.workers" in find(report("fetch", cpu_s=10)).knob


def test_of_a_cluster_the_cores_here_say_nothing():
    assert "as far as the cluster has CPUs" in find(report(), cores=None).knob


def test_shares_are_of_the_time_that_workers_were_there():
    found = find(report(wall_s=100, workers=4, busy_s=300, cpu_s=270), cores=8)
    assert (found.busy_share, found.cpus) == (0.75, 0.9)
