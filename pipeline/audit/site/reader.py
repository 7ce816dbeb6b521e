"""The review site as data again: what its page shows, and so what raters may see, item by item."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....schemas.arrow import from_plain
from ....schemas.audit import AuditPlan
from ....schemas.errors import UsageError
from ..plan import SITE_FOLDER
from .data import SITE_FORMAT, SiteAudit, SiteItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSite:
    """A review site on disk."""

    folder: Path
    """Where it lies; sources of clips and sheets are relative to it."""
    audit: SiteAudit
    """What its list shows."""

    def items(self) -> Iterator[SiteItem]:
        """Yield the items in the order of judging, holding one data file at a time."""
        for path in sorted((self.folder / "data").glob("items-*.js")):
            yield from (from_plain(item, SiteItem) for item in read_data(path))


def open_site(audit: Path, plan: AuditPlan) -> ReviewSite:
    """Open the review site of an audit.

    Args:
        audit: folder of the audit.
        plan: its plan.

    Raises:
        UsageError: there is none, it is damaged, or it is not the site of that plan.
    """
    folder = audit / SITE_FOLDER
    path = folder / "data" / "audit.js"
    if not path.exists():
        raise UsageError(
            f"there is no review site at {folder}: run `interlink audit sample` again with the "
            "same options"
        )
    row = read_data(path)
    if row.get("format") != SITE_FORMAT:
        raise UsageError(
            f"{path} has format {row.get('format')}, this version of interlink reads "
            f"{SITE_FORMAT}: run `interlink audit sample` again with the same options"
        )
    site = ReviewSite(folder=folder, audit=from_plain(row, SiteAudit))
    shown = {item.item_id for item in site.audit.rows}
    if site.audit.audit_id != plan.audit_id or shown != {item.item_id for item in plan.items}:
        raise UsageError(
            f"{folder} is not the review site of this sample: run `interlink audit sample` again "
            "with the same options"
        )
    return site


def read_data(path: Path) -> Any:  # noqa: ANN401  (JSON)
    """Return the value of a data file; see `folder.script`.

    Raises:
        UsageError: it is damaged.
    """
    text = path.read_text("ascii")
    start, end = text.find(","), text.rfind(");")
    try:
        return json.loads(text[start + 1 : end])
    except ValueError as error:
        raise UsageError(
            f"{path} is damaged ({error}): run `interlink audit sample` again with the same options"
        ) from error
