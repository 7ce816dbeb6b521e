"""Rows of an input manifest, each with its place in the file, whatever the format.

What the columns mean is the business of `manifest.py`.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

import fsspec

from ...schemas.errors import EnvironmentFault, UsageError

MANIFEST_SUFFIXES = (".txt", ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
URI_COLUMNS = ("url", "uri", "path")
"""Columns of which each row fills one."""

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the columns that it fills, and where it stands, for messages."""

    place: str
    columns: dict[str, Any]


def read_rows(location: str, wanted: Sequence[str] = URI_COLUMNS) -> Iterator[Row]:
    """Yield the rows of a manifest in order, without holding the file.

    Args:
        location: path or fsspec URL; its suffix tells the format.
        wanted: columns of which a table must have one.

    Raises:
        UsageError: the file cannot be read, or a line of it is not what its format allows.
        EnvironmentFault: the package that the URL needs is missing.
    """
    suffix = PurePosixPath(location).suffix.lower()
    try:
        with fsspec.open(location, "rb") as file:
            if suffix == ".parquet":
                yield from _parquet_rows(location, file, wanted)
            elif suffix == ".txt":
                yield from _text_rows(location, file)
            elif suffix in (".csv", ".tsv"):
                yield from _table_rows(location, file, "," if suffix == ".csv" else "\t", wanted)
            else:
                yield from _json_rows(location, file)
    except ImportError as error:
        raise EnvironmentFault(f"cannot open the manifest {location}: {error}") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"cannot read the manifest {location}: {reason}") from error


def _lines(location: str, file: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Yield numbered lines of UTF-8 text, line ends kept, a byte order mark taken off."""
    for number, data in enumerate(file, start=1):
        if number == 1 and data.startswith(_UTF16_MARKS):
            raise UsageError(f"{location} is UTF-16; save it as UTF-8")
        try:
            yield number, data.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{location}, line {number}: byte {data[error.start]:#04x} at column "
                f"{error.start + 1} is not UTF-8; save the file as UTF-8"
            ) from error


def _text_rows(location: str, file: IO[bytes]) -> Iterator[Row]:
    for number, line in _lines(location, file):
        text = line.strip()
        if text and not text.startswith("#"):
            yield Row(f"{location}, line {number}", {"uri": text})


def _table_rows(
    location: str, file: IO[bytes], delimiter: str, wanted: Sequence[str]
) -> Iterator[Row]:
    text = (line for _, line in _lines(location, file))
    reader = csv.reader(text, delimiter=delimiter, strict=True)  # else a lost quote eats the file
    header: list[str] | None = None
    number = 1
    try:
        for cells in reader:
            place, number = f"{location}, line {number}", reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _checked_header(location, cells, wanted)
            elif len(cells) != len(header):
                raise UsageError(f"{place} has {len(cells)} cells, but {len(header)} columns")
            else:
                yield Row(place, {n: c for n, c in zip(header, cells, strict=True) if c.strip()})
    except csv.Error as error:
        raise UsageError(f"{location}, line {reader.line_num}: {error}") from error


def _checked_header(location: str, cells: list[str], wanted: Sequence[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{location} has the column {twice[0]!r} twice")
    check_columns(location, names, wanted)
    return names


def _json_rows(location: str, file: IO[bytes]) -> Iterator[Row]:
    for number, line in _lines(location, file):
        if not line.strip():
            continue
        place = f"{location}, line {number}"
        try:
            value = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{place} is not JSON ({error}); write one object a line") from error
        if not isinstance(value, dict):
            kind = type(value).__name__
            raise UsageError(f"{place} is a JSON {kind}; write one object a line")
        yield Row(place, {str(name).lower(): cell for name, cell in value.items()})


def _parquet_rows(location: str, file: IO[bytes], wanted: Sequence[str]) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
        check_columns(location, [name.lower() for name in table.schema_arrow.names], wanted)
        number = 0
        for batch in table.iter_batches(_ROWS_AT_ONCE):
            for columns in batch.to_pylist():
                number += 1
                row = {name.lower(): cell for name, cell in columns.items()}
                yield Row(f"{location}, row {number}", row)
    except pa.ArrowException as error:
        raise UsageError(f"cannot read {location} as Parquet: {error}") from error


def check_columns(location: str, names: list[str], wanted: Sequence[str]) -> None:
    """Raise for a table that has none of the columns that it must have one of."""
    if not set(wanted) & set(names):
        listed = f"{', '.join(wanted[:-1])} or {wanted[-1]}"
        raise UsageError(f"{location} has no column {listed}; its columns are: {', '.join(names)}")
