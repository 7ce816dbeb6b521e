"""Publishing an audit: what raters found becomes part of the dataset that they judged."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...schemas.audit_row import AuditRow
from ...schemas.errors import UsageError
from ...schemas.manifest import Manifest, PublishedAudit
from ..audit.plan import check_dataset, read_plan
from ..audit.ratings.store import RATINGS_NAME, stored_ratings
from ..audit.report.make import make_report
from ..dataset.versions import read_manifest
from ..storage.store import Store
from .audit_rows import audit_rows, audited_clips
from .card import rewrite_card
from .findings import (
    Findings,
    commit_audit,
    document_digests,
    read_published,
    write_findings,
)

_MAX_NAMED = 3
"""Raters that an error names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPublication:
    """A version of a dataset that names what an audit found."""

    dataset_url: str
    """Root of the dataset."""
    manifest: Manifest
    """The newest version."""
    audit: PublishedAudit
    """The audit in it."""
    is_new: bool
    """Whether this call committed the version; false where it was published before."""
    num_added: int
    """Ratings that were not published before."""


def publish_audit(folder: Store, dataset_url: str | None = None) -> AuditPublication:
    """Add what an audit found to its dataset, as a version with the same content, and to its card.

    Doing it again changes nothing; with more ratings it takes the place of what was there. Audits
    that were sampled alike are one, in whatever folders they lie.

    Args:
        folder: the audit.
        dataset_url: where its dataset lies now; None for where it was sampled.

    Raises:
        UsageError: there is no audit, no rating of what was to be judged, or no dataset; its newest
            version has other content than was judged, or ratings of this audit that the folder
            lacks.
    """
    plan = read_plan(folder)
    ratings = stored_ratings(folder, plan)
    dataset = Store(dataset_url or plan.dataset_url)
    before = read_manifest(dataset)
    check_dataset(plan, before)
    ids = {item.document_id for item in plan.items}
    digests = document_digests(dataset, before, ids)
    rows = audit_rows(plan, ratings, digests)
    if not rows:
        raise UsageError(
            f"nobody has judged a clip of {folder.display()} yet: open its page, download the "
            f"ratings, then `interlink audit import {folder.display()} ratings.jsonl`"
        )

    def check(newest: Manifest) -> int:
        check_dataset(plan, newest)
        return _num_added(folder, rows, _published(dataset, newest, plan.audit_id))

    num_added = check(before)
    findings = Findings(
        rows=rows,
        clips=audited_clips(plan, ratings, digests),
        # Where the auditor had the dataset is nobody's business, and no truth for the next reader.
        report=replace(make_report(plan, ratings), dataset_url="."),
    )
    audit = write_findings(dataset, findings)
    manifest = commit_audit(dataset, audit, check)
    rewrite_card(dataset)
    return AuditPublication(
        dataset_url=dataset.url,
        manifest=manifest,
        audit=audit,
        is_new=audit not in before.audits,
        num_added=num_added,
    )


def _published(dataset: Store, manifest: Manifest, audit_id: str) -> list[AuditRow]:
    """Return the ratings of an audit that a version names; none where it was never published."""
    known = [audit for audit in manifest.audits if audit.audit_id == audit_id]
    return [row for audit in known for row in read_published(dataset, audit)]


def _num_added(folder: Store, rows: Sequence[AuditRow], published: Sequence[AuditRow]) -> int:
    """Return how many ratings were not published before.

    Raises:
        UsageError: one that was published is not among them, and would be lost.
    """
    keys = {(row.rater, row.item_id) for row in rows}
    before = {(row.rater, row.item_id) for row in published}
    lost = Counter(rater for rater, _ in before - keys)
    if lost:
        named = [f"{count} by {rater!r:.60}" for rater, count in sorted(lost.items())]
        listed = ", ".join(named[:_MAX_NAMED] + ["..."] * (len(named) > _MAX_NAMED))
        raise UsageError(
            f"{folder.display()} lacks {lost.total()} of {len(before)} published ratings of this "
            f"audit, which would be lost ({listed}): first import them from the folder that they "
            "were published from, which was sampled alike, with "
            f"`interlink audit import {folder.display()} OTHER_FOLDER/{RATINGS_NAME}`"
        )
    return len(keys - before)
