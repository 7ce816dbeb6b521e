"""Whether anything is left in an audit's folder of what was taken down."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ....schemas.arrow import from_plain
from ....schemas.denied import Denied
from ...storage.store import Store
from ..plan import ITEMS_NAME, PLAN_NAME, SITE_FOLDER, read_plan
from ..report.report_file import REPORT_NAME, read_report
from ..site.data import SiteAudit
from ..site.reader import ReviewSite, read_data
from .folder import is_denied_item, stray_clips
from .report import without_examples, without_groups
from .rows import Items, clean_rows, find_files
from .site import items_left
from .strata import without_group


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftInAudit:
    """A file of an audit that tells of something denied, or may."""

    path: Path
    """The file, or the folder of the review page."""
    what: str
    """What of it; or that it could not be looked into, and what to do."""
    is_unread: bool = False
    """Whether it could not be looked into."""


def left_in_audit(folder: Path, denied: Denied) -> Iterator[LeftInAudit]:
    """Yield each file of an audit that tells of something denied, or could not be looked into.

    Raises:
        UsageError: the folder holds no audit.
        EnvironmentFault: a file of it is damaged.
    """
    plan = read_plan(Store(str(folder)))
    left = {item.item_id for item in plan.items if not is_denied_item(item, denied)}
    if len(left) < len(plan.items):
        what = f"{len(plan.items) - len(left)} items to judge"
        yield LeftInAudit(path=folder / ITEMS_NAME, what=what)
    if any(without_group(size.stratum, denied) != size.stratum for size in plan.sizes):
        yield LeftInAudit(path=folder / PLAN_NAME, what="the name of a group")
    items = Items(audit_id=plan.audit_id, item_ids=frozenset(left))
    ours = {folder / ITEMS_NAME, folder / PLAN_NAME, folder / REPORT_NAME}
    for path in find_files(folder, without=ours):
        rows = clean_rows(path, items)
        if rows.content is not None:
            yield LeftInAudit(path=path, what="rows of an item")
        if rows.unread is not None:
            yield LeftInAudit(path=path, what=rows.unread, is_unread=True)
    if (folder / REPORT_NAME).exists():
        report = read_report(Store(str(folder)))
        if without_examples(report, lambda one: one.item_id not in left) != report:
            yield LeftInAudit(path=folder / REPORT_NAME, what="an example of an error")
        if without_groups(report, denied) != report:
            yield LeftInAudit(path=folder / REPORT_NAME, what="the name of a group")
    head = folder / SITE_FOLDER / "data" / "audit.js"
    if head.exists():
        audit = from_plain(read_data(head), SiteAudit)
        shown = list(ReviewSite(folder=folder / SITE_FOLDER, audit=audit).items())
        if [row.item_id for row in audit.rows if row.item_id in left] != [
            row.item_id for row in audit.rows
        ] or list(items_left(shown, items, denied)) != shown:
            yield LeftInAudit(path=folder / SITE_FOLDER, what="items on the review page")
    clips = {item.clip_id for item in plan.items if item.item_id in left}
    for path in stray_clips(folder, clips):
        yield LeftInAudit(path=path, what="a clip or picture of an item")
