"""Files of ratings as rows of plain values, with where each stands; no value is judged here."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import PurePosixPath

from ....schemas.errors import UsageError
from ...store import Store
from ..export.rating_sheet import SheetRow
from .csv_rows import read_csv
from .label_studio import read_label_studio
from .raw import RATING_KEYS, Found, Problem, Row, judged, name_rater

_SHEET_KEYS = RATING_KEYS | {field.name for field in fields(SheetRow)}


def read_rows(path: str) -> Iterator[Found]:
    """Yield the rows of a file, what cannot be read of it, and what is left out.

    Args:
        path: a local path or fsspec URL that ends with one of `SUFFIXES`.

    Raises:
        UsageError: there is no such file, or its form is another.
    """
    folder, _, name = path.replace("\\", "/").rpartition("/")
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in _READERS:
        raise UsageError(f"{path}: ratings are read from {', '.join(SUFFIXES)}, not {suffix!r}")
    store = Store(folder or ("/" if path.startswith("/") else "."))
    if not store.exists(name):
        raise UsageError(f"there is no file {path}")
    return _READERS[suffix](path, store.read(name))


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
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
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
            what = f"unknown key {unknown[0]!r}; a rating has {', '.join(sorted(RATING_KEYS))}"
            yield Problem(place=place, what=what)
            continue
        yield Row(place=place, values=values)


def _half_written(error: Exception) -> str:
    return (
        f"the last line was cut off while it was written ({error}); download the ratings again, "
        "or remove the line"
    )


def _table_rows(path: str, data: bytes) -> Iterator[Row | Problem]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
    except pa.ArrowException as error:
        first = str(error).splitlines()[0]
        yield Problem(place=path, what=f"no Parquet, or cut off while it was written: {first}")
        return
    table = table.select([name for name in table.column_names if name in RATING_KEYS])
    for number, values in enumerate(table.to_pylist(), 1):
        yield Row(place=f"{path}: row {number}", values=values)


_READERS: dict[str, Callable[[str, bytes], Iterator[Found]]] = {
    ".jsonl": _jsonl,
    ".csv": read_csv,
    ".parquet": _parquet,
    ".json": read_label_studio,
}
SUFFIXES = tuple(_READERS)
"""Forms that are read; `.json` is what Label Studio exports."""
