"""The funnel as a table: what went into each stage, what became of it, and why things were lost."""

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from ...schemas.outcome import Disposition
from ..dataset.funnel import read_funnel
from ..parts.commit import StageCounts
from ..step_run import StepReport, add_counts
from ..storage.store import Store
from ..watching.bottleneck import find_bottleneck
from ..watching.losses import LOST
from .console import span

FATES = ("kept", "rejected", "failed", "deferred", "quarantined")
_OFTEN_ZERO = {"quarantined"}
_FAILED = set(LOST)
_MAX_LOSSES = 12
_ENDLESS = 10_000
"""Columns of a console on which nothing has to be left out."""


def print_funnel(console: Console, reports: Sequence[StepReport]) -> None:
    """Print fates and time by stage, over all plans, and check that every record is accounted for.

    Args:
        console: where to; columns that do not fit its width are left out.
        reports: what the steps did, plan by plan.
    """
    _check(reports)
    reports = list(_over_plans(reports))
    stages = [stage for report in reports for stage in report.stages]
    shown = [f for f in FATES if f not in _OFTEN_ZERO or any(getattr(s, f) for s in stages)]
    console.print(f"planned = {' + '.join(shown)}, at each stage")
    console.print(_fit(console, reports, shown))
    wall_s, cpu_s = sum(r.wall_s for r in reports), sum(r.cpu_s for r in reports)
    text = f"{wall_s:.0f} s in all, {cpu_s:.0f} CPU-seconds on this machine"
    console.print(text)
    reused = sum(report.num_reused for report in reports)
    if reused:
        total = sum(report.num_parts for report in reports)
        text = f"{reused} of {total} parts were committed by an earlier run and not done again"
        console.print(text)


def print_bottleneck(console: Console, reports: Sequence[StepReport], *, cores: int | None) -> None:
    """Print which step took the longest in this run, why, and what would speed it up.

    Args:
        console: where to.
        reports: what the steps did, plan by plan.
        cores: cores of this machine; None where the work is done on others.
    """
    found = find_bottleneck(reports, cores=cores)
    if found is None:
        return
    whose = "its worker was" if found.workers == 1 else f"its {found.workers} workers were"
    each = "" if found.workers == 1 else " each"
    text = (
        f"slowest: {found.step}, {span(found.wall_s)} of {span(found.total_s)}; {whose} at parts "
        f"{found.busy_share:.0%} of the time, with {found.cpus:.1f} CPUs{each}"
    )
    console.print(text, soft_wrap=True)
    console.print(f"faster:  {found.knob}", soft_wrap=True)


def print_losses(console: Console, dataset_url: str, *, run: str | None = None) -> None:
    """Print why sources and clips were left out, the most frequent reasons first.

    Args:
        console: where to.
        dataset_url: a dataset whose funnel is written.
        run: the run that it is of; None where its failures need no further look.
    """
    rows = [row for row in read_funnel(Store(dataset_url)).to_pylist() if _is_loss(row)]
    if not rows:
        return
    console.print("not kept:")
    for row in rows[:_MAX_LOSSES]:
        plural = "" if row["count"] == 1 else "s"
        text = f"  {row['count']} {row['kind']}{plural} {row['disposition']} in {row['step']}"
        console.print(f"{text}: {row['code']}")
    if len(rows) > _MAX_LOSSES:
        console.print(f"  and {len(rows) - _MAX_LOSSES} more reasons")
    text = f"each with its message: {dataset_url}/funnel/*.parquet"
    if run is not None and any(row["disposition"] in _FAILED for row in rows):
        text += f"; what failed, and what to do: interlink failures {run}"
    console.print(text, soft_wrap=True)


def _is_loss(row: dict[str, str]) -> bool:
    return row["disposition"] != Disposition.KEPT.value


def _over_plans(reports: Sequence[StepReport]) -> Iterator[StepReport]:
    """Add up each step over plans."""
    for name in dict.fromkeys(report.step for report in reports):
        own = [report for report in reports if report.step == name]
        yield replace(
            own[0],
            num_parts=sum(report.num_parts for report in own),
            num_reused=sum(report.num_reused for report in own),
            stages=add_counts(own),
            wall_s=sum(report.wall_s for report in own),
            cpu_s=sum(report.cpu_s for report in own),
            commits=(),
        )


def _fit(console: Console, reports: Sequence[StepReport], shown: Sequence[str]) -> Table:
    """Return the widest table that fits the console."""
    roomy = console.options.update(max_width=_ENDLESS)
    for hidden in ((), ("on",), ("on", "wall s"), ("on", "wall s", "out")):
        table = _table(reports, shown, hidden)
        if Measurement.get(console, roomy, table).maximum <= console.width:
            break
    return table


def _table(reports: Sequence[StepReport], shown: Sequence[str], hidden: Collection[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    names = ["step", "on", "planned", *shown, "out", "wall s", "CPU s"]
    for name in names:
        if name not in hidden:
            justify = "left" if name in {"step", "on"} else "right"
            table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for report in reports:
        for position, stage in enumerate(report.stages):
            cells = _cells(report, stage, shown, is_first=position == 0)
            row = zip(names, cells, strict=True)
            table.add_row(*(cell for name, cell in row if name not in hidden))
    return table


def _cells(
    report: StepReport, stage: StageCounts, shown: Sequence[str], *, is_first: bool
) -> list[str]:
    alone = len(report.stages) == 1
    counts = [getattr(stage, fate) for fate in shown]
    return [
        report.step if alone else f"{report.step}: {stage.stage}",
        report.engine if is_first else "",
        str(stage.planned),
        *(str(count) if count else "·" for count in counts),
        str(stage.outputs),
        f"{report.wall_s:.1f}" if is_first else "",
        f"{report.cpu_s:.1f}" if is_first else "",
    ]


def _check(reports: Sequence[StepReport]) -> None:
    """Hold each step's inputs against what the one before it kept, plan by plan."""
    for before, after in itertools.pairwise(reports):
        if before.plan != after.plan:
            continue
        kept = before.stages[-1].outputs if before.stages else 0
        planned = after.stages[0].planned if after.stages else 0
        if kept != planned:
            raise RuntimeError(
                f"{before.step!r} kept {kept} records, {after.step!r} took {planned}"
            )
