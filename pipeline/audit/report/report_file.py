"""A report on disk: `report/report.json` in the audit's folder."""

import json

from ....schemas.arrow import from_plain, to_plain
from ....schemas.audit_report import AUDIT_REPORT_VERSION, AuditReport
from ....schemas.errors import EnvironmentFault, UsageError
from ...storage.store import Store

REPORT_FOLDER = "report"
REPORT_NAME = f"{REPORT_FOLDER}/report.json"


def write_report(folder: Store, report: AuditReport) -> None:
    """Write a report over the one before.

    Args:
        folder: the audit.
        report: what was found.
    """
    folder.put(REPORT_NAME, report_bytes(report))


def report_bytes(report: AuditReport) -> bytes:
    """Return the content of a report's file."""
    return json.dumps(to_plain(report), indent=1, ensure_ascii=False).encode()


def read_report(folder: Store, name: str = REPORT_NAME) -> AuditReport:
    """Read a report.

    Args:
        folder: the audit, or whatever else holds a report.
        name: its path under that folder.

    Raises:
        UsageError: there is none, or it was written by a later format.
        EnvironmentFault: it is damaged.
    """
    if not folder.exists(name):
        raise UsageError(
            f"there is no report at {folder.display(name)}; `interlink audit report` makes one"
        )
    try:
        row = json.loads(folder.read(name))
        if row["format_version"] <= AUDIT_REPORT_VERSION:
            return from_plain(row, AuditReport)
    except (ValueError, TypeError, KeyError) as error:
        raise EnvironmentFault(f"{folder.display(name)} is damaged: {error}") from error
    raise UsageError(
        f"{folder.display(name)} has format_version={row['format_version']}, this version of "
        f"interlink reads up to {AUDIT_REPORT_VERSION}: update it"
    )
