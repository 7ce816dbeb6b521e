"""Records survive their file; documents open in every reader that people use."""

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image as Picture

from interlink.pipeline.storage.records_file import (
    MAX_ROW_GROUP_BYTES,
    file_schema,
    iter_records,
    leaf_columns,
    read_records,
    row_bytes,
    write_records,
)
from interlink.schemas.arrow import to_plain
from interlink.schemas.clip import Clip
from interlink.schemas.content import content_sha256
from interlink.schemas.document import Document, DocumentFrame, Image
from interlink.schemas.outcome import Disposition, Outcome
from interlink.schemas.source import GivenSpan, Source

IMAGE_BYTES = "clips.list.element.frames.list.element.image.bytes"


@pytest.fixture
def shard(tmp_path, make_documents) -> Path:
    path = tmp_path / "shard.parquet"
    write_records(path, make_documents("a", "b", "c"), Document)
    return path


def _with_noise(document: Document, num_bytes: int) -> Document:
    """Put bytes that do not compress in place of every picture."""
    rng = np.random.default_rng(0)
    clips = []
    for clip in document.clips:
        frames = tuple(
            DocumentFrame(time_us=frame.time_us, image=Image(bytes=rng.bytes(num_bytes)))
            for frame in clip.frames
        )
        clips.append(replace(clip, frames=frames))
    changed = replace(document, clips=tuple(clips))
    return replace(changed, content_sha256=content_sha256(changed))


def test_documents_are_sorted_and_come_back_as_they_lie(shard):
    documents = read_records(shard, Document)
    again = shard.with_name("again.parquet")
    write_records(again, documents[::-1], Document)
    assert [d.document_id for d in documents] == sorted(d.document_id for d in documents)
    assert read_records(again, Document) == documents
    assert again.read_bytes() == shard.read_bytes()


def test_any_record_type_survives(tmp_path, make_clips):
    source = Source(
        source_id="s",
        uri="a.mp4",
        spans=(GivenSpan(start_us=0, end_us=5, captions=("x", "y")),),
        metadata={"b": "2", "a": "1"},
    )
    outcome = Outcome(input_id="s", step="fetch", stage="fetch", disposition=Disposition.KEPT)
    for records, record_type in (([source], Source), ([outcome], Outcome), ([], Outcome)):
        write_records(tmp_path / "r.parquet", records, record_type)
        assert read_records(tmp_path / "r.parquet", record_type) == records
    clips = make_clips(2)
    write_records(tmp_path / "c.parquet", clips, Clip)
    first = read_records(tmp_path / "c.parquet", Clip)
    assert [c.clip_id for c in first] == [c.clip_id for c in clips]
    assert first[0].frames == clips[0].frames
    assert first[0].boundary.score == pytest.approx(0.9)  # stored with 32 bits


def test_records_are_read_from_an_open_file_too(shard):
    with shard.open("rb") as file:
        assert len(list(iter_records(file, Document))) == 3


def test_row_groups_hold_at_most_16_mib(tmp_path, make_documents):
    (document,) = make_documents("a", clips=4)
    many = []
    for number in range(12):
        noisy = replace(_with_noise(document, 130_000), document_id=f"{number:032x}")
        many.append(replace(noisy, content_sha256=content_sha256(noisy)))
    path = tmp_path / "big.parquet"
    write_records(path, many, Document)
    metadata = pq.read_metadata(path)
    sizes = [metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)]
    assert metadata.num_row_groups > 1
    assert max(sizes) <= MAX_ROW_GROUP_BYTES
    # No more groups than needed: another row would not have fitted.
    assert min(sizes[:-1]) + row_bytes(to_plain(many[0])) > MAX_ROW_GROUP_BYTES
    assert len(read_records(path, Document)) == 12


def test_a_row_above_the_limit_has_a_row_group_of_its_own(tmp_path, make_documents):
    one, two = make_documents("a", "b", clips=2)
    path = tmp_path / "huge.parquet"
    write_records(path, [_with_noise(one, 1_200_000), _with_noise(two, 10)], Document)
    metadata = pq.read_metadata(path)
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [1, 1]


def test_row_bytes_is_an_upper_bound_of_what_parquet_counts(shard):
    metadata = pq.read_metadata(shard)
    counted = sum(row_bytes(to_plain(d)) for d in read_records(shard, Document))
    # Lists cost levels that are not counted, short numbers are counted long.
    assert metadata.row_group(0).total_byte_size <= counted * 1.05


