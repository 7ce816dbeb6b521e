"""`interlink status`: how far a run is, how fast it goes, and what waits, from its files alone."""

import dataclasses
import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from ..plans.run_files import open_run
from ..watching.run_status import RunStatus, StepStatus, Work, run_status
from .console import make_console, plain_text, plural, span, when
from .funnel import FATES
from .options import Json, RunPlace, run_at

_SHOWN = 5
"""Slow parts that are listed."""
_ENDLESS = 10_000


def status(run: RunPlace, as_json: Json = False) -> None:
    """Say how far a run is and how fast it goes. May be asked from another machine."""
    now = datetime.now(UTC)
    place = run_at(run)
    found = run_status(open_run(place), now=now)
    if as_json:
        print(json.dumps(dataclasses.asdict(found) | {"is_done": found.is_done}, indent=1))
        return
    console = make_console()
    counts = f"{plural(len(found.plans), 'plan')}, {plural(found.num_parts, 'part')}"
    console.print(f"{found.run}: {counts}", soft_wrap=True)
    recipe = run if run != place else "RECIPE"
    if not found.steps:
        console.print(f"planned, not begun\nnext: interlink run {recipe}")
        return
    console.print(_fit(console, found))
    lines = (*_work_lines(found), *_job_lines(found, now), *_waiting_lines(found, place))
    for line in (*lines, *_rest_lines(found, now)):
        console.print(line, soft_wrap=True)
    if found.is_done:
        console.print(f"next: interlink inspect {found.dataset}", soft_wrap=True)
    else:
        console.print(f"next: interlink run {recipe} goes on where it stopped", soft_wrap=True)


def _fit(console: Console, found: RunStatus) -> Table:
    """Return the widest table that fits the console."""
    roomy = console.options.update(max_width=_ENDLESS)
    for hidden in ((), ("records/h",), ("records/h", "on"), ("records/h", "on", "out")):
        table = _table(found, hidden)
        if Measurement.get(console, roomy, table).maximum <= console.width:
            break
    return table


def _table(found: RunStatus, hidden: Collection[str]) -> Table:
    stages = [stage for step in found.steps for stage in step.stages]
    fates = [f for f in FATES if f != "quarantined" or any(stage.quarantined for stage in stages)]
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    names = ["step", "on", "done", "of", *fates, "out", "records/h", "parts/h", "left"]
    for name in names:
        if name not in hidden:
            justify = "left" if name in {"step", "on"} else "right"
            table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for step in found.steps:
        cells = (step.step, step.engine, *_numbers(step, fates), *_pace(step))
        row = zip(names, cells, strict=True)
        table.add_row(*(cell for name, cell in row if name not in hidden))
    return table


def _numbers(step: StepStatus, fates: Collection[str]) -> Iterator[str]:
    # Losses add up over the stages of a step; what is kept is what the last one kept.
    last = step.stages[-1] if step.stages else None
    lost = [sum(getattr(s, fate) for s in step.stages) for fate in fates if fate != "kept"]
    numbers = (step.num_done, step.num_parts, last.kept if last else 0, *lost)
    for number in (*numbers, last.outputs if last else 0):
        yield str(number) if number else "·"


def _pace(step: StepStatus) -> tuple[str, str, str]:
    """Return records and parts an hour, and the time left, as far as they are known."""
    left = step.num_parts - step.num_done
    if step.pace is None:
        return "·", "·", "?" if left else "·"
    left_s = left / step.pace.parts_per_h * 3600
    rates = (f"{rate:,.0f}" for rate in (step.pace.records_per_h, step.pace.parts_per_h))
    records, parts = rates
    return records, parts, span(left_s) if left else "·"


def _work_lines(found: RunStatus) -> Iterator[str]:
    for pause in found.pauses:
        yield f"waits: {plain_text(pause)}"
    if not found.work:
        return
    hosts = sorted({work.host for work in found.work})
    yield f"in work: {plural(len(found.work), 'part')} on {', '.join(hosts)}"
    slow = [work for work in found.work if work.straggles]
    for work in slow[:_SHOWN]:
        yield f"slow: {_slow(work)}"
    if len(slow) > _SHOWN:
        yield f"slow: {len(slow) - _SHOWN} more"


def _slow(work: Work) -> str:
    return (
        f"{work.part} in {work.step}, on {work.host} (pid {work.pid}) for {span(work.running_s)}, "
        "several times as long as finished parts took, or its worker is gone"
    )


def _job_lines(found: RunStatus, now: datetime) -> Iterator[str]:
    """Say who carries the run out, or how the last one ended."""
    if not found.jobs:
        return
    job = found.jobs[-1]
    name = f"job {job.number} on {job.host} (pid {job.pid}, {', '.join(job.engines)})"
    if job.ended is None:
        since = (now - datetime.fromisoformat(job.started)).total_seconds()
        yield f"{name}: at work for {span(max(since, 0.0))}, or killed with its supervisor"
    elif job.exit_code:
        reason = plain_text(job.reason)
        yield f"{name}: ended {when(job.ended)} with exit code {job.exit_code}: {reason}"


def _waiting_lines(found: RunStatus, place: str) -> Iterator[str]:
    lost = sum(s.failed + s.quarantined for step in found.steps for s in step.stages)
    if lost:
        yield f"failed: {plural(lost, 'record')}; see interlink failures {place}"
    waiting = found.waiting
    if waiting.num_due:
        due = plural(waiting.num_due, "record")
        yield f"deferred: {due} may be tried now, with interlink retry {place}"
    if waiting.num_later and waiting.next_try:
        later = plural(waiting.num_later, "record")
        yield f"deferred: {later} may be tried later, the first from {when(waiting.next_try)}"
    if found.num_taken_over:
        taken = plural(found.num_taken_over, "source stands", "sources stand")
        yield f"retried: {taken} in a later plan, and count there alone"


def _rest_lines(found: RunStatus, now: datetime) -> Iterator[str]:
    if found.last_commit:
        ago_s = (now - datetime.fromisoformat(found.last_commit)).total_seconds()
        yield f"last commit: {when(found.last_commit)}, {span(max(ago_s, 0.0))} ago"
    if not found.is_done and found.rest.unknown:
        known = f"{span(found.rest.seconds)} and " if found.rest.seconds else ""
        unknown = ", ".join(found.rest.unknown)
        yield f"left: {known}what {unknown} will take, of which no part is finished"
    elif not found.is_done:
        yield f"left: about {span(found.rest.seconds)}, at the pace of each step's last hour"
    if found.left:
        lie = "lies" if len(found.left) == 1 else "lie"
        names = ", ".join(folder.removeprefix("steps/") for folder in found.left)
        yield f"{plural(len(found.left), 'step')} of an earlier recipe {lie} beside: {names}"
