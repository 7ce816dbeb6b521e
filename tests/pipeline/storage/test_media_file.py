"""One row for each frame, stretch of audio or clip; row groups of one video, 16 MiB at most."""

import hashlib
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.storage import media_file
from interlink.pipeline.storage.media_file import (
    MAX_ROW_GROUP_BYTES,
    MediaReader,
    MediaWriter,
    drop_media,
    empty_media,
)
from interlink.pipeline.storage.store import Store
from interlink.schemas.reference import Media, Reference


def row(data: bytes, start_us: int = 0) -> Media:
    return Media(
        owner_id="v",
        kind="frame",
        start_us=start_us,
        end_us=start_us,
        mime="image/jpeg",
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=data,
    )


def written(tmp_path, rows: list[tuple[bytes, str]]) -> list[Reference]:
    writer = MediaWriter(tmp_path / "media.parquet", "media.parquet")
    assert writer.is_empty
    references = [writer.add(row(data, n), video) for n, (data, video) in enumerate(rows)]
    assert not writer.is_empty
    writer.close()
    return references


def test_every_row_is_found_by_its_reference_in_any_order(tmp_path):
    rows = [(f"frame {n}".encode() * 100, f"video {n // 3}") for n in range(10)]
    references = written(tmp_path, rows)
    reader = MediaReader(Store(str(tmp_path)))
    for (data, _), reference in [*zip(rows, references, strict=True)][::-1]:
        assert reader.read(reference) == data


def test_a_row_group_holds_one_video_only(tmp_path):
    rows = [(b"x", "a"), (b"y", "a"), (b"z", "b"), (b"w", "a")]
    references = written(tmp_path, rows)
    assert [(r.row_group, r.row) for r in references] == [(0, 0), (0, 1), (1, 0), (2, 0)]
    file = pq.ParquetFile(tmp_path / "media.parquet")
    assert [file.metadata.row_group(n).num_rows for n in range(3)] == [2, 1, 1]


def test_a_batch_that_is_tried_again_leaves_no_row_twice(tmp_path):
    writer = MediaWriter(tmp_path / "media.parquet", "media.parquet")
    first = [writer.add(row(b"x", 0), "a"), writer.add(row(b"y", 1), "b")]
    again = [writer.add(row(b"x", 0), "a"), writer.add(row(b"y", 1), "b")]
    last = writer.add(row(b"z", 2), "b")
    writer.close()
    assert again == first
    assert (last.row_group, last.row) == (1, 1)
    assert pq.ParquetFile(tmp_path / "media.parquet").metadata.num_rows == 3


def test_a_row_group_holds_16_mib_or_one_row(tmp_path):
    half = bytes(MAX_ROW_GROUP_BYTES // 2)
    sizes = [half, half, b"x", bytes(MAX_ROW_GROUP_BYTES + 1), b"y"]
    references = written(tmp_path, [(data, "v") for data in sizes])
    assert [r.row_group for r in references] == [0, 0, 1, 2, 3]
    reader = MediaReader(Store(str(tmp_path)))
    assert [reader.read(r) for r in references] == sizes


def test_pictures_are_plain_and_uncompressed_and_text_is_not(tmp_path):
    written(tmp_path, [(b"x" * 1000, "a")])
    file = pq.ParquetFile(tmp_path / "media.parquet")
    columns = {
        file.schema.column(n).name: file.metadata.row_group(0).column(n)
        for n in range(file.metadata.num_columns)
    }
    assert file.schema.names[-1] == "bytes"
    assert columns["bytes"].compression == "UNCOMPRESSED"
    assert not columns["bytes"].is_stats_set
    assert columns["kind"].compression == "ZSTD"
    assert file.schema_arrow.field("start_us").metadata[b"unit"] == b"us"


def test_equal_rows_give_equal_bytes(tmp_path):
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, [(b"x", "a"), (b"y", "b")])
        digests.add((tmp_path / name / "media.parquet").read_bytes())
    assert len(digests) == 1


def test_a_flipped_bit_is_noticed(tmp_path):
    [reference] = written(tmp_path, [(b"pixel" * 1000, "a")])
    path = tmp_path / "media.parquet"
    data = bytearray(path.read_bytes())
    data[data.index(b"pixelpixel") + 3] ^= 1
    path.write_bytes(data)
    with pytest.raises(OSError, match=r"(?i)crc checksum"):
        MediaReader(Store(str(tmp_path))).read(reference)


def test_a_row_of_another_digest_is_refused(tmp_path):
    [first, second] = written(tmp_path, [(b"x", "a"), (b"y", "a")])
    wrong = Reference(file=first.file, row_group=0, row=1, sha256=first.sha256)
    with pytest.raises(ValueError, match="does not have the digest"):
        MediaReader(Store(str(tmp_path))).read(wrong)
    assert second.row == 1


def test_a_reference_to_a_whole_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="means a whole file"):
        MediaReader(Store(str(tmp_path))).read(Reference(file="x", sha256="0"))


def test_reading_in_order_opens_each_row_group_once(tmp_path, monkeypatch):
    references = written(tmp_path, [(bytes([n]), f"v{n // 4}") for n in range(8)])
    opened = []
    whole = media_file.pq.ParquetFile
    monkeypatch.setattr(
        media_file.pq, "ParquetFile", lambda *a, **k: opened.append(1) or whole(*a, **k)
    )
    reader = MediaReader(Store(str(tmp_path)))
    assert [reader.read(r) for r in references] == [bytes([n]) for n in range(8)]
    assert len(opened) == 2


def test_rows_of_other_owners_are_dropped_and_the_rest_keeps_its_bytes(tmp_path):
    writer = MediaWriter(tmp_path / "media.parquet", "media.parquet")
    for number, owner in enumerate("aabca"):
        writer.add(replace(row(owner.encode() * 9, number), owner_id=owner), video_id=owner)
    writer.close()
    with (tmp_path / "media.parquet").open("rb") as file:
        assert drop_media(file, tmp_path / "less.parquet", {"a", "c"}) == 4
    before = pq.read_table(tmp_path / "media.parquet").to_pylist()
    after = pq.read_table(tmp_path / "less.parquet").to_pylist()
    assert after == [one for one in before if one["owner_id"] != "b"]
    with (tmp_path / "media.parquet").open("rb") as file:
        assert drop_media(file, tmp_path / "none.parquet", {"z"}) == 0
    assert not (tmp_path / "none.parquet").exists()


def test_emptied_rows_keep_their_place_so_that_references_to_others_hold(tmp_path):
    rows = [(b"x", "a"), (b"y", "a"), (b"z", "b")]
    references = written(tmp_path, rows)
    with (tmp_path / "media.parquet").open("rb") as file:
        number = empty_media(file, tmp_path / "less.parquet", lambda one: one["start_us"] == 0)
    assert number == 1
    (tmp_path / "less.parquet").replace(tmp_path / "media.parquet")
    reader = MediaReader(Store(str(tmp_path)))
    assert [reader.read(reference) for reference in references[1:]] == [b"y", b"z"]
    with pytest.raises(ValueError, match="does not have the digest"):
        reader.read(references[0])
    with (tmp_path / "media.parquet").open("rb") as file:
        again = empty_media(file, tmp_path / "again.parquet", lambda one: one["start_us"] == 0)
    assert again == 0
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "media.parquet").read_bytes()