def test_pictures_are_not_compressed_and_the_rest_is(shard):
    columns = pq.read_metadata(shard).row_group(0)
    codecs = {
        columns.column(i).path_in_schema: columns.column(i).compression
        for i in range(columns.num_columns)
    }
    assert codecs.pop(IMAGE_BYTES) == "UNCOMPRESSED"
    assert set(codecs.values()) == {"ZSTD"}
    assert {name for name, _ in leaf_columns(file_schema(Document))} == {*codecs, IMAGE_BYTES}


def test_pages_have_an_index_and_checksums(shard):
    column = pq.read_metadata(shard).row_group(0).column(0)
    assert column.has_column_index
    assert column.has_offset_index
    data = bytearray(shard.read_bytes())
    at = data.index(b"\xff\xd8\xff")  # the first JPEG, which lies there as it is
    data[at + 20] ^= 1
    with pytest.raises(OSError, match="CRC"):
        read_records(io.BytesIO(bytes(data)), Document)


def test_units_stand_in_the_field_metadata(shard):
    schema = pq.read_schema(shard)
    assert schema.field("start_us").metadata[b"unit"] == b"us"
    word = schema.field("clips").type.value_type.field("words").type.value_type
    assert word.field("probability").metadata[b"unit"] == b"share"


def test_a_document_that_breaks_an_invariant_is_not_written(tmp_path, make_documents):
    (document,) = make_documents("a")
    with pytest.raises(ValueError, match="num_clips=7 must be 3"):
        write_records(tmp_path / "x.parquet", [replace(document, num_clips=7)], Document)


_WRITE = """
import sys
from pathlib import Path
from interlink.pipeline.storage.records_file import read_records, write_records
from interlink.schemas.document import Document
write_records(Path(sys.argv[2]), read_records(Path(sys.argv[1]), Document), Document)
"""


def test_bytes_do_not_depend_on_hash_seed_or_time_zone(shard):
    for seed, zone in (("1", "UTC"), ("77", "Asia/Kathmandu")):
        copy = shard.with_name(f"copy-{seed}.parquet")
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone}
        subprocess.run(
            [sys.executable, "-c", _WRITE, str(shard), str(copy)], env=environment, check=True
        )
        assert copy.read_bytes() == shard.read_bytes()


def test_datasets_opens_pictures_as_pictures_with_no_argument(shard, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    loaded = datasets.load_dataset(
        "parquet", data_files=str(shard), cache_dir=str(tmp_path / "cache"), split="train"
    )
    documents = read_records(shard, Document)
    row = loaded[0]
    picture = row["clips"][1]["frames"][2]["image"]
    expected = Picture.open(io.BytesIO(documents[0].clips[1].frames[2].image.bytes))
    assert isinstance(picture, Picture.Image)
    assert np.array_equal(np.asarray(picture), np.asarray(expected))
    assert row["text"] == documents[0].text
    assert row["clips"][0]["texts"][0]["text"] == documents[0].clips[0].texts[0].text
    assert loaded.features["text"].dtype == "large_string"


def test_datasets_streams_pictures_too(shard, tmp_path):
    import datasets

    streamed = datasets.load_dataset(
        "parquet", data_files=str(shard), streaming=True, split="train", cache_dir=str(tmp_path)
    )
    row = next(iter(streamed))
    assert row["clips"][0]["frames"][0]["image"].size == (64, 36)


def test_duckdb_reads_nested_columns(shard):
    documents = read_records(shard, Document)
    query = f"""
        SELECT document_id, clip.clip_id, t.text.text
        FROM (SELECT document_id, unnest(clips) AS clip FROM '{shard}'),
             unnest(clip.texts) AS t(text)
        WHERE t.text.kind = 'caption' ORDER BY 1, clip.start_us
    """
    rows = duckdb.sql(query).fetchall()
    expected = [
        (document.document_id, clip.clip_id, text.text)
        for document in documents
        for clip in document.clips
        for text in clip.texts
        if text.kind == "caption"
    ]
    assert rows == expected
    licenses = duckdb.sql(f"SELECT DISTINCT source.license FROM '{shard}'").fetchall()
    assert licenses == [("CC-BY-4.0",)]


def test_plain_pyarrow_reads_one_nested_column_without_the_pictures(shard):
    file = pq.ParquetFile(shard)
    table = file.read(columns=["document_id", "clips.list.element.texts"])
    (clip, *_), *_ = table.column("clips").to_pylist()
    assert set(clip) == {"texts"}
    assert clip["texts"][0]["kind"] == "caption"
