"""Whatever strikes a run, starting it again until it ends gives what a calm run gives."""

from pathlib import Path

import pytest
from interlink_toy_chaos import MAX_RESTARTS, ChaosRun, make_sources
from interlink_toy_faults import draw_faults
from interlink_toy_truth import Truth, check_commits, truth_of, unaccounted

pytestmark = [pytest.mark.slow]

SEEDS = [*(("local", seed) for seed in range(20))]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> Path:
    return make_sources(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="module")
def calm(tmp_path_factory, manifest) -> Truth:
    run = ChaosRun(folder=tmp_path_factory.mktemp("calm"), manifest=manifest)
    result = run.until_done()
    assert result.exits == (0,), result.output
    assert unaccounted(run.run, run.dataset) == []
    return truth_of(run.run, run.dataset)


@pytest.mark.parametrize(("engine", "seed"), SEEDS, ids=[f"{e}-{s}" for e, s in SEEDS])
def test_a_run_under_chaos_gives_what_a_calm_one_gives(engine, seed, tmp_path, manifest, calm):
    faults = draw_faults(seed)
    run = ChaosRun(folder=tmp_path, manifest=manifest, engine=engine, faults=faults)
    result = run.until_done()
    assert result.exits[-1] == 0, f"{result.exits} {faults}\n{result.output}"
    assert result.restarts <= MAX_RESTARTS
    check_commits(run.run)
    assert truth_of(run.run, run.dataset) == calm, faults
    run.remove()
