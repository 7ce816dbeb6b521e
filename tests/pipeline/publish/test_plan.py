"""A plan's end, with the runtime of production: shards, version, funnel and card agree."""

import pyarrow.parquet as pq

from interlink.pipeline.dataset.funnel import funnel_path, read_funnel
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import read_manifest, read_shards
from interlink.pipeline.publish.plan import publish_plan
from interlink.pipeline.storage.store import Store


def test_a_plan_becomes_a_dataset_that_reads_back(run, recipe, run_plan):
    reports = run_plan(1, "a", "b", missing=1)
    publication = publish_plan(run, recipe, 1, reports)
    dataset = Store(recipe.dataset_url)
    documents = list(read_documents(recipe.dataset_url))
    shards = list(read_shards(dataset, publication.manifest))
    assert publication.manifest == read_manifest(dataset)
    assert {d.source.title for d in documents} == {"Video a", "Video b"}
    assert [d.num_clips for d in documents] == [2, 2]
    assert {d.integrity for d in documents} == {"partial"}  # the rejected clip is missed
    assert sum(shard.num_media for shard in shards) == 4
    for shard in shards:
        with dataset.open(shard.media_path) as file:
            owners = pq.read_table(file, columns=["owner_id"]).column("owner_id").to_pylist()
        clips = [c.clip_id for d in documents for c in d.clips if c.clip_id in owners]
        assert sorted(owners) == sorted(clips)


def test_publishing_again_changes_no_byte_but_the_time(run, recipe, run_plan):
    reports = run_plan(1, "a")
    first = publish_plan(run, recipe, 1, reports)
    dataset = Store(recipe.dataset_url)
    before = {name: dataset.read(name) for name in ("README.md", funnel_path(1))}
    assert publish_plan(run, recipe, 1, reports) == first
    assert {name: dataset.read(name) for name in before} == before


def test_the_next_plan_adds_to_dataset_funnel_and_card(run, recipe, run_plan):
    publish_plan(run, recipe, 1, run_plan(1, "a", missing=1))
    second = publish_plan(run, recipe, 2, run_plan(2, "b"))
    dataset = Store(recipe.dataset_url)
    counts = {
        (row["kind"], row["disposition"]): row["count"] for row in read_funnel(dataset).to_pylist()
    }
    assert second.manifest.version == 2
    assert counts == {
        ("source", "kept"): 2,
        ("source", "failed"): 1,
        ("clip", "kept"): 4,
        ("clip", "rejected"): 2,
    }
    assert len(list(read_documents(recipe.dataset_url))) == 2
    assert len(list(read_documents(recipe.dataset_url, version=1))) == 1
