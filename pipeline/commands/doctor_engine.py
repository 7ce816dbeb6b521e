"""`interlink doctor --engine`: what the workers of a cluster are, what they lack, and the fix."""

import dataclasses
import functools
import signal
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import FrameType
from typing import TypeVar

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from ...schemas.errors import EnvironmentFault, IncompleteError
from ..curate import curate
from ..engines.engine import make_engine
from ..engines.probe import NUM_RECORDS, WorkerReport, probe_engine, report_worker
from ..recipes.recipe import Recipe
from ..step import EngineName, Resources
from ..storage.probe import probe_store
from ..storage.store import Store
from .signals import kill_children

Answer = TypeVar("Answer")

DEADLINE_S = 600
"""A node may have to be started and an image of gigabytes pulled first."""


def diagnose(
    console: Console, engine: EngineName, recipe: Recipe | None, options: Sequence[str]
) -> None:
    """Run a tiny job on an engine and say what its workers answered.

    Args:
        console: where to print.
        engine: `beam` or `ray`.
        recipe: whose store and workers are meant; None tries the engine alone, on this machine.
        options: for Beam's `PipelineOptions`.

    Raises:
        EnvironmentFault: no worker answered.
        typer.Exit: a worker cannot do its work; all are printed, with the fix.
    """
    own = report_worker("driver")
    with ExitStack() as stack:
        if recipe is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="interlink-doctor-"))
            recipe = Recipe(sources=folder, run=folder)
        kinds = _kinds(recipe, engine)
        run, scratch = Store(recipe.run, single_writer=recipe.single_writer), recipe.scratch
        probe_store(run)
        made = make_engine(
            engine,
            beam_options=(*recipe.beam.options, *options),
            ray_address=recipe.ray.address,
        )
        stack.callback(made.close)
        found: list[tuple[WorkerReport, str]] = []
        for resources in kinds:
            console.print(f"{NUM_RECORDS} records on {engine}, {_describe(engine, resources)}")
            probe = functools.partial(probe_engine, made, engine, resources, run, scratch=scratch)
            found += [(report, _fault(report, own, resources)) for report in _in_time(probe)]
    _print(console, found, own)
    faults = list(dict.fromkeys(fault for _, fault in found if fault))
    for fault in faults:
        console.print(f"!! {fault}", soft_wrap=True)
    if faults:
        raise typer.Exit(EnvironmentFault.exit_code)
    console.print(f"each of {len(found)} workers can do its work in {recipe.run}", soft_wrap=True)


def _kinds(recipe: Recipe, engine: EngineName) -> list[Resources]:
    """Return what workers of all steps reserve, each kind once, as `run --engine` places them."""
    steps = curate(recipe, engine=engine)
    kinds: list[Resources] = []
    for step in steps:
        if engine == "beam":  # reserves nothing
            step_kind = Resources(workers=max(s.resources.workers for s in steps))
        else:
            step_kind = step.resources
        kind = dataclasses.replace(step_kind, workers=min(step_kind.workers, NUM_RECORDS))
        if kind not in kinds:
            kinds.append(kind)
    return kinds


def _describe(engine: EngineName, resources: Resources) -> str:
    workers = f"{resources.workers} worker{'s' if resources.workers > 1 else ''}"
    if engine == "beam":
        return workers
    others = "".join(f", {amount:g} {name}" for name, amount in resources.ray.items())
    memory = f", {resources.memory_gib:g} GiB" if resources.memory_gib else ""
    return f"{workers} of {resources.cpus:g} CPUs, {resources.gpus:g} GPUs{memory}{others}"


def _fault(report: WorkerReport, own: WorkerReport, resources: Resources) -> str:
    """Say what a worker lacks and how to mend it; empty where all is well."""
    place = f"{report.host}: "
    if report.package != own.package:
        return (
            f"{place}has interlink {report.version} ({report.package[:12]}), this machine "
            f"{own.version} ({own.package[:12]}): build the image anew from this version"
        )
    if report.fault:
        return (
            f"{place}cannot decode a video: {report.fault}; install av there as constraints.txt "
            "has it"
        )
    if resources.gpus and not report.gpus:
        return (
            f"{place}sees no GPU, though {resources.gpus:g} are reserved: build the image with "
            "--build-arg VARIANT=cuda, and see that the node has the driver"
        )
    return ""


def _print(console: Console, found: Sequence[tuple[WorkerReport, str]], own: WorkerReport) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("", "host", "process", "interlink", "Python", "decodes", "store", "GPU", "free"):
        table.add_column(name)
    for report, fault in found:
        table.add_row(
            "!!" if fault else "ok",
            *(
                report.host,
                str(report.pid),
                f"{report.version} {report.package[:6]}",
                report.python,
            ),
            *("no" if report.fault else "yes", "yes"),
            *(", ".join(report.gpus) or "none", f"{report.free_gib:.0f} GiB"),
        )
    console.print(table)
    others = {p for report, _ in found for p in report.packages} - set(own.packages)
    if others:
        console.print(
            f"-  workers have {', '.join(sorted(others))}; this machine {', '.join(own.packages)}: "
            "other versions may give other bytes",
            soft_wrap=True,
        )
    if any(report.python != own.python for report, _ in found):
        console.print(f"-  this machine has Python {own.python}: pickles may not cross versions")


class _OutOfTime(KeyboardInterrupt):
    """The job takes too long; engines take it for Ctrl-C and stop what they have begun."""


def _in_time(job: Callable[[], Answer]) -> Answer:
    """Run a job; say what to look at when it fails, or when nothing comes back."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(DEADLINE_S)
    try:
        return job()
    except _OutOfTime as error:
        kill_children()
        raise EnvironmentFault(
            f"no answer from the workers within {DEADLINE_S} s: see their own logs; a Beam worker "
            "pool whose Python lacks apache-beam, and a Ray node without room, keep silent"
        ) from error
    except IncompleteError as error:
        raise EnvironmentFault(
            f"{error}. If no worker has died, what they wrote has not arrived: a run in a local "
            "folder needs a disk that all nodes share; else put `run:` on s3:// or the like"
        ) from error
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
