"""A review site without items that are gone: its data, its clips and its pictures."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ....schemas.arrow import from_plain
from ....schemas.denied import Denied
from ..site.data import SiteAudit, SiteItem
from ..site.folder import write_site
from ..site.reader import ReviewSite, read_data
from .rows import Items

WORK_PREFIX = ".work-"
"""Data that is still written lies in a folder of such a name in the site."""


def clean_site(folder: Path, items: Items, denied: Denied) -> bool:
    """Write a site's data again without what is gone; files are replaced one by one.

    Args:
        folder: the site.
        items: what is there.
        denied: what was taken down: clips beside those of items may be among it.

    Returns:
        Whether something had to go.
    """
    head = folder / "data" / "audit.js"
    if not head.exists():
        return False
    site = ReviewSite(folder=folder, audit=from_plain(read_data(head), SiteAudit))
    before = list(site.items())
    after = {item.item_id: item for item in items_left(before, items, denied)}
    shown = [row.item_id for row in site.audit.rows]
    if list(after.values()) == before and shown == list(after):
        return False
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=folder) as work:
        written = write_site(
            Path(work),
            after.values(),
            audit_id=site.audit.audit_id,
            title=site.audit.title,
            dataset_version=site.audit.dataset_version,
            view=site.audit.view,
        )
        names = {path.relative_to(work) for path in written}
        # The list last: it names every item.
        for name in sorted(names, key=lambda name: name.name == "audit.js"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(work) / name).replace(folder / name)
    for path in (folder / "data").glob("items-*.js"):
        if path.relative_to(folder) not in names:
            path.unlink()
    return True


def items_left(before: list[SiteItem], items: Items, denied: Denied) -> Iterator[SiteItem]:
    """Yield the items of a site that stay, without clips beside them that were taken down."""
    for item in before:
        if item.item_id not in items.item_ids:
            continue
        beside = tuple(
            clip
            for clip in item.context.clips
            if clip.is_this or not denied.has_span(item.video_id, clip.start_us, clip.end_us)
        )
        yield replace(item, context=replace(item.context, clips=beside))
