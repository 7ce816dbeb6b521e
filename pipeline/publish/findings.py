"""What audits found, as part of a dataset: files that are only ever added, named by a version."""

import datetime
import hashlib
import io
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...schemas.arrow import from_table, to_table
from ...schemas.audit_report import AuditReport
from ...schemas.audit_row import AuditedClip, AuditRow
from ...schemas.errors import EnvironmentFault
from ...schemas.manifest import Manifest, PublishedAudit
from ..audit.report.report_file import read_report, report_bytes
from ..dataset.reader import read_tables
from ..dataset.versions import manifest_path, read_manifest
from ..storage.store import Store

logger = logging.getLogger(__name__)

AUDITS_FOLDER = "audits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What an audit found."""

    rows: Sequence[AuditRow]
    """What each rater says of each clip, at least one."""
    clips: Sequence[AuditedClip]
    """What they say together, one for each clip."""
    report: AuditReport
    """Rates and intervals."""


def write_findings(dataset: Store, findings: Findings) -> PublishedAudit:
    """Write what an audit found as files, named by their content, that no version names yet."""
    audit_id = findings.report.audit_id
    ratings = _put(dataset, f"{audit_id}/ratings", "parquet", _parquet(findings.rows, AuditRow))
    clips = _put(dataset, f"{audit_id}/clips", "parquet", _parquet(findings.clips, AuditedClip))
    told = _put(dataset, f"{audit_id}/report", "json", report_bytes(findings.report))
    return PublishedAudit(
        audit_id=audit_id,
        ratings_path=ratings.path,
        ratings_sha256=ratings.sha256,
        num_ratings=len(findings.rows),
        clips_path=clips.path,
        clips_sha256=clips.sha256,
        num_clips=len(findings.clips),
        report_path=told.path,
        report_sha256=told.sha256,
    )


def commit_audit(
    dataset: Store, audit: PublishedAudit, check: Callable[[Manifest], object]
) -> Manifest:
    """Commit a version that differs from the newest by naming an audit's files.

    Earlier results of the same audit lose their place in it, their files stay. Where the newest
    version names these files already, nothing is committed.

    Args:
        dataset: where the dataset lies.
        audit: the audit; its files are written.
        check: raises if the audit must not be added to a version.

    Returns:
        The newest version.
    """
    while True:
        before = read_manifest(dataset)
        check(before)
        if audit in before.audits:
            return before
        others = [known for known in before.audits if known.audit_id != audit.audit_id]
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        after = replace(
            before,
            version=before.version + 1,
            parents=(before.version,),
            audits=tuple(sorted([*others, audit], key=lambda known: known.audit_id)),
            provenance=replace(before.provenance, created=now),
        )
        if dataset.put_if_absent(manifest_path(after.version), after.to_json()):
            return after
        logger.info("version %d was taken by another; building upon it", after.version)


def read_reports(dataset: Store, manifest: Manifest) -> list[AuditReport]:
    """Return the reports of the audits that a version names, by audit id.

    Raises:
        UsageError: one was written by a later format.
        EnvironmentFault: one is lost, or not what the manifest says.
    """
    return [_read_report(dataset, audit) for audit in manifest.audits]


def read_published(dataset: Store, audit: PublishedAudit) -> list[AuditRow]:
    """Return what each rater says of each clip, as it was published.

    Raises:
        EnvironmentFault: the file is lost, or not what the manifest says.
    """
    data = _read(dataset, audit.ratings_path, audit.ratings_sha256)
    return list(from_table(pq.read_table(io.BytesIO(data), use_threads=False), AuditRow))


def document_digests(dataset: Store, manifest: Manifest, ids: Iterable[str]) -> dict[str, str]:
    """Return `content_sha256` of documents of a version by their ids."""
    wanted = pa.array(sorted(set(ids)), pa.string())
    return dict(_digests(dataset, manifest, wanted))


def _digests(dataset: Store, manifest: Manifest, wanted: pa.Array) -> Iterator[tuple[str, str]]:
    for table in read_tables(dataset, manifest, ["document_id", "content_sha256"]):
        found = table.filter(pc.is_in(table["document_id"], value_set=wanted))
        yield from zip(
            found["document_id"].to_pylist(), found["content_sha256"].to_pylist(), strict=True
        )


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    sha256: str


def _put(dataset: Store, stem: str, suffix: str, data: bytes) -> _File:
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"{AUDITS_FOLDER}/{stem}-{sha256[:8]}.{suffix}"
    if not dataset.exists(path):
        dataset.put(path, data)
    return _File(path, sha256)


def _parquet(records: Sequence[object], record_type: type) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(to_table(records, record_type), buffer, compression="zstd")
    return buffer.getvalue()


def _read_report(dataset: Store, audit: PublishedAudit) -> AuditReport:
    _read(dataset, audit.report_path, audit.report_sha256)
    return read_report(dataset, audit.report_path)


def _read(dataset: Store, path: str, sha256: str) -> bytes:
    where = dataset.display(path)
    if not dataset.exists(path):
        raise EnvironmentFault(f"the dataset lacks {where}; restore it")
    data = dataset.read(path)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise EnvironmentFault(
            f"{where} does not have the digest that the manifest names; restore it"
        )
    return data
