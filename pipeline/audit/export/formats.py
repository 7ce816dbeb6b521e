"""The formats by name: a new one is a file beside this one and a line here."""

from collections.abc import Callable
from pathlib import Path

from ..site_reader import ReviewSite
from .jsonl import write_jsonl

Write = Callable[[ReviewSite, Path], None]
"""Writes an export of the site's items into an empty folder."""
FORMATS: dict[str, Write] = {
    "jsonl": write_jsonl,
}
