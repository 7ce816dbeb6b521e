"""Published audits without what was taken down: ratings, clips, examples, names of groups."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

import pyarrow.parquet as pq

from ...schemas.arrow import from_table
from ...schemas.audit_row import AuditedClip, AuditRow
from ...schemas.denied import Denied
from ...schemas.manifest import PublishedAudit
from ..audit.report.report_file import read_report
from ..audit.takedown.report import without_clips, without_groups
from ..storage.store import Store
from .findings import AUDITS_FOLDER, Findings, write_findings

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanAudits:
    """The audits of a version after a takedown."""

    audits: tuple[PublishedAudit, ...]
    """Those that are left; their files are written."""
    num_ratings: int
    """Ratings that are there no more."""


def clean_audits(dataset: Store, audits: Iterable[PublishedAudit], denied: Denied) -> CleanAudits:
    """Write what audits found again, without anything on what was taken down.

    Rates stay as they were: they tell of no clip. An audit of which no rating is left goes.
    """
    left, num_gone = [], 0
    for audit in audits:
        found = _read(dataset, audit)
        gone = _denied_clips(found.rows, denied)
        clean = Findings(
            rows=[row for row in found.rows if row.clip_id not in gone],
            clips=[clip for clip in found.clips if clip.clip_id not in gone],
            report=without_groups(without_clips(found.report, gone), denied),
        )
        num_gone += len(found.rows) - len(clean.rows)
        if clean == found:
            left.append(audit)
        elif clean.rows:
            left.append(write_findings(dataset, clean))
    return CleanAudits(audits=tuple(left), num_ratings=num_gone)


def stale_audit_files(
    dataset: Store, audits: Iterable[PublishedAudit], denied: Denied
) -> Iterator[str]:
    """Yield files of audits that tell of something denied and that no newest version names.

    Args:
        dataset: where the dataset lies.
        audits: those of the newest version.
        denied: what was taken down.

    Yields:
        Paths in the order in which to remove them: ratings, which tell of what video a clip is, go
        last.
    """
    current = {p for a in audits for p in (a.ratings_path, a.clips_path, a.report_path)}
    for audit_id in dataset.names(AUDITS_FOLDER):
        folder = f"{AUDITS_FOLDER}/{audit_id}"
        paths = [f"{folder}/{name}" for name in dataset.names(folder)]
        rows = [
            r for path in paths if _is(path, "ratings-") for r in _rows(dataset, path, AuditRow)
        ]
        gone = _denied_clips(rows, denied)
        stale = [p for p in paths if p not in current and _tells(dataset, p, gone, denied)]
        yield from sorted(stale, key=lambda path: _is(path, "ratings-"))


def _read(dataset: Store, audit: PublishedAudit) -> Findings:
    return Findings(
        rows=_rows(dataset, audit.ratings_path, AuditRow),
        clips=_rows(dataset, audit.clips_path, AuditedClip),
        report=read_report(dataset, audit.report_path),
    )


def _rows(dataset: Store, path: str, record_type: type[Record]) -> list[Record]:
    with dataset.open(path) as file:
        return from_table(pq.ParquetFile(file).read(use_threads=False), record_type)


def _denied_clips(rows: Iterable[AuditRow], denied: Denied) -> set[str]:
    return {
        row.clip_id for row in rows if row.video_id in denied.videos or row.clip_id in denied.clips
    }


def _tells(dataset: Store, path: str, gone: set[str], denied: Denied) -> bool:
    if _is(path, "ratings-"):
        return any(row.clip_id in gone for row in _rows(dataset, path, AuditRow))
    if _is(path, "clips-"):
        return any(clip.clip_id in gone for clip in _rows(dataset, path, AuditedClip))
    if _is(path, "report-"):
        report = read_report(dataset, path)
        return without_groups(without_clips(report, gone), denied) != report
    return False


def _is(path: str, prefix: str) -> bool:
    return PurePosixPath(path).name.startswith(prefix)
