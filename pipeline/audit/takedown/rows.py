"""Files with a row for each item, such as ratings, sheets and tasks, without items that are gone.

What belongs to another audit stays, and so does what names no item. What cannot be read is told, as
nobody knows what is in it.
"""

import codecs
import csv
import io
import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..ratings.csv_rows import MAX_CELL_CHARS

_BOM = "\ufeff"
_NEXT_STEP = "look yourself, then delete it, move it elsewhere or save it as CSV UTF-8"
_Cleaned = tuple[bytes, str | None]
"""What is left, and why some of it could not be looked into."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """The items that an audit has now."""

    audit_id: str
    """The audit."""
    item_ids: frozenset[str]
    """Its items."""

    def has_gone(self, row: Any) -> bool:  # noqa: ANN401  (whatever a file holds)
        """Tell whether a row is of this audit and of an item that it has no more."""
        if not isinstance(row, dict) or not isinstance(row.get("item_id"), str):
            return False
        return row.get("audit_id", self.audit_id) == self.audit_id and (
            row["item_id"] not in self.item_ids
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanRows:
    """A file without the rows of items that are gone."""

    content: bytes | None
    """What it has to hold; None where nothing has to go, or it holds no such rows."""
    unread: str | None
    """Why some of it could not be looked into, and what to do; None where all of it was."""


def clean_rows(path: Path, items: Items) -> CleanRows:
    """Return the content of a file without the rows of items that are gone.

    Args:
        path: a file with one of `SUFFIXES`.
        items: those that are there.
    """
    data = path.read_bytes()
    try:
        cleaned, why = _CLEANERS[path.suffix.lower()](data, items)
    except (ValueError, RecursionError, csv.Error, pa.ArrowException, OSError) as error:
        cleaned, why = data, (str(error).splitlines() or [""])[0]
    return CleanRows(
        content=None if cleaned == data else cleaned,
        unread=None if why is None else f"it could not be looked into ({why}): {_NEXT_STEP}",
    )


def find_files(folder: Path, *, without: Collection[Path]) -> Iterable[Path]:
    """Return the files under a folder that may have such rows, sorted."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file() and path not in without
    )


def _jsonl(data: bytes, items: Items) -> _Cleaned:
    left, why = [], None
    # By "\n" alone: U+2028 and its like stand raw in what `JSON.stringify` writes.
    for number, line in enumerate(io.BytesIO(data), 1):
        try:
            row = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):  # cut off while it was written, or in another form
            row, why = None, why or f"line {number} is no JSON"
        if not _is_gone(row, items):
            left.append(line)
    return b"".join(left), why


def _is_gone(row: Any, items: Items) -> bool:  # noqa: ANN401  (JSON)
    """Tell whether a row, or the data of a task of Label Studio, is of an item that is gone."""
    return items.has_gone(row) or (isinstance(row, dict) and items.has_gone(row.get("data")))


def _json(data: bytes, items: Items) -> _Cleaned:
    """Clean tasks of Label Studio, a list of objects with `data`, or JSON Lines of that name."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _jsonl(data, items)
    if not isinstance(value, list):
        return b"" if _is_gone(value, items) else data, None
    left = [task for task in value if not _is_gone(task, items)]
    return data if len(left) == len(value) else json.dumps(left, indent=1).encode(), None


def _csv(data: bytes, items: Items) -> _Cleaned:
    text = data.decode("utf-8")
    head = text.removeprefix(_BOM).partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    csv.field_size_limit(MAX_CELL_CHARS)
    source = io.StringIO(text.removeprefix(_BOM), newline="")
    names, *rows = list(csv.reader(source, strict=True, delimiter=delimiter)) or [[]]
    if "item_id" not in names:
        return data, "its first line does not name the columns" if "item_id" in text else None
    left = [
        row
        for row in rows
        # With more cells than the first line has, nobody can tell which is which.
        if len(row) > len(names) or not items.has_gone(dict(zip(names, row, strict=False)))
    ]
    is_odd = any(row and len(row) != len(names) for row in left)
    why = "a line has another number of cells than the first one" if is_odd else None
    if len(left) == len(rows):
        return data, why
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows([names, *left])
    return (_BOM * text.startswith(_BOM) + buffer.getvalue()).encode(), why


def _txt(data: bytes, items: Items) -> _Cleaned:
    """Clean ratings or a sheet under the name of a text; notes of whoever audits stay."""
    if data.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"["):
        return _json(data, items)
    return _csv(data, items) if b"item_id" in data or data.startswith(_UTF16) else (data, None)


def _parquet(data: bytes, items: Items) -> _Cleaned:
    file = pq.ParquetFile(io.BytesIO(data))
    if "item_id" not in file.schema_arrow.names:
        return data, None
    keys = [name for name in ("item_id", "audit_id") if name in file.schema_arrow.names]
    buffer, has_gone = io.BytesIO(), False
    with pq.ParquetWriter(buffer, file.schema_arrow, compression="zstd") as writer:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            gone = [items.has_gone(row) for row in table.select(keys).to_pylist()]
            has_gone = has_gone or any(gone)
            left = table.filter(pa.array([not one for one in gone], pa.bool_()))
            writer.write_table(left)
    return buffer.getvalue() if has_gone else data, None


def _workbook(data: bytes, items: Items) -> _Cleaned:
    return data, "it is a workbook"


_CLEANERS: dict[str, Callable[[bytes, Items], _Cleaned]] = {
    ".jsonl": _jsonl,
    ".csv": _csv,
    ".tsv": _csv,
    ".txt": _txt,
    ".parquet": _parquet,
    ".json": _json,
    ".xlsx": _workbook,
    ".xls": _workbook,
    ".ods": _workbook,
}
SUFFIXES = tuple(_CLEANERS)
"""Forms that are looked into, and those that hold sheets and cannot be."""
