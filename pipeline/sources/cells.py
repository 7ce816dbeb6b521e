"""Cells of a manifest's row as typed values, or an error that names place, value and remedy."""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from ...schemas.errors import UsageError
from .rows import Row

_US_PER_S = 1_000_000
_MAX_US = 1 << 53
"""Times beyond this (285 years) are mistakes."""


class Cells:
    """Takes the cells of one row, one after the other; what nobody took is metadata."""

    def __init__(self, row: Row) -> None:
        self.place = row.place
        self._cells = {name: cell for name, cell in row.columns.items() if not _is_blank(cell)}

    def text(self, *names: str) -> str | None:
        """Take the first filled cell of `names` as text, without surrounding space."""
        text = None
        for name in reversed(names):
            if name in self._cells:
                text = _text(self._cells.pop(name)).strip()
        return text

    def one_of(self, *names: str) -> str | None:
        """Take the text of the only filled cell of `names`; two different ones are an error."""
        filled = [name for name in names if name in self._cells]
        if len({_text(self._cells[name]).strip() for name in filled}) > 1:
            raise self.error(f"fills both {' and '.join(filled)}; fill one")
        return self.text(*names)

    def matching(self, name: str, pattern: str, allowed: str) -> str | None:
        """Take a text that must match a regular expression as a whole, without case."""
        text = self.text(name)
        if text is not None and not re.fullmatch(pattern, text, re.IGNORECASE):
            raise self.error(f"{name}={text!r} must be {allowed}")
        return text.lower() if text is not None else None

    def whole(self, name: str) -> int | None:
        """Take a whole number that is 0 or more."""
        number = self._number(name)
        if number is not None and number != int(number):
            raise self.error(f"{name}={number} must be a whole number")
        return int(number) if number is not None else None

    def time_us(self, name: str) -> int | None:
        """Take a time in microseconds from `<name>_s` (seconds) or `<name>_us`."""
        seconds, microseconds = self._number(f"{name}_s"), self.whole(f"{name}_us")
        if seconds is not None and microseconds is not None:
            raise self.error(f"fills both {name}_s and {name}_us; fill one")
        time_us = microseconds if seconds is None else round(seconds * _US_PER_S)
        if time_us is not None and time_us > _MAX_US:
            raise self.error(f"{name} of {time_us} us is no time inside a video")
        return time_us

    def texts(self, *names: str) -> tuple[str, ...]:
        """Take texts: a list, a JSON list, or one text alone."""
        found: list[str] = []
        for name in names:
            found += _as_texts(self._cells.pop(name, None))
        return tuple(text for text in (text.strip() for text in found) if text)

    def rest(self) -> dict[str, str]:
        """Take all other cells, as text, sorted by column."""
        cells, self._cells = self._cells, {}
        return {name: _text(cells[name]) for name in sorted(cells)}

    def error(self, message: str) -> UsageError:
        """Return the error that says what is wrong with this row."""
        return UsageError(f"{self.place}: {message}")

    def _number(self, name: str) -> Decimal | None:
        cell = self._cells.pop(name, None)
        if cell is None:
            return None
        try:
            number = Decimal(str(cell).strip())
        except InvalidOperation:
            number = Decimal("NaN")
        if isinstance(cell, bool) or not number.is_finite() or number < 0:
            raise self.error(f"{name}={cell!r} must be a number that is 0 or more")
        return number


def _is_blank(cell: Any) -> bool:  # noqa: ANN401  (whatever a manifest holds)
    return cell is None or (isinstance(cell, str) and not cell.strip()) or cell in ([], {})


def _as_texts(cell: Any) -> list[str]:  # noqa: ANN401
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        try:
            cell = json.loads(cell)
        except ValueError:  # a caption that happens to start with a bracket
            return [str(cell)]
    if isinstance(cell, list):
        return [_text(item) for item in cell if item is not None]
    return [] if cell is None else [_text(cell)]


def _text(cell: Any) -> str:  # noqa: ANN401
    if isinstance(cell, str):
        # JSON can name halves of characters, which no file of ours can hold.
        return cell.encode("utf-8", "replace").decode()
    if isinstance(cell, bool | int | float | list | dict):
        return json.dumps(cell, ensure_ascii=False, sort_keys=True, default=str)
    return str(cell)
