"""`interlink run`: videos in, shards out, under a supervisor."""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from ...schemas.errors import IncompleteError
from ..jobs.job import Job
from ..jobs.lifeline import Lifeline
from ..jobs.observer import EventLog, Observer
from ..jobs.supervisor import Supervisor
from ..recipes.recipe import Recipe, load_recipe
from ..recipes.secrets import refuse_plain_secrets
from ..run import run_one, run_recipe
from ..step import EngineName
from ..storage.store import Store
from .console import make_console
from .funnel import print_bottleneck, print_funnel, print_losses
from .options import EngineOption, Limit, RecipePath, Settings, check_engine, settings_of
from .progress import JsonLines, progress_for
from .signals import pass_signals_on, stop_without_signal

JOB_OPTION = "--job-until"
"""Tells a process that it is a supervisor's job, and when the time budget is used up, 0 if never;
its standard input is the line to the supervisor."""


def run(
    context: typer.Context,
    recipe: RecipePath,
    settings: Settings = None,
    limit: Limit = None,
    engine: EngineOption = None,
    plan: Annotated[
        int | None,
        typer.Option(min=1, help="Do this plan alone; `interlink plan --write` makes plans."),
    ] = None,
    step: Annotated[
        str | None, typer.Option(help="Do this step alone, when those before it are done.")
    ] = None,
    job_until: Annotated[float | None, typer.Option(JOB_OPTION, hidden=True)] = None,
) -> None:
    """Run a recipe to its end, going on from what is committed.

    Interrupted, or after an edit of the recipe, run it again: only what is missing or changed is
    done. The work is done by a process of its own, which is started again when it dies, at most
    `restarts` times in a row without a new commit. Everything after `--` goes to Beam's
    PipelineOptions untouched.

    For an orchestrator that starts tasks again itself, `--plan` and `--step` do one part of it:
    0 as well when it is done already, 2 when what comes before it is not; the last step publishes.
    """
    loaded = load_recipe(recipe, settings_of(settings, limit))
    refuse_plain_secrets({"beam.options": context.args}, "what stands after --")
    chosen = check_engine(engine)
    if job_until is None and loaded.restarts:
        options = _as_options(engine=engine, plan=plan, step=step)
        # A copy, with the settings in it: an edit meanwhile is for the next run, not for a restart.
        with tempfile.TemporaryDirectory(prefix="interlink-run-") as folder:
            copy = Path(folder, "recipe.yaml")
            copy.write_text(loaded.resolved(), encoding="utf-8")
            _supervise(loaded, [str(copy), *options, "--", *context.args])
    beam_options = (*loaded.beam.options, *context.args)
    beam = loaded.beam.model_copy(update={"options": beam_options})
    loaded = loaded.model_copy(update={"beam": beam})
    if job_until is None:
        _run(loaded, chosen, plan, step, _job(loaded, _until(loaded)))
        return
    try:
        with Lifeline.on_standard_input(stop_without_signal) as line:
            _run(loaded, chosen, plan, step, _job(loaded, job_until or None, line))
    except IncompleteError as error:  # the supervisor says it, and what it does about it
        raise typer.Exit(error.exit_code) from error


def _as_options(**options: object) -> list[str]:
    """Return options as they are typed; those that are None are left out."""
    return [f"--{name}={value}" for name, value in options.items() if value is not None]


def _supervise(recipe: Recipe, arguments: list[str]) -> NoReturn:
    """Have a process of its own run the recipe with these arguments, and end as it does."""
    until = _until(recipe)
    own = [sys.executable, "-P", "-m", "interlink", "run", f"{JOB_OPTION}={until or 0.0}"]
    run = Store(recipe.run, single_writer=recipe.single_writer)
    observers: list[Observer] = [EventLog(run.local_path("events.jsonl"))]
    if not make_console().is_terminal:
        observers.append(JsonLines())
    supervisor = Supervisor(
        command=[*own, *arguments],
        run=run,
        restarts=recipe.restarts,
        until=until,
        tell=lambda sentence: print(f"interlink: {sentence}", file=sys.stderr),
        observers=observers,
    )
    pass_signals_on(supervisor.stop)
    raise typer.Exit(supervisor.supervise())


def _until(recipe: Recipe) -> float | None:
    return None if recipe.time_budget_s is None else time.time() + recipe.time_budget_s


def _job(recipe: Recipe, until: float | None, line: Lifeline | None = None) -> Job:
    return Job(recipe.run, single_writer=recipe.single_writer, until=until, line=line)


def _run(
    recipe: Recipe, engine: EngineName | None, plan: int | None, step: str | None, job: Job
) -> None:
    """Do what is wanted in this process, and say what came of it."""
    console = make_console()
    if plan is not None or step is not None:
        with progress_for(console) as progress:
            reports = run_one(
                recipe, plan=plan, step=step, engine=engine, observers=[progress], job=job
            )
        print_funnel(console, [report for report in reports if step in {None, report.step}])
        _print_run(console, recipe)
        return
    with progress_for(console) as progress:
        report = run_recipe(recipe, engine=engine, observers=[progress], job=job)
    manifest = report.publication.manifest
    print_funnel(console, report.steps)
    print_bottleneck(console, report.steps, cores=_cores(recipe))
    print_losses(console, report.dataset_url, run=recipe.run)
    _print_run(console, recipe)
    count = f"{manifest.num_documents} documents, version {manifest.version}"
    console.print(f"dataset  {report.dataset_url}: {count}", soft_wrap=True)
    console.print(f"next: interlink inspect {report.dataset_url}", soft_wrap=True)


def _cores(recipe: Recipe) -> int | None:
    """Return the cores that the work is done on, None where these are a cluster's."""
    is_here = recipe.ray.address == "local" and not recipe.beam.options
    return len(os.sched_getaffinity(0)) if is_here else None


def _print_run(console: Console, recipe: Recipe) -> None:
    console.print(f"run      {recipe.run}: plans, commits, stats.json", soft_wrap=True)
