"""Plans of new sources: how many, of which, and what happens when two runs make them at once."""

from pathlib import Path

import pytest

from interlink.pipeline import planning
from interlink.pipeline.parts.plan import plan_ids, plan_numbers
from interlink.pipeline.planning import make_plans
from interlink.pipeline.publish.takedown import take_down
from interlink.pipeline.recipes.recipe import Recipe, make_recipe
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import UsageError
from interlink.schemas.manifest import Tombstone, TombstoneKind


@pytest.fixture
def manifest(tmp_path) -> Path:
    return tmp_path / "videos.csv"


def write(manifest: Path, *names: str) -> None:
    manifest.write_text("uri,source_id\n" + "".join(f"{name}.mp4,{name}\n" for name in names))


def recipe_of(manifest: Path, **fields) -> Recipe:
    return make_recipe({"sources": str(manifest), "run": str(manifest.parent / "run"), **fields})


def planned(store: Store) -> list[set[str]]:
    return [set(plan_ids(store, number)) for number in plan_numbers(store)]


def test_a_long_manifest_becomes_consecutive_plans(manifest):
    write(manifest, *"abcde")
    recipe = recipe_of(manifest, plan_size=2)
    store = Store(recipe.run)
    assert make_plans(store, recipe) == [1, 2, 3]
    assert planned(store) == [{"a", "b"}, {"c", "d"}, {"e"}]


def test_new_sources_are_planned_and_known_ones_are_not_again(manifest):
    write(manifest, *"abc")
    recipe = recipe_of(manifest, plan_size=2)
    store = Store(recipe.run)
    make_plans(store, recipe)
    assert make_plans(store, recipe) == []
    write(manifest, *"xabc")
    assert make_plans(store, recipe) == [3]
    assert planned(store) == [{"a", "b"}, {"c"}, {"x"}]


def test_two_runs_that_plan_at_once_lose_no_source(manifest, monkeypatch):
    write(manifest, *"abcde")
    recipe = recipe_of(manifest, plan_size=2)
    store, real = Store(recipe.run), planning.write_plan

    def faster(given: Store, number: int, sources: list) -> bool:
        monkeypatch.setattr(planning, "write_plan", real)
        make_plans(store, recipe_of(manifest, plan_size=3))
        return real(given, number, sources)

    monkeypatch.setattr(planning, "write_plan", faster)
    make_plans(store, recipe)
    assert planned(store) == [{"a", "b", "c"}, {"d", "e"}]


def test_a_manifest_without_sources_says_what_to_do(manifest):
    write(manifest)
    recipe = recipe_of(manifest)
    with pytest.raises(UsageError, match="names nothing"):
        make_plans(Store(recipe.run), recipe)


def test_what_was_taken_down_is_not_planned_again(manifest, caplog):
    write(manifest, *"abc")
    recipe = recipe_of(manifest)
    store, dataset = Store(recipe.run), Store(recipe.dataset_url)
    stones = [Tombstone(id=n, kind=TombstoneKind.SOURCE, reason="r", version=0) for n in "ab"]
    take_down(dataset, stones, runs=[store])
    assert make_plans(store, recipe) == [1]
    assert planned(store) == [{"c"}]
    assert "2 of 3 new sources are left out of the plan: they were taken down" in caplog.text


def test_a_manifest_of_nothing_but_what_was_taken_down_is_refused(manifest):
    write(manifest, "a")
    recipe = recipe_of(manifest)
    stone = Tombstone(id="a", kind=TombstoneKind.SOURCE, reason="r", version=0)
    take_down(Store(recipe.dataset_url), [stone], runs=[Store(recipe.run)])
    with pytest.raises(UsageError, match=r"all that .*videos\.csv names was taken down"):
        make_plans(Store(recipe.run), recipe)
