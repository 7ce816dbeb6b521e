"""Files with a row for each item, such as ratings, sheets and tasks, without items that are gone.

What belongs to another audit stays, and so does what names no item.
"""

import csv
import io
import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_BOM = "\ufeff"


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


def clean_rows(path: Path, items: Items) -> bytes | None:
    """Return the content of a file without the rows of items that are gone.

    Args:
        path: a file with one of `SUFFIXES`.
        items: those that are there.

    Returns:
        None where nothing has to go, or the file holds no such rows.
    """
    data = path.read_bytes()
    try:
        cleaned = _CLEANERS[path.suffix.lower()](data, items)
    except (ValueError, csv.Error, pa.ArrowException, OSError):
        return None  # nothing of ours has this form
    return None if cleaned == data else cleaned


def find_files(folder: Path, *, without: Collection[Path]) -> Iterable[Path]:
    """Return the files under a folder that may have such rows, sorted."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file() and path not in without
    )


def _jsonl(data: bytes, items: Items) -> bytes:
    lines = data.decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not items.has_gone(_value(line))).encode()


def _value(line: str) -> Any:  # noqa: ANN401  (JSON)
    try:
        return json.loads(line.removeprefix(_BOM))
    except ValueError:  # cut off while it was written: it is not ours to judge
        return None


def _csv(data: bytes, items: Items) -> bytes:
    text = data.decode("utf-8")
    head = text.removeprefix(_BOM).partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text.removeprefix(_BOM), newline=""), delimiter=delimiter)
    rows = list(reader)
    left = [row for row in rows if not items.has_gone(row)]
    if len(left) == len(rows):
        return data
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, reader.fieldnames or (), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(left)
    return (_BOM * text.startswith(_BOM) + buffer.getvalue()).encode()


def _parquet(data: bytes, items: Items) -> bytes:
    file = pq.ParquetFile(io.BytesIO(data))
    if "item_id" not in file.schema_arrow.names:
        return data
    keys = [name for name in ("item_id", "audit_id") if name in file.schema_arrow.names]
    buffer, has_gone = io.BytesIO(), False
    with pq.ParquetWriter(buffer, file.schema_arrow, compression="zstd") as writer:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            gone = [items.has_gone(row) for row in table.select(keys).to_pylist()]
            has_gone = has_gone or any(gone)
            left = table.filter(pa.array([not one for one in gone], pa.bool_()))
            writer.write_table(left)
    return buffer.getvalue() if has_gone else data


def _json(data: bytes, items: Items) -> bytes:
    """Clean tasks of Label Studio: a list of objects with `data`."""
    tasks = json.loads(data)
    if not isinstance(tasks, list):
        return data
    left = [
        task for task in tasks if not (isinstance(task, dict) and items.has_gone(task.get("data")))
    ]
    return data if left == tasks else json.dumps(left, indent=1).encode()


_CLEANERS: dict[str, Callable[[bytes, Items], bytes]] = {
    ".jsonl": _jsonl,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".json": _json,
}
SUFFIXES = tuple(_CLEANERS)
"""Forms that are looked into."""
