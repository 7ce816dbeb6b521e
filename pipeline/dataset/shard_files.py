"""Bringing a shard into a dataset from files of this machine, under the name of its content."""

import hashlib
from pathlib import Path

import pyarrow.parquet as pq

from ...schemas.manifest import Shard
from ..storage.store import Store
from ..storage.verify import verify_parquet
from .clean_shard import CleanShard


def put_shard(dataset: Store, part: str, files: CleanShard) -> Shard | None:
    """Move a shard's files into a dataset.

    Args:
        dataset: where the dataset lies.
        part: the part that the shard is of.
        files: its files; they are gone afterwards.

    Returns:
        The shard; None if it has no documents.
    """
    if files.docs is None:
        return None
    first, last = id_range(pq.read_metadata(files.docs))
    num_documents, num_media = _num_rows(files.docs), 0
    docs_sha256, docs_bytes = file_digest(files.docs), files.docs.stat().st_size
    media_path = media_sha256 = None
    media_bytes = 0
    if files.media is not None:
        num_media, media_bytes = _num_rows(files.media), files.media.stat().st_size
        media_sha256 = file_digest(files.media)
        media_path = _put(dataset, files.media, f"media/{part}", media_sha256)
    return Shard(
        part=part,
        docs_path=_put(dataset, files.docs, f"docs/{part}", docs_sha256),
        docs_bytes=docs_bytes,
        docs_sha256=docs_sha256,
        num_documents=num_documents,
        min_document_id=first,
        max_document_id=last,
        media_path=media_path,
        media_bytes=media_bytes,
        media_sha256=media_sha256,
        num_media=num_media,
    )


def shard_path(stem: str, sha256: str) -> str:
    """Return the name of a shard's file, such as `docs/001-00042-0123abcd.parquet`."""
    return f"{stem}-{sha256[:8]}.parquet"


def id_range(metadata: pq.FileMetaData) -> tuple[str, str]:
    """Return the least and greatest document id, from the statistics of the first column."""
    groups = [metadata.row_group(index).column(0) for index in range(metadata.num_row_groups)]
    return min(g.statistics.min for g in groups), max(g.statistics.max for g in groups)


def file_digest(path: Path) -> str:
    """Return the sha256 of a file of this machine, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _num_rows(path: Path) -> int:
    verify_parquet(path)
    return int(pq.read_metadata(path).num_rows)


def _put(dataset: Store, local: Path, stem: str, sha256: str) -> str:
    path = shard_path(stem, sha256)
    if not dataset.exists(path):
        dataset.put_file(path, local)
    return path
