"""What a shard's files say: rows with their digests, in order, and the clip files beside them."""

import hashlib
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from ....schemas.arrow import from_table
from ....schemas.check import check_document
from ....schemas.document import Document
from ....schemas.manifest import Shard
from ...storage.store import Store
from ...storage.torn import first_line
from .finding import Fault, Finding


def check_shard_content(dataset: Store, shard: Shard) -> Iterator[Finding]:
    """Yield where the rows of a shard do not hold together; its bytes are as committed.

    One row group is held at a time.
    """
    media: dict[str, str] = {}
    ids: list[str] = []
    try:
        for document in _documents(dataset, shard.docs_path):
            ids.append(document.document_id)
            media |= {c.clip_id: c.media.sha256 for c in document.clips if c.media is not None}
            try:
                check_document(document)
            except ValueError as error:
                yield _finding(shard, shard.docs_path, str(error))
        yield from _check_ids(shard, ids)
        yield from _check_media(dataset, shard, media)
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        yield _finding(shard, shard.docs_path, f"cannot be read as documents: {first_line(error)}")


def _documents(dataset: Store, path: str) -> Iterator[Document]:
    with dataset.open(path) as opened:
        file = pq.ParquetFile(opened, page_checksum_verification=True)
        for group in range(file.num_row_groups):
            yield from from_table(file.read_row_group(group), Document)


def _check_ids(shard: Shard, ids: list[str]) -> Iterator[Finding]:
    if sorted(set(ids)) != ids:
        yield _finding(shard, shard.docs_path, "its rows are not in the order of document_id")
    if len(ids) != shard.num_documents:
        what = f"has {len(ids)} documents, the manifest says {shard.num_documents}"
        yield _finding(shard, shard.docs_path, what)
    elif (min(ids), max(ids)) != (shard.min_document_id, shard.max_document_id):
        yield _finding(shard, shard.docs_path, "its ids do not span what the manifest says")


def _check_media(dataset: Store, shard: Shard, wanted: dict[str, str]) -> Iterator[Finding]:
    """Hold clips against the rows of the media file, each of which belongs to one."""
    found: dict[str, str] = {}
    if shard.media_path is not None:
        with dataset.open(shard.media_path) as opened:
            file = pq.ParquetFile(opened, page_checksum_verification=True)
            for group in range(file.num_row_groups):
                for row in file.read_row_group(group).to_pylist():
                    found[row["owner_id"]] = row["sha256"]
                    if hashlib.sha256(row["bytes"]).hexdigest() != row["sha256"]:
                        what = f"row group {group}: the file of clip {row['owner_id']} is another"
                        yield _finding(shard, shard.media_path, what)
    place = shard.media_path or shard.docs_path
    lost = sorted(clip for clip, sha256 in wanted.items() if found.get(clip) != sha256)
    if lost:
        yield _finding(shard, place, f"lacks the files of {len(lost)} clips, such as {lost[0]}")
    strangers = sorted(found.keys() - wanted.keys())
    if strangers:
        what = f"has {len(strangers)} files of no clip, such as of {strangers[0]}"
        yield _finding(shard, place, what)


def _finding(shard: Shard, path: str, what: str) -> Finding:
    return Finding(path=path, fault=Fault.CONTENT, what=what, part=shard.part)
