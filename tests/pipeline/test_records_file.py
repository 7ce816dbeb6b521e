"""Records survive their file; documents open in every reader that people use."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.records_file import (
    MAX_ROW_GROUP_BYTES,
    file_schema,
    leaf_columns,
    read_records,
    write_records,
)
from interlink.schemas.clip import Clip
from interlink.schemas.document import Document
from interlink.schemas.outcome import Disposition, Outcome
from interlink.schemas.source import GivenSpan, Source
from interlink.schemas.video import Video


@pytest.fixture
def shard(tmp_path, make_documents) -> Path:
    path = tmp_path / "shard.parquet"
    write_records(path, make_documents("a", "b", "c"), Document)
    return path


def test_documents_come_back_equal_but_for_the_precision_of_the_file(shard, make_documents):
    documents = read_records(shard, Document)
    again = shard.with_name("again.parquet")
    write_records(again, documents, Document)
    assert [d.document_id for d in documents] == sorted(d.document_id for d in documents)
    assert read_records(again, Document) == documents
    assert again.read_bytes() == shard.read_bytes()
