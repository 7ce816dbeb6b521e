"""The console that all commands print to."""

from rich.console import Console

PLAIN_WIDTH = 110


def make_console() -> Console:
    """Return a console: as wide as the terminal, or 110 columns where there is none."""
    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)
