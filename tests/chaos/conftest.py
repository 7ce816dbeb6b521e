"""The tiny sources of runs under chaos, and what calm runs make of them."""

from pathlib import Path

import pytest
from interlink_toy_chaos import make_sources
from interlink_toy_seed import calm_truths
from interlink_toy_truth import Truth

from interlink.pipeline.recipes.recipe import Retain


@pytest.fixture(scope="session")
def manifest(tmp_path_factory) -> Path:
    return make_sources(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def calms(tmp_path_factory, manifest) -> dict[Retain, Truth]:
    """What undisturbed runs made, by what they retain of the working files."""
    return calm_truths(tmp_path_factory.mktemp("calm"), manifest)


@pytest.fixture
def calm(calms) -> Truth:
    """What an undisturbed run made that retains all."""
    return calms["all"]
