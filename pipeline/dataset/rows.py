"""Reading files of a store: columns row by row, and digests."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow.parquet as pq

from ..storage.store import Store


def rows_of(store: Store, path: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield some columns of a file, holding one row group.

    Args:
        store: where the file lies.
        path: the file.
        columns: Parquet paths of columns, such as `source.source_id`.

    Raises:
        TornFileError: a page does not have the checksum that was written with it.
    """
    with store.open(path) as opened:
        file = pq.ParquetFile(opened, page_checksum_verification=True)
        for group in range(file.num_row_groups):
            yield from file.read_row_group(group, columns=list(columns)).to_pylist()


def stored_digest(store: Store, path: str) -> str:
    """Return the sha256 of a file's bytes, hexadecimal; 8 MiB of it are held."""
    digest = hashlib.sha256()
    with store.open(path) as file:
        while block := file.read(8 << 20):
            digest.update(block)
    return digest.hexdigest()
