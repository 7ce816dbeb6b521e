"""A rating sheet as Parquet: a row for each item, for pandas, DuckDB and the like."""

import itertools
from pathlib import Path

import pyarrow.parquet as pq

from ....schemas.arrow import arrow_schema, to_table
from ..site.reader import ReviewSite
from .instructions import write_sheet_guide
from .rating_sheet import SheetRow, sheet_rows

NAME = "rating_sheet.parquet"
_ROWS = 50
"""In a row group."""


def write_parquet(site: ReviewSite, folder: Path) -> None:
    """Write the sheet and how to fill it in."""
    rows = sheet_rows(site)
    with pq.ParquetWriter(folder / NAME, arrow_schema(SheetRow), compression="zstd") as writer:
        while group := list(itertools.islice(rows, _ROWS)):
            writer.write_table(to_table(group, SheetRow))
    write_sheet_guide(folder, site, NAME, "`claims` holds the claims of all captions in order.")
