"""Two runs at once on one run folder, or on one dataset: nothing is lost, and nothing is twice."""

import pytest
from interlink_toy_chaos import ChaosRun
from interlink_toy_truth import check_commits, truth_of, unaccounted

pytestmark = [pytest.mark.slow]


def both_end_well(first: ChaosRun, second: ChaosRun) -> None:
    """Start both at once and wait for them."""
    started = [run.start() for run in (first, second)]
    ends = [process.wait(timeout=240) for process in started]
    first.wait_until_gone()
    second.wait_until_gone()
    outputs = [run.output.read_text() for run in (first, second)]
    assert ends == [0, 0], "\n".join(outputs)


def test_two_at_once_on_one_run_give_what_one_gives(tmp_path, manifest, calm):
    first = ChaosRun(folder=tmp_path / "first", manifest=manifest)
    places = {"run": str(first.run), "dataset": str(first.dataset)}
    second = ChaosRun(folder=tmp_path / "second", manifest=manifest, settings=places)
    both_end_well(first, second)
    check_commits(first.run)
    assert truth_of(first.run, first.dataset) == calm
    assert unaccounted(first.run, first.dataset) == []


def test_two_runs_of_the_same_sources_on_one_dataset_give_what_one_gives(tmp_path, manifest, calm):
    first = ChaosRun(folder=tmp_path / "first", manifest=manifest)
    shared = {"dataset": str(first.dataset)}
    second = ChaosRun(folder=tmp_path / "second", manifest=manifest, settings=shared)
    both_end_well(first, second)
    assert truth_of(first.run, first.dataset) == calm
    assert truth_of(second.run, first.dataset) == calm
