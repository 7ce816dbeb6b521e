"""The funnel as a table: what went into each stage and what became of it."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from ..commit import StageCounts
from ..step_run import StepReport

FATES = ("kept", "rejected", "failed", "deferred", "quarantined")
_OFTEN_ZERO = {"quarantined"}


def print_funnel(console: Console, reports: Sequence[StepReport]) -> None:
    """Print fates and time by stage, and check that every record is accounted for."""
    stages = [stage for report in reports for stage in report.stages]
    shown = [f for f in FATES if f not in _OFTEN_ZERO or any(getattr(s, f) for s in stages)]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("step", no_wrap=True)
    table.add_column("on", no_wrap=True)
    for name in ("planned", *shown, "out", "wall s", "CPU s"):
        table.add_column(name, justify="right", no_wrap=True)
    for report in reports:
        for position, stage in enumerate(report.stages):
            _check(stage)
            counts = [getattr(stage, fate) for fate in shown]
            first = position == 0
            alone = len(report.stages) == 1
            table.add_row(
                report.step if alone else f"{report.step}: {stage.stage}",
                report.engine if first else "",
                str(stage.planned),
                *(str(count) if count else "·" for count in counts),
                str(stage.outputs),
                f"{report.wall_s:.1f}" if first else "",
                f"{report.cpu_s:.1f}" if first else "",
            )
    console.print(f"planned = {' + '.join(shown)}, at each stage", highlight=False)
    console.print(table)
    wall = sum(report.wall_s for report in reports)
    cpu = sum(report.cpu_s for report in reports)
    console.print(f"{wall:.0f} s in all, {cpu:.0f} CPU-seconds on this machine", highlight=False)
    reused = sum(report.num_reused for report in reports)
    if reused:
        console.print(f"{reused} parts were committed by an earlier run and not done again")


def _check(stage: StageCounts) -> None:
    total = sum(getattr(stage, fate) for fate in FATES)
    assert stage.planned == total, f"{stage.stage}: {stage.planned} planned, {total} accounted for"
