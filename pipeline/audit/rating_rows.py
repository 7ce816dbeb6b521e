"""Files of ratings as rows of plain values, with where each stands; no value is judged here."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Any

from ...schemas.audit import ClaimVerdict, Rating
from ...schemas.errors import UsageError
from ..store import Store

SUFFIXES = (".jsonl", ".csv", ".parquet")
"""Forms that are read."""
SEPARATOR = "|"
"""Between the error types of one cell of CSV."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be run as a formula; our CSV puts `'` before it."""
_RATING = {field.name for field in fields(Rating)}
_CLAIM = {field.name for field in fields(ClaimVerdict)}
_CSV_LIMIT = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, and where."""

    place: str
    """File and line."""
    what: str
    """One sentence."""

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rating, not yet checked."""

    place: str
    """File and line."""
    values: dict[str, Any]
    """Plain values, as from JSON."""

    def problem(self, what: str) -> Problem:
        """Return a problem of this row."""
        return Problem(place=self.place, what=what)


def read_rows(path: str) -> Iterator[Row | Problem]:
    """Yield the rows of a file, and what cannot be read of it.

    Args:
        path: a local path or fsspec URL that ends with one of `SUFFIXES`.

    Raises:
        UsageError: there is no such file, or its form is another.
    """
    folder, _, name = path.replace("\\", "/").rpartition("/")
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"{path}: ratings are read from {', '.join(SUFFIXES)}, not {suffix!r}")
    store = Store(folder or ("/" if path.startswith("/") else "."))
    if not store.exists(name):
        raise UsageError(f"there is no file {path}")
    data = store.read(name)
    if suffix == ".parquet":
        yield from _parquet(path, data)
        return
    read = _jsonl if suffix == ".jsonl" else _csv
    yield from read(path, data)


def _jsonl(path: str, data: bytes) -> Iterator[Row | Problem]:
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
        unknown = sorted(set(values) - _RATING)
        if unknown:
            what = f"unknown key {unknown[0]!r}; a rating has {', '.join(sorted(_RATING))}"
            yield Problem(place=place, what=what)
            continue
        yield Row(place=place, values=values)


def _half_written(error: Exception) -> str:
    return (
        f"the last line was cut off while it was written ({error}); download the ratings again, "
        "or remove the line"
    )


def _parquet(path: str, data: bytes) -> Iterator[Row | Problem]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
    except pa.ArrowException as error:
        first = str(error).splitlines()[0]
        yield Problem(place=path, what=f"no Parquet, or cut off while it was written: {first}")
        return
    table = table.select([name for name in table.column_names if name in _RATING])
    for number, values in enumerate(table.to_pylist(), 1):
        yield Row(place=f"{path}: row {number}", values=values)


def _csv(path: str, data: bytes) -> Iterator[Row | Problem]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        yield Problem(place=f"{path}:{line}", what="not UTF-8; save the table as CSV UTF-8")
        return
    csv.field_size_limit(_CSV_LIMIT)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: dict[tuple[str, str, str], Row] = {}
    try:
        missing = [n for n in ("item_id", "rater") if n not in (reader.fieldnames or ())]
        if missing:
            yield Problem(place=f"{path}:1", what=f"there is no column {missing[0]!r}")
            return
        for cells in reader:
            place = f"{path}:{reader.line_num}"
            if None in cells or None in cells.values():
                what = "the line has another number of cells than the first one; was it cut off?"
                yield Problem(place=place, what=what)
                continue
            conflict = _add_cells(rows, place, {name: _raw(cell) for name, cell in cells.items()})
            if conflict is not None:
                yield Problem(place=place, what=conflict)
    except csv.Error as error:
        yield Problem(place=f"{path}:{reader.line_num}", what=f"no CSV: {error}")
        return
    yield from rows.values()


def _add_cells(
    rows: dict[tuple[str, str, str], Row], place: str, cells: dict[str, str]
) -> str | None:
    """Add a line to its rating, which stands where its first line does; return what is wrong."""
    if not any(cells.get(name) for name in ("clip_verdict", "verdict", "preferred", "note")):
        return None  # exported to be judged, and not judged yet
    key = cells["rater"], cells["item_id"], cells.get("rated_at", "")
    values: dict[str, Any] = {n: cells[n] or None for n in _RATING & set(cells) if n != "claims"}
    values["seconds"] = _number(cells.get("seconds", ""), float)
    row = rows.setdefault(key, Row(place=place, values=values | {"claims": []}))
    for name in sorted(values):
        before, value = row.values.get(name), values[name]
        if before is None:
            row.values[name] = value
        elif value is not None and value != before:
            return f"{name}={value!r} is {before!r} in an earlier line of the same rating"
    if cells.get("verdict"):
        claim: dict[str, Any] = {n: cells[n] or None for n in _CLAIM & set(cells)}
        claim["claim"] = _number(cells.get("claim", ""), int)
        claim["severity"] = _number(cells.get("severity", ""), int)
        types = cells.get("error_types", "").split(SEPARATOR)
        claim["error_types"] = [name.strip() for name in types if name.strip()]
        row.values["claims"].append(claim)
    return None


def _number(cell: str, kind: type[int] | type[float]) -> int | float | str | None:
    """Return the number in a cell, or its text where there is none, for the error."""
    if not cell.strip():
        return None
    try:
        return kind(cell)
    except ValueError:
        return cell


def _raw(cell: str) -> str:
    """Return a cell without the mark that kept it from being run."""
    is_marked = len(cell) > 1 and cell[0] == "'" and cell[1] in FORMULA_STARTS
    return cell[1:] if is_marked else cell
