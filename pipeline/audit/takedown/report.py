"""A report without examples of items and names of groups that are gone.

Its numbers stay: they tell of no clip.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from ....schemas.audit_report import AuditReport, ErrorExample
from ....schemas.denied import Denied
from .strata import without_group


def without_examples(report: AuditReport, is_gone: Callable[[ErrorExample], bool]) -> AuditReport:
    """Return the report without some of its examples."""
    errors = tuple(
        replace(error, examples=tuple(one for one in error.examples if not is_gone(one)))
        for error in report.errors
    )
    return replace(report, errors=errors)


def without_clips(report: AuditReport, clip_ids: Collection[str]) -> AuditReport:
    """Return the report without examples of some clips."""
    return without_examples(report, lambda one: one.clip_id in clip_ids)


def without_groups(report: AuditReport, denied: Denied) -> AuditReport:
    """Return the report without the names of groups that were taken down."""
    strata = (replace(one, stratum=without_group(one.stratum, denied)) for one in report.strata)
    return replace(report, strata=tuple(strata))
