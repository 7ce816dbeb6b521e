"""Lists of shards are named by their content and refused when they are not what was named."""

import dataclasses

import pytest

from interlink.pipeline.dataset.shard_lists import read_list, write_list
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault
from interlink.schemas.manifest import Shard

SHARD = Shard(
    part="001-00000",
    docs_path="docs/001-00000-01234567.parquet",
    docs_bytes=10,
    docs_sha256="0" * 64,
    num_documents=3,
    min_document_id="a",
    max_document_id="c",
    media_path=None,
    media_bytes=0,
    media_sha256=None,
    num_media=0,
)


@pytest.fixture
def dataset(tmp_path) -> Store:
    return Store(str(tmp_path))


def test_a_list_is_read_back_as_it_was_written(dataset):
    shards = [SHARD, dataclasses.replace(SHARD, part="001-00001", num_documents=4)]
    listed = write_list(dataset, "001", shards)
    assert read_list(dataset, listed) == shards
    assert (listed.num_shards, listed.num_documents, listed.num_bytes) == (2, 7, 20)
    assert write_list(dataset, "001", shards) == listed


def test_a_list_that_is_another_is_refused(dataset):
    listed = write_list(dataset, "001", [SHARD])
    dataset.put(listed.path, dataset.read(listed.path) + b"x")
    with pytest.raises(EnvironmentFault, match="does not have the digest that the manifest names"):
        read_list(dataset, listed)
