"""A document's digest follows what it says and nothing else."""

import hashlib
import json
from dataclasses import replace

import pyarrow as pa
import pytest

from interlink.pipeline.storage.records_file import leaf_columns, read_records, write_records
from interlink.schemas.arrow import arrow_schema, to_plain
from interlink.schemas.content import content_sha256
from interlink.schemas.document import Document
from interlink.schemas.lineage import Lineage


@pytest.fixture
def document(make_documents):
    return make_documents("a")[0]


def test_the_digest_is_the_same_before_writing_and_after_reading(document, tmp_path):
    write_records(tmp_path / "d.parquet", [document], Document)
    (read,) = read_records(tmp_path / "d.parquet", Document)
    assert read != document  # 0.9 comes back with 32 bits
    assert content_sha256(read) == content_sha256(document) == document.content_sha256


def test_it_is_the_sha256_of_canonical_json_as_the_format_says(document, tmp_path):
    write_records(tmp_path / "d.parquet", [document], Document)
    (read,) = read_records(tmp_path / "d.parquet", Document)
    row = to_plain(read)  # floats are 32 bits wide by now
    del row["content_sha256"], row["lineage"]
    for clip in row["clips"]:
        for frame in clip["frames"]:
            frame["image"] = hashlib.sha256(frame["image"]["bytes"]).hexdigest()
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == document.content_sha256


def test_lineage_and_the_digest_itself_are_not_in_it(document):
    lineage = (Lineage(step="s", digest="d"),)
    changed = replace(document, content_sha256="", lineage=lineage)
    assert content_sha256(changed) == document.content_sha256


def test_every_other_column_is_in_it(document):
    assert content_sha256(replace(document, text=document.text + " ")) != document.content_sha256
    frames = document.clips[0].frames
    other = replace(frames[0], image=replace(frames[0].image, bytes=b"x"))
    clip = replace(document.clips[0], frames=(other, *frames[1:]))
    changed = replace(document, clips=(clip, *document.clips[1:]))
    assert content_sha256(changed) != document.content_sha256


def test_what_is_no_number_has_no_digest(document):
    broken = replace(document, scores=replace(document.scores, motion=float("nan")))
    with pytest.raises(ValueError, match="JSON compliant"):
        content_sha256(broken)


def test_documents_hold_no_64_bit_fractions():
    """The digest rounds all fractions to 32 bits, which must not lose any."""
    leaves = dict(leaf_columns(arrow_schema(Document)))
    assert not [name for name, leaf_type in leaves.items() if leaf_type == pa.float64()]
