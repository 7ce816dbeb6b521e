"""A dataset is read by its manifest, through views."""

import pytest

from interlink.pipeline.dataset.publish import publish_plan
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import read_manifest, read_shards
from interlink.pipeline.store import Store
from interlink.schemas.errors import UsageError
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


def test_where_there_is_no_dataset_it_says_so(tmp_path):
    with pytest.raises(UsageError, match="there is no dataset at"):
        list(read_documents(str(tmp_path)))
