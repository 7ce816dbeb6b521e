"""A rating sheet as JSON Lines: an object for each item, texts as they are stored."""

import json
import re
from pathlib import Path

from ....schemas.arrow import to_plain
from ..site.reader import ReviewSite
from .instructions import write_sheet_guide
from .rating_sheet import sheet_rows

NAME = "rating_sheet.jsonl"
_HIDDEN = re.compile(r"[^\x20-\x7e]+")


def write_jsonl(site: ReviewSite, folder: Path) -> None:
    """Write the sheet and how to fill it in."""
    with (folder / NAME).open("w", encoding="utf-8", newline="\n") as file:
        for row in sheet_rows(site):
            text = json.dumps(to_plain(row), ensure_ascii=False)
            file.write(_HIDDEN.sub(_escaped, text) + "\n")
    write_sheet_guide(folder, site, NAME)


def _escaped(match: re.Match[str]) -> str:
    """Return characters as they are, or escaped where an editor would obey and not show them."""
    shown = (c if c.isprintable() else json.dumps(c)[1:-1] for c in match[0])
    return "".join(shown)
