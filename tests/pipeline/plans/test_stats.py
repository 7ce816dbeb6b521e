"""The numbers of a run for people."""

import json

import pytest

from interlink.pipeline.parts.commit import StageCounts
from interlink.pipeline.plans.stats import step_report, step_row, write_stats
from interlink.pipeline.step_run import StepReport
from interlink.pipeline.storage.store import Store


def report(plan: int, step: str, num_parts: int = 1) -> StepReport:
    return StepReport(
        plan=plan,
        step=step,
        engine="local",
        folder=f"steps/{step}-0",
        num_parts=num_parts,
        num_reused=0,
        stages=(StageCounts(stage=step, kept=3, outputs=3),),
        wall_s=1.5,
        cpu_s=1.0,
        commits=(),
    )


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def rows(store: Store) -> list[tuple[int, str, int]]:
    steps = json.loads(store.read("stats.json"))["steps"]
    return [(row["plan"], row["step"], row["num_parts"]) for row in steps]


def test_a_row_tells_all_of_a_report_but_its_commits():
    given = report(1, "scan")
    assert step_report(json.loads(json.dumps(step_row(given)))) == given


def test_plans_and_steps_stay_in_their_order_when_one_is_done_again(store):
    write_stats(store, [report(1, "fetch"), report(1, "scan")])
    write_stats(store, [report(2, "fetch")])
    write_stats(store, [report(1, "scan", num_parts=9), report(1, "cut")])
    assert rows(store) == [
        (1, "fetch", 1),
        (1, "scan", 9),
        (1, "cut", 1),
        (2, "fetch", 1),
    ]
