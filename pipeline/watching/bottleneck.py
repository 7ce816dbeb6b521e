"""Which step took the longest in a run, what held it up, and which knob to turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..step_run import StepReport

Limit = Literal["cpu", "waiting", "one part", "idle"]
"""What holds a step up: its processors, something that it waits for, one long part, or that its
workers have nothing to do, as while engines start and models are loaded."""

_BUSY_SHARE = 0.5
_CPU_BOUND = 0.75
"""CPUs that a worker uses while it is at a part; under this it waits, for whatever it is."""
_LONG_SHARE = 0.5
_ALL_CORES = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck:
    """The step that took the longest."""

    step: str
    wall_s: float
    """Seconds that it took in this run."""
    total_s: float
    """Seconds that all steps took."""
    limit: Limit
    workers: int
    busy_share: float
    """Share of the workers' time that they were at parts, in [0, 1]."""
    cpus: float
    """CPUs that a worker used while it was at a part."""
    knob: str
    """What to change, in the recipe's words."""


def find_bottleneck(reports: Sequence[StepReport], *, cores: int | None) -> Bottleneck | None:
    """Return the step that took the longest; None where this run did no part.

    Args:
        reports: what the steps did, plan by plan.
        cores: cores of this machine; None where the work is done on others.
    """
    own = [report for report in reports if report.busy_s]
    if not own:
        return None
    wall_s = {
        name: sum(report.wall_s for report in own if report.step == name)
        for name in dict.fromkeys(report.step for report in own)
    }
    slowest = max(wall_s, key=lambda name: wall_s[name])
    of_step = [report for report in own if report.step == slowest]
    paid_s = sum(report.workers * report.wall_s for report in of_step)
    busy_s = sum(report.busy_s for report in of_step)
    share = min(busy_s / paid_s, 1.0) if paid_s else 1.0
    cpus = sum(report.busy_cpu_s for report in of_step) / busy_s
    longest_s = max(report.longest_s for report in of_step)
    workers = max(report.workers for report in of_step)
    limit = _limit(share, cpus, longest_s / wall_s[slowest] if wall_s[slowest] else 0.0, workers)
    return Bottleneck(
        step=slowest,
        wall_s=wall_s[slowest],
        total_s=sum(wall_s.values()),
        limit=limit,
        workers=workers,
        busy_share=share,
        cpus=cpus,
        knob=_knob(of_step[-1], limit, workers=workers, cpus=cpus, cores=cores),
    )


def _limit(share: float, cpus: float, long_share: float, workers: int) -> Limit:
    if share < _BUSY_SHARE:
        return "one part" if workers > 1 and long_share > _LONG_SHARE else "idle"
    return "cpu" if cpus >= _CPU_BOUND else "waiting"


def _knob(report: StepReport, limit: Limit, *, workers: int, cpus: float, cores: int | None) -> str:
    step = report.step
    if limit == "one part":
        return (
            "one part took most of that time: a column duration_s or num_bytes in the manifest "
            "makes parts of equal work; a long video stays one part"
        )
    if limit == "idle":
        return (
            "engines start and models are loaded once for each plan and step: take more sources at "
            f"a time, or fewer workers with steps.{step}.workers"
        )
    if report.engine == "local" and cores is not None and cores > 1:
        return f"the local engine has one worker: with beam or ray it has {cores}, one a core"
    if limit == "waiting":
        knobs = f"steps.{step}.workers"
        knobs = f"fetch.concurrency or {knobs}" if step == "fetch" else knobs
        return f"it waits for a network, a disk or a GPU: raise {knobs}"
    if cores is None:
        return f"raise steps.{step}.workers, as far as the cluster has CPUs"
    if workers * cpus < _ALL_CORES * cores:
        return f"raise steps.{step}.workers to {cores}, the cores of this machine"
    return (
        f"all {cores} cores are at work: give it more machines, with a Beam or a Ray cluster, or "
        f"a GPU where {step} can use one"
    )
