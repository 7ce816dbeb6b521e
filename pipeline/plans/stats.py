"""The funnel of a run for people, `stats.json`: fates, time and CPU by plan and step."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ..parts.commit import StageCounts
from ..step_run import StepReport
from ..storage.store import Store

STATS_NAME = "stats.json"


def write_stats(store: Store, reports: Sequence[StepReport]) -> None:
    """Write what steps did; what other plans and steps did before stays."""
    rows = {(row["plan"], row["step"]): row for row in _read_rows(store)}
    rows |= {(report.plan, report.step): step_row(report) for report in reports}
    ordered = sorted(rows.values(), key=lambda row: int(row["plan"]))
    store.put(STATS_NAME, json.dumps({"steps": ordered}, indent=1).encode())


def step_row(report: StepReport) -> dict[str, Any]:
    """Return a report as a row: all but its commits."""
    row = asdict(report)
    del row["commits"]
    return row


def step_report(row: dict[str, Any]) -> StepReport:
    """Return the report that a row tells of, without commits."""
    stages = tuple(StageCounts(**stage) for stage in row["stages"])
    return StepReport(**row | {"stages": stages, "commits": ()})


def _read_rows(store: Store) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = json.loads(store.read(STATS_NAME))["steps"]
    except FileNotFoundError:
        return []
    return rows
