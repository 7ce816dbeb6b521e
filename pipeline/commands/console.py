"""The console that all commands print to; tables, texts and times as people read them."""

from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

PLAIN_WIDTH = 110


def make_console() -> Console:
    """Return a console: as wide as the terminal, or 110 columns where there is none.

    Brackets in paths and captions are no markup here.
    """
    console = Console(markup=False, highlight=False)
    if console.is_terminal:
        return console
    return Console(markup=False, highlight=False, width=PLAIN_WIDTH)


def number_table(*names: str) -> Table:
    """Return a table without lines, whose columns but the first are aligned for numbers."""
    table = Table(*names, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def plain_text(text: str) -> str:
    """Return text without what a terminal would obey: control and direction marks."""
    return "".join(character if character.isprintable() else "?" for character in text)


def clock(time_us: int) -> str:
    """Return a time as people read it, such as `1:04.5` or `1:02:03.0`; negative ones too."""
    tenths = round(abs(time_us) / 100_000)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if time_us < 0 and (hours or minutes or tenths) else ""
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{sign}{head}:{tenths / 10:04.1f}"


def span(seconds: float) -> str:
    """Return how long something takes, as people say it: `45 s`, `12 min`, `3.2 h`, `41 h`."""
    if seconds < 99.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    if seconds < 5970:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 35820 else f"{seconds / 3600:,.0f} h"


def size(num_bytes: float) -> str:
    """Return a number of bytes as people say it: `812 B`, `3.4 MiB`, `12 GiB`."""
    units = ("B", "KiB", "MiB", "GiB", "TiB")
    step = next((n for n in range(len(units)) if num_bytes < 999.5 * 1024**n), len(units) - 1)
    amount = num_bytes / 1024**step
    digits = 1 if step and amount < 9.95 else 0
    return f"{amount:.{digits}f} {units[step]}"


def plural(count: int, word: str, words: str | None = None) -> str:
    """Return a count with its word, such as `1 source` or `2 sources`."""
    return f"{count} {word if count == 1 else words or f'{word}s'}"


def when(time: str) -> str:
    """Return a time of ISO 8601 as people read it, to the minute, in UTC."""
    return f"{datetime.fromisoformat(time).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
