"""Cells of CSV that spreadsheets open: no text in them is run as a formula."""

import re

SEPARATOR = "|"
"""Between the error types of one cell."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
"""What a spreadsheet may take for the start of a formula; the wide forms in Japanese locales."""
MAX_CELL_CHARS = 32_000
"""Excel cuts a cell off at 32,767 characters."""
_MARK = "'"
_INNER = re.compile(r"(?<=[;\t\r\n])([\"'\s]*)(?=[=+\-@＝＋－＠])")  # noqa: RUF001


def marked(text: str) -> str:
    """Return a text as a cell: with `'` before it where it could be run."""
    return _MARK + text if _is_risky(text) else text


def unmarked(cell: str) -> str:
    """Return the text that `marked` made a cell of."""
    return cell[1:] if cell.startswith(_MARK) and _is_risky(cell[1:]) else cell


def shown(text: str) -> str:
    """Return a text as a cell that is read by people alone, which need not be given back.

    Besides its start, what follows a separator is marked: where the locale divides cells by
    semicolons, a comma's quotes do not hold it together. Long texts are cut.
    """
    cut = text if len(text) <= MAX_CELL_CHARS else f"{text[: MAX_CELL_CHARS - 1]}…"
    return marked(_INNER.sub(rf"\1{_MARK}", cut.replace("\0", "\ufffd")))


def _is_risky(text: str) -> bool:
    """Tell whether it starts a formula, also behind marks, which would be taken for ours."""
    return text.lstrip(_MARK).startswith(FORMULA_STARTS)
