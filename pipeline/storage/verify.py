"""Reading a written file back, page checksums and all, before a commit names it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.errors import EnvironmentFault


def verify_parquet(path: Path, *, num_rows: int | None = None) -> None:
    """Read every page of a Parquet file and check its checksum.

    Args:
        path: the file, on this machine.
        num_rows: rows that it must have; None does not count them.

    Raises:
        EnvironmentFault: it does not read back as it was written: the disk is full or failing.
    """
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        for group in range(file.num_row_groups):
            file.read_row_group(group)
    except (OSError, pa.ArrowException) as error:
        raise EnvironmentFault(f"{path} does not read back as it was written: {error}") from error
    if num_rows is not None and file.metadata.num_rows != num_rows:
        raise EnvironmentFault(
            f"{path} reads back with {file.metadata.num_rows} rows, {num_rows} were written"
        )
