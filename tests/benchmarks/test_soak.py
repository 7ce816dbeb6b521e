"""500 tiny sources, one in twenty faulty, through Beam with two workers: all add up, all is flat.

`benchmarks/soak.py` is the same with 2,000 and writes a report.
"""

import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.engines]

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NUM_SOURCES = 500
OWN = ("report", "result", "sampler", "sources")


@pytest.fixture(scope="module")
def soaked(tmp_path_factory):
    """What the soak showed; its modules are in no package, and no process is left of it."""
    before = children()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import soak

        result = soak.soak(tmp_path_factory.mktemp("soak"), num_sources=NUM_SOURCES)
    for name in ("soak", *(f"soak_{of}" for of in OWN), "report"):
        sys.modules.pop(name)
    assert result.exit_code == 0, result.output
    assert children() <= before
    return result


def children() -> set[int]:
    """Return the processes of this one, among which may be a fork server of other tests."""
    return {process.pid for process in psutil.Process().children(recursive=True)}


def test_every_source_ends_as_it_must_and_the_funnel_adds_up(soaked):
    assert soaked.wrong == []
    assert soaked.kills == 2
    fetched = [row for row in soaked.outcomes if row["step"] == "fetch"]
    assert len({row["input_id"] for row in fetched}) == len(fetched) == NUM_SOURCES
    given = NUM_SOURCES
    for step in soaked.steps:
        for stage in step["stages"]:
            fates = ("kept", "rejected", "failed", "deferred", "quarantined")
            assert sum(stage[fate] for fate in fates) == given, (step["step"], stage)
            given = stage["outputs"]
        rows = [row for row in soaked.outcomes if row["step"] == step["step"]]
        of_stages = Counter(row["stage"] for row in rows)
        assert of_stages == {s["stage"]: sum(s[f] for f in fates) for s in step["stages"]}
    assert given == soaked.num_documents > 0.9 * NUM_SOURCES


def test_what_passes_costs_no_record(soaked):
    tries = Counter(row["attempts"] for row in soaked.outcomes)
    assert tries[3] == 7, "flaky, reset and short ones, two of each, and one that hung"
    assert tries[2] <= soaked.kills, "whose decoding child was killed"
    assert not [row for row in soaked.outcomes if row["code"] == "child_crashed"]


def test_memory_files_and_processes_stay_flat(soaked):
    measured = Counter((life.role, life.phase) for life in soaked.lives)
    assert measured["driver", "all"] >= 1
    assert sum(measured["worker", step] for step in soaked.begins_s) >= 8, measured
    assert measured["child", "scan"] >= 1
    for life in soaked.lives:
        assert life.growth_bytes < 12_000_000, life
        assert life.more_files <= 8, life
        assert life.more_threads <= 8, life
    assert max(soaked.zombies.values(), default=0) <= 8, "two seconds without being waited for"
