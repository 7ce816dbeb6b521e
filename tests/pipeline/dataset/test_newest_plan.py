"""A source that is retried stands in the dataset once: with the documents of its newest plan."""

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.dataset.funnel import read_funnel
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import read_manifest, read_shards
from interlink.pipeline.parts.plan import note_retry
from interlink.pipeline.publish.plan import publish_plan
from interlink.pipeline.storage.store import Store


@pytest.fixture
def dataset(recipe) -> Store:
    return Store(recipe.dataset_url)


def titles(recipe) -> dict[str, list[str]]:
    """Return the documents' titles by plan."""
    dataset = Store(recipe.dataset_url)
    found: dict[str, list[str]] = {}
    for shard in read_shards(dataset, read_manifest(dataset)):
        with dataset.open(shard.docs_path) as file:
            sources = pq.ParquetFile(file).read(columns=["source.title"])
        rows = sources.column("source").to_pylist()
        found.setdefault(shard.plan, []).extend(row["title"] for row in rows)
    return {plan: sorted(names) for plan, names in found.items()}


def funnel(dataset: Store) -> dict[tuple[str, str], int]:
    rows = read_funnel(dataset).to_pylist()
    return {(row["kind"], row["disposition"]): row["count"] for row in rows}


def test_documents_of_a_retry_take_the_place_of_earlier_ones(run, recipe, run_plan, dataset):
    publish_plan(run, recipe, 1, run_plan(1, "a", "b"))
    note_retry(run, 2, b"{}")
    publish_plan(run, recipe, 2, run_plan(2, "a", frames_per_clip=4))
    assert titles(recipe) == {"001": ["Video b"], "002": ["Video a"]}
    assert len(list(read_documents(recipe.dataset_url))) == 2
    assert funnel(dataset) == {("source", "kept"): 2, ("clip", "kept"): 4, ("clip", "rejected"): 2}


def test_media_of_what_was_replaced_goes_with_it(run, recipe, run_plan, dataset):
    publish_plan(run, recipe, 1, run_plan(1, "a", "b"))
    note_retry(run, 2, b"{}")
    publish_plan(run, recipe, 2, run_plan(2, "a", frames_per_clip=4))
    owners: list[str] = []
    for shard in read_shards(dataset, read_manifest(dataset)):
        with dataset.open(shard.media_path) as file:
            owners += pq.read_table(file, columns=["owner_id"]).column("owner_id").to_pylist()
    assert len(owners) == len(set(owners)) == 4


def test_publishing_any_plan_again_changes_nothing(run, recipe, run_plan, dataset):
    first = run_plan(1, "a", "b")
    publish_plan(run, recipe, 1, first)
    note_retry(run, 2, b"{}")
    second = run_plan(2, "a", frames_per_clip=4)
    newest = publish_plan(run, recipe, 2, second)
    assert newest.manifest.version == 2
    assert publish_plan(run, recipe, 1, first) == newest
    assert publish_plan(run, recipe, 2, second) == newest


def test_a_retry_that_comes_to_nothing_costs_no_document(run, recipe, run_plan, dataset):
    publish_plan(run, recipe, 1, run_plan(1, "a", "b"))
    before = funnel(dataset)
    note_retry(run, 2, b"{}")
    publish_plan(run, recipe, 2, run_plan(2, "c", lost=["a"]))
    assert titles(recipe) == {"001": ["Video a", "Video b"], "002": ["Video c"]}
    assert before[("source", "kept")] == 2
    assert funnel(dataset) == {("source", "kept"): 3, ("clip", "kept"): 6, ("clip", "rejected"): 3}


def test_a_source_that_came_through_at_last_is_lost_no_more(run, recipe, run_plan, dataset):
    publish_plan(run, recipe, 1, run_plan(1, "b", lost=["a"]))
    assert funnel(dataset)[("source", "failed")] == 1
    note_retry(run, 2, b"{}")
    publish_plan(run, recipe, 2, run_plan(2, "a", frames_per_clip=4))
    assert funnel(dataset) == {("source", "kept"): 2, ("clip", "kept"): 4, ("clip", "rejected"): 2}


def test_a_source_that_failed_each_time_is_lost_once(run, recipe, run_plan, dataset):
    publish_plan(run, recipe, 1, run_plan(1, "b", lost=["a"]))
    note_retry(run, 2, b"{}")
    publish_plan(run, recipe, 2, run_plan(2, "c", lost=["a"]))
    assert funnel(dataset)[("source", "failed")] == 1


def test_the_newest_of_several_retries_counts(run, recipe, run_plan, dataset):
    for plan in (1, 2, 3):
        if plan > 1:
            note_retry(run, plan, b"{}")
        publish_plan(run, recipe, plan, run_plan(plan, "a", f"other{plan}", frames_per_clip=plan))
    assert titles(recipe) == {
        "001": ["Video other1"],
        "002": ["Video other2"],
        "003": ["Video a", "Video other3"],
    }
    assert funnel(dataset)[("source", "kept")] == 4


def test_a_shard_of_which_nothing_is_left_goes(run, recipe, run_plan, dataset):
    publish_plan(run, recipe, 1, run_plan(1, "a"))
    note_retry(run, 2, b"{}")
    publish_plan(run, recipe, 2, run_plan(2, "a", frames_per_clip=4))
    assert titles(recipe) == {"002": ["Video a"]}
