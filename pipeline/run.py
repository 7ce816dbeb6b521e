"""One execution of a recipe: plans, steps, shards, a manifest version, the funnel and the card."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

from .. import __version__
from ..schemas.errors import UsageError
from ..schemas.source import Source
from .curate import curate, step_keys
from .dataset.denied import leave_out_denied, read_denied
from .faults import fault_point
from .job import Job
from .observer import EventLog, Observer
from .part import step_folder
from .plan import plan_numbers, read_plan, write_plan
from .plan_run import PlanRunner
from .publish.plan import Publication, check_dataset, publish_plan
from .recipe import Recipe
from .run_files import DIGESTS_NAME
from .sources import read_sources
from .step import EngineName, Step
from .step_run import StepReport
from .store import Store
from .threads import use_one_thread

PLAN_SIZE = 30_000
"""Sources of one plan: bounds the working files, and publishes early."""


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What a run did."""

    steps: tuple[StepReport, ...]
    dataset_url: str
    publication: Publication
    """The dataset's newest version."""


def run_recipe(
    recipe: Recipe,
    *,
    engine: EngineName | None = None,
    observers: Sequence[Observer] = (),
    job: Job | None = None,
) -> RunReport:
    """Run a recipe to its end, going on from what is committed.

    Each plan is taken through all steps and published before the next one begins.

    Args:
        recipe: what to do.
        engine: runs all steps on this engine, whatever the recipe says.
        observers: who is told what happens.
        job: its record, and the line to its supervisor if it has one; None for one of its own.

    Raises:
        UsageError: the recipe or the manifest is wrong.
        EnvironmentFault: the machine is at fault; what is committed stays.
        BudgetExceededError: too many records failed.
        IncompleteError: the run stopped early; run it again.
    """
    publications: list[Publication] = []
    steps = curate(recipe, engine=engine)

    def publish(store: Store, plan: int, reports: list[StepReport]) -> None:
        publications.append(publish_plan(store, recipe, plan, reports))

    reports = _run(recipe, steps, _Wanted(), observers, job, publish)
    return RunReport(
        steps=tuple(reports), dataset_url=recipe.dataset_url, publication=publications[-1]
    )


def run_steps(
    recipe: Recipe,
    *,
    engine: EngineName | None = None,
    last: str,
    observers: Sequence[Observer] = (),
) -> list[StepReport]:
    """Run a recipe up to the step `last` and publish nothing. Raises as `run_recipe` does."""
    steps = curate(recipe, engine=engine)
    steps = steps[: [step.name for step in steps].index(last) + 1]
    return _run(recipe, steps, _Wanted(), observers, None, lambda *_: None)


