"""A rating sheet as CSV: a line for each claim, for any spreadsheet."""

import csv
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from ..cells import SEPARATOR, shown
from ..site.reader import ReviewSite
from .instructions import write_sheet_guide
from .rating_sheet import SheetRow, sheet_rows

NAME = "rating_sheet.csv"
_TO_FILL_IN = ("rater", "verdict", "error_types", "severity", "clip_verdict", "preferred", "note")
COLUMNS = (
    *("audit_id", "item_id", "title", "uri", "start_s", "end_s", "media", "sheet", "speech"),
    *("screen_text", "side", "claim", "text", *_TO_FILL_IN, "seconds", "rated_at"),
)
_GUIDE = (
    "There is a line for each claim. `clip_verdict`, `preferred` and `note` belong to the item: "
    "fill them in on its first line. Several `error_types` of one claim are divided by "
    f"`{SEPARATOR}`.",
    "A cell that begins with what could be a formula has `'` before it; leave it there. Save the "
    "sheet as CSV in UTF-8, divided by commas, semicolons or tabs.",
)


def write_csv(site: ReviewSite, folder: Path) -> None:
    """Write the sheet and how to fill it in."""
    # Excel takes a file for UTF-8 by its byte order mark alone.
    with (folder / NAME).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in sheet_rows(site):
            writer.writerows(_lines(row))
    write_sheet_guide(folder, site, NAME, *_GUIDE)


def _lines(row: SheetRow) -> Iterator[dict[str, str]]:
    """Yield the lines of an item; what is the same on all of them is told on the first."""
    own = {f.name: getattr(row, f.name) for f in dataclasses.fields(row) if f.name in COLUMNS}
    first = own | {"start_s": row.start_us / 1e6, "end_s": row.end_us / 1e6}
    for number, claim in enumerate(row.claims):
        cells = {"audit_id": row.audit_id, "item_id": row.item_id} if number else first
        cells = cells | {"side": claim.side, "claim": claim.claim, "text": claim.text}
        yield {name: shown(str(cell)) for name, cell in cells.items() if cell is not None}
