"""Ratings from CSV: a line for each claim, with the columns of its rating beside it."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..cells import SEPARATOR, unmarked
from .raw import CLAIM_KEYS, RATING_KEYS, Found, LeftOut, Problem, Row, Why, name_rater

MAX_CELL_CHARS = 4 << 20
"""Of one cell; Python stops at 131,072, which a long note reaches."""
_DIVIDERS = (",", ";", "\t")
"""Between cells: spreadsheets write a semicolon where the locale's decimal mark is a comma."""
_NEEDED = ("item_id", "rater")
_Key = tuple[str, str, str]


def read_csv(path: str, data: bytes) -> Iterator[Found]:
    """Yield the ratings of a file, and what cannot be read of it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        yield Problem(place=f"{path}:{number}", what="not UTF-8; save the table as CSV UTF-8")
        return
    lines: list[Row] = []
    for line in _lines(path, text):
        if isinstance(line, Problem):
            yield line
        else:
            lines.append(line)
    rows: dict[_Key, Row] = {}
    empty: set[str] = set()
    for line in name_rater(lines):
        cells = line.values
        if not _is_judged(cells):
            empty.add(cells["item_id"])
            continue
        what = _add_cells(rows, line)
        if what is not None:
            yield line.problem(what)
    yield from rows.values()
    for _ in empty - {item_id for _, item_id, _ in rows}:
        yield LeftOut(why=Why.NOT_JUDGED)


def _lines(path: str, text: str) -> Iterator[Row | Problem]:
    """Yield the lines as rows of cells, and what is wrong with them."""
    csv.field_size_limit(MAX_CELL_CHARS)
    source = io.StringIO(text, newline="")
    reader = csv.DictReader(source, strict=True, delimiter=_divider(text))
    try:
        missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            yield Problem(place=f"{path}:1", what=f"there is no column {missing[0]!r}")
            return
        for cells in reader:
            place = f"{path}:{reader.line_num}"
            if None in cells or None in cells.values():
                what = "the line has another number of cells than the first one; was it cut off?"
                yield Problem(place=place, what=what)
                continue
            yield Row(place=place, values={name: unmarked(cell) for name, cell in cells.items()})
    except csv.Error as error:
        yield Problem(place=f"{path}:{reader.line_num}", what=f"no CSV: {error}")


def _divider(text: str) -> str:
    """Return what divides the cells of the first line, a comma where nothing does."""
    first = text.split("\n", 1)[0]
    found = (d for d in _DIVIDERS if {name.strip('" \r') for name in first.split(d)} >= {*_NEEDED})
    return next(found, _DIVIDERS[0])


def _is_judged(cells: dict[str, Any]) -> bool:
    names = ("clip_verdict", "preferred", "note", "verdict", "error_types", "severity")
    return any(cells.get(name, "").strip() for name in names)


def _add_cells(rows: dict[_Key, Row], line: Row) -> str | None:
    """Add a line to its rating and return what is wrong with it.

    A rating stands on the line that has its clip verdict, else on its first one.
    """
    cells = line.values
    key = cells["rater"], cells["item_id"], cells.get("rated_at", "")
    values: dict[str, Any] = {
        name: cells[name] or None for name in RATING_KEYS & set(cells) if name != "claims"
    }
    values["seconds"] = _number(cells.get("seconds", ""))
    row = rows.setdefault(key, Row(place=line.place, values=values | {"claims": []}))
    if values.get("clip_verdict") and row.values.get("clip_verdict") is None:
        rows[key] = row = replace(row, place=line.place)
    for name in sorted(values):
        before, value = row.values.get(name), values[name]
        if before is None:
            row.values[name] = value
        elif value is not None and value != before:
            return f"{name}={value!r:.60} is {before!r:.60} in an earlier line of the same rating"
    if any(cells.get(name, "").strip() for name in ("verdict", "error_types", "severity")):
        row.values["claims"].append(_claim(cells))
        row.claim_places.append(line.place)
    return None


def _claim(cells: dict[str, str]) -> dict[str, Any]:
    claim: dict[str, Any] = {name: cells[name] or None for name in CLAIM_KEYS & set(cells)}
    claim["claim"] = _number(cells.get("claim", ""))
    claim["severity"] = _number(cells.get("severity", ""))
    types = cells.get("error_types", "").split(SEPARATOR)
    claim["error_types"] = [name.strip() for name in types if name.strip()]
    return claim


def _number(cell: str) -> float | str | None:
    """Return the number in a cell, or its text where there is none, for the error."""
    if not cell.strip():
        return None
    try:
        return float(cell)
    except ValueError:
        return cell