def run_one(
    recipe: Recipe,
    *,
    plan: int | None,
    step: str | None,
    engine: EngineName | None = None,
    observers: Sequence[Observer] = (),
    job: Job | None = None,
) -> list[StepReport]:
    """Do one plan, or one step, for an orchestrator that knows the order; again, it does nothing.

    The last step publishes its plan. New sources make a plan only with the first step of all plans.

    Args:
        recipe: what to do.
        plan: number of a plan that is there; None for all that are.
        step: name of a step whose inputs are there; None for all steps.
        engine: as in `run_recipe`.
        observers: who is told what happens.
        job: as in `run_recipe`.

    Returns:
        What the wanted step and those before it did, plan by plan.

    Raises:
        UsageError: there is no such plan or step, or the step before it is not done.
        InterlinkError: as `run_recipe` says.
    """
    steps = curate(recipe, engine=engine)
    names = [each.name for each in steps]
    if step not in {None, *names}:
        raise UsageError(f"--step {step} must be one of {', '.join(names)}")

    def publish(store: Store, number: int, reports: list[StepReport]) -> None:
        if step in {None, names[-1]}:
            publish_plan(store, recipe, number, reports)

    wanted = _Wanted(plan=plan, step=step, is_planning=plan is None and step == names[0])
    return _run(recipe, steps, wanted, observers, job, publish)


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What of a recipe is wanted."""

    plan: int | None = None
    step: str | None = None
    is_planning: bool = True
    """Whether new sources make a plan."""


def _run(
    recipe: Recipe,
    steps: Sequence[Step],
    wanted: _Wanted,
    observers: Sequence[Observer],
    job: Job | None,
    finish_plan: Callable[[Store, int, list[StepReport]], None],
) -> list[StepReport]:
    use_one_thread()
    store = Store(recipe.run, single_writer=recipe.single_writer)
    job = job or Job(recipe.run)
    line = [job.line] if job.line else []
    everyone = (*observers, *line, EventLog(store.local_path("events.jsonl")))
    reports: list[StepReport] = []
    with PlanRunner(recipe, steps, only=wanted.step, job=job, observers=everyone) as runner:
        store.probe()
        with job.begin(runner.engine_names):
            if wanted.is_planning:
                fault_point("plan.before")
                make_plans(store, recipe)
                fault_point("plan.after")
            check_dataset(store, recipe)
            store.put("recipe.yaml", recipe.resolved().encode())
            store.put(DIGESTS_NAME, _digests(recipe, steps))
            for plan in _wanted_plans(store, wanted.plan):
                done = runner.take(plan)
                fault_point("publish.before", str(plan))
                finish_plan(store, plan, done)
                fault_point("publish.after", str(plan))
                reports.extend(done)
                _write_stats(store, reports)
    return reports


def _wanted_plans(store: Store, plan: int | None) -> list[int]:
    numbers = plan_numbers(store)
    if plan is None and numbers:
        return numbers
    if plan not in numbers:
        there = f"has plans 1 to {numbers[-1]}" if numbers else "has none"
        raise UsageError(
            f"there is no plan {plan or 1} in {store.display()}, which {there}; "
            "`interlink plan RECIPE --write` makes plans of new sources"
        )
    return [plan]


def make_plans(store: Store, recipe: Recipe) -> list[int]:
    """Write plans for the sources that no plan accounts for yet.

    Returns:
        The numbers of the new plans.

    Raises:
        UsageError: the manifest cannot be read, or names no source at all.
    """
    plans = propose_plans(store, recipe)
    for number, sources in plans.items():
        write_plan(store, number, sources)
    return list(plans)


def propose_plans(store: Store, recipe: Recipe) -> dict[int, list[Source]]:
    """Return the plans that `make_plans` would write: the sources of each, by its number.

    Raises:
        UsageError: the manifest cannot be read, or names no source at all.
    """
    numbers = plan_numbers(store)
    known: set[str] = set()
    for number in numbers:
        known.update(read_plan(store, number, ["source_id"]).column("source_id").to_pylist())
    sources = islice(read_sources(recipe.sources), recipe.limit)
    new = [source for source in sources if source.source_id not in known]
    if not new and not known:
        raise UsageError(f"{recipe.sources} names no source; add one URL or path per line")
    new = leave_out_denied(new, read_denied(Store(recipe.dataset_url)))
    if not new and not known:
        raise UsageError(f"all that {recipe.sources} names was taken down; name other sources")
    starts = range(0, len(new), PLAN_SIZE)
    first = max(numbers, default=0) + 1
    return {number: new[s : s + PLAN_SIZE] for number, s in enumerate(starts, first)}


def _digests(recipe: Recipe, steps: Sequence[Step]) -> bytes:
    folders = [
        {"step": step.name, "engine": step.engine, "folder": step_folder(step, key)}
        for step, key in zip(steps, step_keys(steps), strict=True)
    ]
    content = {
        "recipe": recipe.digest(),
        "code_version": __version__,
        "dataset": recipe.dataset_url,
        "steps": folders,
    }
    return json.dumps(content, indent=1).encode()


def _write_stats(store: Store, reports: Sequence[StepReport]) -> None:
    """Write the funnel for people: fates, time and CPU by step."""
    rows = []
    for report in reports:
        row = asdict(report)
        del row["commits"]
        rows.append(row)
    store.put("stats.json", json.dumps({"steps": rows}, indent=1).encode())
