"""The funnel as a table: what went into each stage and what became of it."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from ..step_run import StepReport

FATES = ("kept", "rejected", "failed", "deferred", "quarantined")


def print_funnel(console: Console, reports: Sequence[StepReport]) -> None:
    """Print fates and time by stage, and check that every record is accounted for."""
    table = Table(title="planned = kept + rejected + failed + deferred + quarantined")
    table.title_justify = "left"
    table.add_column("step")
    table.add_column("stage")
    for name in ("planned", *FATES, "gave", "wall s", "CPU s"):
        table.add_column(name, justify="right")
    for report in reports:
        for position, stage in enumerate(report.stages):
            counts = [getattr(stage, fate) for fate in FATES]
            assert stage.planned == sum(counts)
            first = position == 0
            table.add_row(
                f"{report.step} ({report.engine})" if first else "",
                stage.stage,
                str(stage.planned),
                *(str(count) if count else "·" for count in counts),
                str(stage.outputs),
                f"{report.wall_s:.1f}" if first else "",
                f"{report.cpu_s:.1f}" if first else "",
            )
    console.print(table)
    wall = sum(report.wall_s for report in reports)
    cpu = sum(report.cpu_s for report in reports)
    console.print(f"in all {wall:.0f} s, {cpu:.0f} CPU-seconds on this machine")
