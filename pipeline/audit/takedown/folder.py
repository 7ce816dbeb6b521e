"""An audit's folder without what was taken down: plan, ratings, review site, report, exports.

The plan goes first; all else follows from the items that it still has. So whoever is interrupted
does it again.
"""

import io
import json
import shutil
import uuid
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from ....schemas.arrow import from_plain, from_table
from ....schemas.audit import AuditItem, AuditPlan, Pool, Role
from ....schemas.denied import Denied
from ....schemas.errors import EnvironmentFault
from ....schemas.ids import group_key
from ...storage.store import Store
from ..plan import ITEMS_NAME, PLAN_NAME, SITE_FOLDER, put_plan, read_plan
from ..report.html import render_html
from ..report.markdown import render_markdown
from ..report.report_file import REPORT_FOLDER, REPORT_NAME, read_report, write_report
from .report import without_examples, without_groups
from .rows import Items, clean_rows, find_files
from .site import WORK_PREFIX, clean_site
from .strata import without_group

_NAMED_BY_CLIP = ("media", "sheets")
"""Folders, in sites and in exports, of files that are named by their clip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditChanges:
    """What was changed in the folder of an audit."""

    folder: Path
    """The folder."""
    num_items: int
    """Items that are there no more."""
    files: tuple[Path, ...]
    """Other files that were written again, or are there no more."""
    unread: tuple[tuple[Path, str], ...]
    """Files that could not be looked into, with why and what to do."""


def clean_audit(folder: Path, denied: Denied) -> AuditChanges:
    """Take what is denied out of an audit. Doing it again changes nothing.

    Raises:
        UsageError: it holds no audit, or one of a later format.
        EnvironmentFault: a file of it is damaged.
    """
    files = list(_remove_unfinished(folder))
    before = _read_plan(folder)
    left = tuple(item for item in before.items if not is_denied_item(item, denied))
    after = _without(before, left, denied)
    if after != before or not _is_whole(folder):
        put_plan(Store(str(folder)), after)
    items = Items(audit_id=after.audit_id, item_ids=frozenset(item.item_id for item in left))
    files += _clean_report(folder, items, denied)
    cleaned, unread = _clean_files(folder, items)
    files += cleaned
    if clean_site(folder / SITE_FOLDER, items, denied):
        files.append(folder / SITE_FOLDER)
    for path in stray_clips(folder, {item.clip_id for item in left}):
        path.unlink()
        files.append(path)
    return AuditChanges(
        folder=folder,
        num_items=len(before.items) - len(left),
        files=tuple(files),
        unread=tuple(unread),
    )


def is_denied_item(item: AuditItem, denied: Denied) -> bool:
    """Tell whether an item shows what was taken down."""
    is_of_group = bool(denied.groups) and group_key(item.group) in denied.groups
    return item.video_id in denied.videos or item.clip_id in denied.clips or is_of_group


def stray_clips(folder: Path, clips: Collection[str]) -> Iterator[Path]:
    """Yield the clip files and pictures under an audit's folder that are of none of these clips."""
    for name in _NAMED_BY_CLIP:
        for place in sorted(folder.rglob(name)):
            if place.is_dir():
                yield from (path for path in sorted(place.iterdir()) if path.stem not in clips)


def _remove_unfinished(folder: Path) -> Iterator[Path]:
    """Remove what a killed takedown, or whoever else was killed here, left half written."""
    for path in sorted(folder.rglob(".*.tmp")):
        path.unlink()
        yield path
    for path in sorted((folder / SITE_FOLDER).glob(f"{WORK_PREFIX}*")):
        shutil.rmtree(path)
        yield path


def _read_plan(folder: Path) -> AuditPlan:
    """Return the plan, also where an interrupted takedown left it without its newest digest."""
    if _is_whole(folder) or not (folder / ITEMS_NAME).exists():
        return read_plan(Store(str(folder)))
    row = json.loads((folder / PLAN_NAME).read_bytes())
    table = pq.read_table(io.BytesIO((folder / ITEMS_NAME).read_bytes()), use_threads=False)
    plan = from_plain(row | {"items": []}, AuditPlan)
    return replace(plan, items=tuple(from_table(table, AuditItem)))


def _is_whole(folder: Path) -> bool:
    try:
        read_plan(Store(str(folder)))
    except EnvironmentFault:
        return False
    return True


def _without(plan: AuditPlan, left: tuple[AuditItem, ...], denied: Denied) -> AuditPlan:
    """Return a plan with fewer items, drawn from so many fewer clips and no group that is gone."""
    drawn = Counter(i.stratum for i in left if i.role is Role.PLAIN and i.pool is Pool.ESTIMATION)
    sizes = tuple(
        replace(
            size,
            sampled=drawn[size.stratum],
            population=size.population - (size.sampled - drawn[size.stratum]),
        )
        for size in plan.sizes
        if without_group(size.stratum, denied) == size.stratum
    )
    num_gone = sum(size.population for size in plan.sizes) - sum(s.population for s in sizes)
    return replace(plan, items=left, sizes=sizes, num_excluded=plan.num_excluded + num_gone)


def _clean_report(folder: Path, items: Items, denied: Denied) -> Iterator[Path]:
    if not (folder / REPORT_NAME).exists():
        return
    store = Store(str(folder))
    before = read_report(store)
    after = without_examples(before, lambda one: one.item_id not in items.item_ids)
    after = without_groups(after, denied)
    if after == before:
        return
    pages = {"index.html": render_html(after, folder), "report.md": render_markdown(after)}
    # The pages first: the report tells whether they are still to be made.
    for name, text in pages.items():
        if store.exists(f"{REPORT_FOLDER}/{name}"):
            store.put(f"{REPORT_FOLDER}/{name}", text.encode())
            yield folder / REPORT_FOLDER / name
    write_report(store, after)
    yield folder / REPORT_NAME


def _clean_files(folder: Path, items: Items) -> tuple[list[Path], list[tuple[Path, str]]]:
    """Clean files with rows; return those that changed, and those that could not be looked into."""
    ours = {folder / ITEMS_NAME, folder / PLAN_NAME, folder / REPORT_NAME}
    changed, unread = [], []
    for path in find_files(folder, without=ours):
        rows = clean_rows(path, items)
        if rows.content is not None:
            unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
            unfinished.write_bytes(rows.content)
            unfinished.replace(path)
            changed.append(path)
        if rows.unread is not None:
            unread.append((path, rows.unread))
    return changed, unread
