"""An audit's plan on disk: `plan.json`, which says how it came about, and `items.parquet`.

Both stay with the auditor. The items are written first and the plan last, with their digest, so
that a plan that is there is whole.
"""

import hashlib
import io
import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.arrow import from_plain, from_table, to_plain, to_table
from ...schemas.audit import AUDIT_FORMAT_VERSION, AuditItem, AuditPlan
from ...schemas.errors import EnvironmentFault, UsageError
from ...schemas.manifest import Manifest
from ..storage.store import Store

PLAN_NAME = "plan.json"
ITEMS_NAME = "items.parquet"
RATINGS_FOLDER = "ratings"
SITE_FOLDER = "site"
"""The folder that raters get: nothing in it tells what an item is for."""
_DIGEST = "items_sha256"


def write_plan(folder: Store, plan: AuditPlan) -> None:
    """Write a plan, over a smaller one of the same audit where there is one.

    Raises:
        UsageError: the folder holds another audit, or a sample with items that this one lacks.
        EnvironmentFault: it holds a damaged one that is not of this audit, or there is no space.
    """
    if folder.exists(PLAN_NAME):
        _check_may_write(plan, folder)
    put_plan(folder, plan)


def put_plan(folder: Store, plan: AuditPlan) -> None:
    """Write a plan over whatever was there, for who knows that it may."""
    buffer = io.BytesIO()
    pq.write_table(to_table(plan.items, AuditItem), buffer, compression="zstd")
    items = buffer.getvalue()
    row = {k: v for k, v in to_plain(plan).items() if k != "items"}
    row[_DIGEST] = hashlib.sha256(items).hexdigest()
    folder.put(ITEMS_NAME, items)
    folder.put(PLAN_NAME, json.dumps(row, indent=1, ensure_ascii=False).encode())


def read_plan(folder: Store) -> AuditPlan:
    """Read a plan.

    Raises:
        UsageError: there is none, or it was written by a later format.
        EnvironmentFault: it is damaged, or its items are not those that it was written with.
    """
    if not folder.exists(PLAN_NAME):
        raise UsageError(
            f"there is no audit at {folder.display()}: it must hold {PLAN_NAME}; "
            "`interlink audit sample` makes one"
        )
    row = _read_json(folder)
    if row.get("format_version", 0) > AUDIT_FORMAT_VERSION:
        raise UsageError(
            f"the audit has format_version={row['format_version']}, this version of interlink "
            f"reads up to {AUDIT_FORMAT_VERSION}: update it"
        )
    items = folder.read(ITEMS_NAME) if folder.exists(ITEMS_NAME) else b""
    if hashlib.sha256(items).hexdigest() != row.pop(_DIGEST, None):
        raise EnvironmentFault(
            f"{folder.display(ITEMS_NAME)} is not the file that {PLAN_NAME} was written with; "
            "run `interlink audit sample` again with the same options"
        )
    table: pa.Table = pq.read_table(io.BytesIO(items), use_threads=False)
    plan = from_plain(row | {"items": []}, AuditPlan)
    return replace(plan, items=tuple(from_table(table, AuditItem)))


def check_dataset(plan: AuditPlan, manifest: Manifest) -> None:
    """Check that a plan was drawn from a dataset version.

    Raises:
        UsageError: it was drawn from another one.
    """
    if plan.content_digest != manifest.content_digest:
        raise UsageError(
            f"the audit was drawn from version {plan.dataset_version} of {plan.dataset_url} "
            f"(content {plan.content_digest[:12]}), not from version {manifest.version} "
            f"(content {manifest.content_digest[:12]}): open that version, or draw a new sample"
        )


def _read_json(folder: Store) -> dict[str, Any]:
    try:
        row = json.loads(folder.read(PLAN_NAME))
    except ValueError as error:
        raise EnvironmentFault(f"{folder.display(PLAN_NAME)} is damaged: {error}") from error
    if not isinstance(row, dict):
        raise EnvironmentFault(f"{folder.display(PLAN_NAME)} is damaged: it holds no object")
    return row


def _check_may_write(plan: AuditPlan, folder: Store) -> None:
    try:
        before = read_plan(folder)
    except EnvironmentFault:
        # The disk was full, or the machine died, after the items were written and before the plan.
        if _read_json(folder).get("audit_id") != plan.audit_id:
            raise
    else:
        _check_extends(plan, before, folder)


def _check_extends(plan: AuditPlan, before: AuditPlan, folder: Store) -> None:
    where = folder.display()
    if plan.audit_id != before.audit_id:
        raise UsageError(
            f"{where} holds another audit, {before.audit_id[:12]} of version "
            f"{before.dataset_version}, not {plan.audit_id[:12]}: name another folder"
        )
    lost = {item.item_id for item in before.items} - {item.item_id for item in plan.items}
    if lost:
        raise UsageError(
            f"{where} holds a sample of this audit with {len(lost)} items that the new one lacks; "
            "draw at least as many, with the same shares, or name another folder"
        )
