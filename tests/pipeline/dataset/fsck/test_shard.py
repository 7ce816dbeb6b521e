"""What a shard's rows say must hold together, though every byte is as it was committed."""

import dataclasses

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlink.pipeline.dataset.fsck.shard import check_shard_content
from interlink.pipeline.dataset.versions import read_manifest, read_shards
from interlink.pipeline.storage.records_file import file_schema
from interlink.schemas.arrow import to_plain
from interlink.schemas.document import Document


@pytest.fixture
def shard(published):
    return next(read_shards(published.dataset, read_manifest(published.dataset)))


def write(published, shard, documents) -> None:
    """Write documents as they are, unchecked."""
    schema = file_schema(Document)
    table = pa.Table.from_pylist([to_plain(d) for d in documents], schema=schema)
    pq.write_table(table, published.dataset.local_path(shard.docs_path))


def told(published, shard) -> list[str]:
    return [finding.what for finding in check_shard_content(published.dataset, shard)]


def test_a_sound_shard_has_nothing_to_tell(published, shard):
    assert told(published, shard) == []


def test_a_row_whose_digest_is_anothers_is_told(published, shard):
    [document] = [d for d in published.documents.values() if d.document_id == shard.min_document_id]
    write(published, shard, [dataclasses.replace(document, text="x" * document.num_chars)])
    [what] = told(published, shard)
    assert f"document {document.document_id}: content_sha256=" in what


def test_rows_out_of_order_or_too_many_are_told(published, shard):
    documents = sorted(published.documents.values(), key=lambda d: d.document_id, reverse=True)
    write(published, shard, documents)
    what = told(published, shard)
    assert "its rows are not in the order of document_id" in what
    assert "has 3 documents, the manifest says 1" in what


def test_ids_outside_of_what_the_manifest_says_are_told(published, shard):
    other = dataclasses.replace(shard, min_document_id="0" * 32)
    assert told(published, other) == ["its ids do not span what the manifest says"]


def test_clips_without_their_files_and_files_without_clips_are_told(published, shard):
    others = list(read_shards(published.dataset, read_manifest(published.dataset)))
    crossed = dataclasses.replace(shard, media_path=others[1].media_path)
    lost, strangers = told(published, crossed)
    assert lost.startswith("lacks the files of 2 clips, such as ")
    assert strangers.startswith("has 2 files of no clip, such as of ")
    bare = dataclasses.replace(shard, media_path=None)
    assert told(published, bare)[0].startswith("lacks the files of 2 clips")


def test_a_file_that_is_no_table_of_documents_is_told(published, shard):
    published.dataset.put(shard.docs_path, b"no Parquet at all")
    [what] = told(published, shard)
    assert what.startswith("cannot be read as documents: ")
