"""Whether anything is left in an audit's folder of what was taken down."""

from collections.abc import Iterator
from pathlib import Path

from ....schemas.arrow import from_plain
from ....schemas.denied import Denied
from ...storage.store import Store
from ..plan import ITEMS_NAME, PLAN_NAME, SITE_FOLDER, read_plan
from ..report.report_file import REPORT_NAME, read_report
from ..site.data import SiteAudit
from ..site.reader import ReviewSite, read_data
from .folder import is_denied_item, stray_clips
from .report import without_examples
from .rows import Items, clean_rows, find_files
from .site import items_left


def left_in_audit(folder: Path, denied: Denied) -> Iterator[tuple[Path, str]]:
    """Yield each file of an audit that tells of something denied, and what of it.

    Raises:
        UsageError: the folder holds no audit.
        EnvironmentFault: a file of it is damaged.
    """
    plan = read_plan(Store(str(folder)))
    left = {item.item_id for item in plan.items if not is_denied_item(item, denied)}
    if len(left) < len(plan.items):
        yield folder / ITEMS_NAME, f"{len(plan.items) - len(left)} items to judge"
    items = Items(audit_id=plan.audit_id, item_ids=frozenset(left))
    ours = {folder / ITEMS_NAME, folder / PLAN_NAME, folder / REPORT_NAME}
    for path in find_files(folder, without=ours):
        if clean_rows(path, items) is not None:
            yield path, "rows of an item"
    if (folder / REPORT_NAME).exists():
        report = read_report(Store(str(folder)))
        if without_examples(report, lambda one: one.item_id not in left) != report:
            yield folder / REPORT_NAME, "an example of an error"
    head = folder / SITE_FOLDER / "data" / "audit.js"
    if head.exists():
        audit = from_plain(read_data(head), SiteAudit)
        shown = list(ReviewSite(folder=folder / SITE_FOLDER, audit=audit).items())
        if [row.item_id for row in audit.rows if row.item_id in left] != [
            row.item_id for row in audit.rows
        ] or list(items_left(shown, items, denied)) != shown:
            yield folder / SITE_FOLDER, "items on the review page"
    clips = {item.clip_id for item in plan.items if item.item_id in left}
    for path in stray_clips(folder, clips):
        yield path, "a clip or picture of an item"
