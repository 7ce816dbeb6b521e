"""The formats by name: a new one is a file beside this one and a line here."""

from collections.abc import Callable
from pathlib import Path

from ..site.reader import ReviewSite
from .csv_sheet import write_csv
from .huggingface import write_huggingface
from .jsonl import write_jsonl
from .label_studio import write_label_studio
from .parquet_sheet import write_parquet

Write = Callable[[ReviewSite, Path], None]
"""Writes an export of the site's items into an empty folder."""
FORMATS: dict[str, Write] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "parquet": write_parquet,
    "huggingface": write_huggingface,
    "label-studio": write_label_studio,
}
