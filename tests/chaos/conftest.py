"""The tiny sources of runs under chaos, and what a calm run makes of them."""

from pathlib import Path

import pytest
from interlink_toy_chaos import ChaosRun, make_sources
from interlink_toy_truth import Truth, truth_of, unaccounted


@pytest.fixture(scope="session")
def manifest(tmp_path_factory) -> Path:
    return make_sources(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def calm_run(tmp_path_factory, manifest) -> ChaosRun:
    """A run that nothing disturbed. Do not write to it."""
    run = ChaosRun(folder=tmp_path_factory.mktemp("calm"), manifest=manifest)
    result = run.until_done()
    assert result.exits == (0,), result.output
    assert unaccounted(run.run, run.dataset) == []
    return run


@pytest.fixture(scope="session")
def calm(calm_run) -> Truth:
    return truth_of(calm_run.run, calm_run.dataset)
