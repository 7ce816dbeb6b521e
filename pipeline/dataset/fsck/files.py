"""One committed file: is it there, with its size and its bytes, and can each page be read?"""

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from ...storage.store import Store
from ...storage.torn import first_line
from ..rows import stored_digest
from .finding import Fault


def check_size(
    path: str, num_bytes: int | None, sizes: Mapping[str, int]
) -> tuple[Fault, str] | None:
    """Return what is wrong with a file by its size alone, or None.

    Args:
        path: the file.
        num_bytes: the size that it must have; None where only that it is there.
        sizes: the size of every file that is there.
    """
    if path not in sizes:
        return Fault.MISSING, "is not there"
    if num_bytes is not None and sizes[path] != num_bytes:
        return Fault.SIZE, f"has {sizes[path]} bytes, {num_bytes} were committed"
    return None


def check_bytes(store: Store, path: str, sha256: str) -> Iterator[tuple[Fault, str]]:
    """Yield what is wrong with the bytes of a file: its digest, and the pages that are damaged."""
    found = stored_digest(store, path)
    if found == sha256:
        return
    what = f"has sha256 {found[:12]}..., {sha256[:12]}... was committed"
    places = list(damaged_pages(store, path)) if path.endswith(".parquet") else []
    yield Fault.BYTES, "; ".join([what, *places])


def damaged_pages(store: Store, path: str) -> Iterator[str]:
    """Yield the row groups of a Parquet file whose pages do not have their checksums.

    Of a file that was written without checksums, only those that cannot be read at all.
    """
    with store.open(path) as opened:
        try:
            file = pq.ParquetFile(opened, page_checksum_verification=True)
        except (OSError, pa.ArrowException) as error:
            yield f"cannot be opened: {first_line(error)}"
            return
        for group in range(file.num_row_groups):
            try:
                file.read_row_group(group)
            except (OSError, pa.ArrowException) as error:
                yield f"row group {group}: {first_line(error)}"
