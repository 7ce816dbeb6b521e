"""Publishing an audit: what raters found becomes part of the dataset that they judged."""

from dataclasses import dataclass, replace

from ...schemas.errors import UsageError
from ...schemas.manifest import Manifest, PublishedAudit
from ..dataset.audits import Findings, commit_audit, document_digests, write_findings
from ..dataset.card import rewrite_card
from ..dataset.versions import read_manifest
from ..store import Store
from .audit_rows import audit_rows, audited_clips
from .plan import check_dataset, read_plan
from .ratings.store import stored_ratings
from .report.make import make_report


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


def publish_audit(folder: Store, dataset_url: str | None = None) -> AuditPublication:
    """Add what an audit found to its dataset, as a version with the same content, and to its card.

    Doing it again changes nothing; with more ratings it takes the place of what was there.

    Args:
        folder: the audit.
        dataset_url: where its dataset lies now; None for where it was sampled.

    Raises:
        UsageError: there is no audit, no rating of what was to be judged, no dataset, or its
            newest version has other content than was judged.
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
    findings = Findings(
        rows=rows,
        clips=audited_clips(plan, ratings, digests),
        # Where the auditor had the dataset is nobody's business, and no truth for the next reader.
        report=replace(make_report(plan, ratings), dataset_url="."),
    )
    audit = write_findings(dataset, findings)
    manifest = commit_audit(dataset, audit, lambda newest: check_dataset(plan, newest))
    rewrite_card(dataset)
    return AuditPublication(
        dataset_url=dataset.url,
        manifest=manifest,
        audit=audit,
        is_new=audit not in before.audits,
    )
