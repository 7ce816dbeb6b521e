"""Arguments that commands share."""

import pytest

from interlink.pipeline.commands.options import check_engine, run_at, settings_of
from interlink.schemas.errors import UsageError


def test_a_limit_is_one_more_setting():
    assert settings_of(None, None) == []
    assert settings_of(["cut.mode=none"], 3) == ["cut.mode=none", "limit=3"]


@pytest.mark.parametrize("name", [None, "local", "beam", "ray"])
def test_engines_there_are_pass(name):
    assert check_engine(name) == name


def test_another_engine_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="--engine spark must be one of local, beam, ray"):
        check_engine("spark")


@pytest.mark.parametrize("place", ["runs/first", "s3://bucket/run", "s3://b/x.yaml", "no.yaml"])
def test_a_run_is_named_by_its_folder_or_url(place):
    assert run_at(place) == place


def test_a_recipe_stands_for_its_run(tmp_path):
    recipe = tmp_path / "recipe.yml"
    recipe.write_text("sources: x.txt\nrun: s3://bucket/run\n")
    assert run_at(str(recipe)) == "s3://bucket/run"
