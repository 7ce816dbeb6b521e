"""A dataset is read by its manifest, through views."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import manifest_path, read_manifest, read_shards
from interlink.pipeline.publish.plan import publish_plan
from interlink.pipeline.publish.takedown import take_down
from interlink.pipeline.storage.store import Store
from interlink.schemas.arrow import to_table
from interlink.schemas.errors import EnvironmentFault, UsageError
from interlink.schemas.manifest import Shard
from interlink.schemas.view import Rule, View


def test_views_choose_documents(run, recipe, run_plan):
    publish_plan(run, recipe, 1, run_plan(1, "a", "b", eval_share=1.0))
    url = recipe.dataset_url
    one = View(name="x", rules=(Rule(column="source.title", op="==", value="Video a"),))
    assert [d.source.title for d in read_documents(url, one)] == ["Video a"]
    assert len(list(read_documents(url, "eval"))) == 2
    assert list(read_documents(url, "train")) == []
    with pytest.raises(UsageError, match=r"no view 'best'; this dataset has \['train', 'eval'\]"):
        list(read_documents(url, "best"))


def test_files_that_no_manifest_names_are_not_read(run, recipe, run_plan):
    publish_plan(run, recipe, 1, run_plan(1, "a"))
    dataset = Store(recipe.dataset_url)
    (shard,) = read_shards(dataset, read_manifest(dataset))
    dataset.put("docs/001-00009-00000000.parquet", dataset.read(shard.docs_path))
    assert len(list(read_documents(recipe.dataset_url))) == 1


@pytest.mark.parametrize("path", ["../outside.parquet", "docs/../../outside.parquet"])
def test_a_manifest_names_no_file_outside_of_the_dataset(run, recipe, run_plan, path):
    publish_plan(run, recipe, 1, run_plan(1, "a"))
    dataset = Store(recipe.dataset_url)
    manifest = read_manifest(dataset)
    (shard,), (listed,) = read_shards(dataset, manifest), manifest.shard_lists
    Path(dataset.url, "../outside.parquet").write_bytes(dataset.read(shard.docs_path))
    buffer = io.BytesIO()
    pq.write_table(to_table([replace(shard, docs_path=path)], Shard), buffer)
    sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
    dataset.put("hostile.parquet", buffer.getvalue())
    for forged in (
        replace(listed, path="hostile.parquet", sha256=sha256),
        replace(listed, path=path),
    ):
        hostile = replace(manifest, shard_lists=(forged,))
        dataset.put(manifest_path(manifest.version), hostile.to_json())
        with pytest.raises(EnvironmentFault, match=r"outside.parquet' leads out of"):
            list(read_documents(dataset.url))


def test_where_there_is_no_dataset_it_says_so(tmp_path):
    with pytest.raises(UsageError, match="there is no dataset at"):
        list(read_documents(str(tmp_path)))


def test_an_older_version_that_lost_a_file_to_a_takedown_says_so(published, stone):
    take_down(published.dataset, [stone("video", published.documents["a"].video_id)])
    assert len(list(read_documents(published.dataset.url))) == 2
    with pytest.raises(EnvironmentFault, match=r"of version 1: .*taken something down\. Read the"):
        list(read_documents(published.dataset.url, version=1))
