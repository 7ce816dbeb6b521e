"""Files of ratings as rows of plain values, with where each stands; no value is judged here."""

import codecs
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from ....schemas.errors import UsageError
from ...storage.store import Store
from ..export.rating_sheet import SheetRow
from .csv_rows import read_csv
from .label_studio import read_label_studio
from .raw import RATING_KEYS, Found, Problem, Row, judged, name_rater

_MAX_FILE_BYTES = 256 << 20
"""Half a million ratings as JSON."""
_MAX_VALUES = 10_000_000
"""In a column of Parquet: a file of a few bytes can hold any number of equal ones."""
_NEEDED = ("item_id", "rater", "claims")
"""Columns of Parquet without which a table is of something else, such as published ratings."""
_MAX_TABLE_BYTES = 512 << 20
_SHEET_KEYS = RATING_KEYS | {field.name for field in fields(SheetRow)}


def read_rows(path: str) -> Iterator[Found]:
    """Yield the rows of a file, what cannot be read of it, and what is left out.

    Args:
        path: a local path or fsspec URL that ends with one of `SUFFIXES`.

    Raises:
        UsageError: there is no such file, it is a folder or too large, or its form is another.
    """
    folder, _, name = path.replace("\\", "/").rpartition("/")
    suffix = PurePosixPath(name).suffix.lower()
    store = Store(folder or ("/" if path.startswith("/") else "."))
    if suffix not in _READERS or not store.exists(name):
        raise UsageError(_not_readable(path, suffix))
    with store.open(name) as file:
        data = file.read(_MAX_FILE_BYTES + 1)
    if len(data) > _MAX_FILE_BYTES:
        raise UsageError(f"{path} is larger than {_MAX_FILE_BYTES >> 20} MiB; import it in parts")
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        return iter(())
    return _READERS[suffix](path, data)


def _not_readable(path: str, suffix: str) -> str:
    if Store(path).is_folder():
        return f"{path} is a folder: name the files in it, such as ratings-ann.jsonl"
    if suffix not in _READERS:
        return f"{path}: ratings are read from {', '.join(SUFFIXES)}, not {suffix!r}"
    return f"there is no file {path}"


def _jsonl(path: str, data: bytes) -> Iterator[Found]:
    return _judged(_objects(path, data))


def _parquet(path: str, data: bytes) -> Iterator[Found]:
    return _judged(_table_rows(path, data))


def _judged(found: Iterable[Row | Problem]) -> Iterator[Found]:
    rows: list[Row] = []
    for one in found:
        if isinstance(one, Problem):
            yield one
        else:
            rows.append(one)
    yield from (judged(row) for row in name_rater(rows))


def _objects(path: str, data: bytes) -> Iterator[Row | Problem]:
    lines = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
    for number, line in enumerate(lines, 1):
        place = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            is_cut = number == len(lines) and not isinstance(error, UnicodeDecodeError)
            yield Problem(place=place, what=_half_written(error) if is_cut else f"no JSON: {error}")
            continue
        if not isinstance(values, dict):
            yield Problem(place=place, what="a line must hold one object, {...}")
            continue
        unknown = sorted(set(values) - _SHEET_KEYS)
        if unknown:
            what = f"unknown key {unknown[0]!r:.60}; a rating has {', '.join(sorted(RATING_KEYS))}"
            yield Problem(place=place, what=what)
            continue
        yield Row(place=place, values=values)


def _half_written(error: Exception) -> str:
    return (
        f"the last line was cut off while it was written ({error}); download the ratings again, "
        "or remove the line"
    )


def _table_rows(path: str, data: bytes) -> Iterator[Row | Problem]:
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        if _is_bloated(file.metadata):
            yield Problem(place=path, what="unpacked it is far larger than ratings can be")
            return
        names = [name for name in file.schema_arrow.names if name in RATING_KEYS]
        missing = [name for name in _NEEDED if name not in names]
        if missing:
            what = f"there is no column {missing[0]!r}: it is no table of ratings"
            yield Problem(place=path, what=what)
            return
        table = file.read(columns=names)
    except (pa.ArrowException, OSError) as error:  # OSError is what Arrow says of damaged pages
        first = str(error).splitlines()[0]
        yield Problem(place=path, what=f"no Parquet, or cut off while it was written: {first}")
        return
    for number, values in enumerate(table.to_pylist(), 1):
        yield Row(place=f"{path}: row {number}", values=values)


def _is_bloated(metadata: pq.FileMetaData) -> bool:
    """Tell whether a file says that it holds more than memory should."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    num_values = [
        sum(group.column(column).num_values for group in groups)
        for column in range(metadata.num_columns)
    ]
    num_bytes = sum(group.total_byte_size for group in groups)
    return max(num_values, default=0) > _MAX_VALUES or num_bytes > _MAX_TABLE_BYTES


_READERS: dict[str, Callable[[str, bytes], Iterator[Found]]] = {
    ".jsonl": _jsonl,
    ".csv": read_csv,
    ".parquet": _parquet,
    ".json": read_label_studio,
}
SUFFIXES = tuple(_READERS)
"""Forms that are read; `.json` is what Label Studio exports."""
