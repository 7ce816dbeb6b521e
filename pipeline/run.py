"""One execution of a recipe: plans, steps, shards, a manifest version, the funnel and the card."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .. import __version__
from ..schemas.errors import EnvironmentFault, UsageError
from .curate import curate, step_keys
from .dataset.versions import newest_manifest
from .faults import fault_point
from .freed import free_plan, freed_numbers, freed_reports
from .jobs.job import Job
from .jobs.observer import EventLog, Observer
from .machine.threads import use_one_thread
from .parts.part import step_folder
from .parts.plan import plan_numbers
from .plan_run import PlanRunner
from .planning import make_plans
from .plans.published import note_published, published_reports
from .plans.run_files import DIGESTS_NAME, RECIPE_NAME
from .plans.stats import write_stats
from .publish.plan import Publication, check_dataset, publish_plan, read_manifest
from .recipes.recipe import Recipe
from .step import EngineName, Step
from .step_run import StepReport
from .storage.disk_guard import DiskGuard
from .storage.probe import probe_store
from .storage.store import Store


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What a run did."""

    steps: tuple[StepReport, ...]
    """What each step did, plan by plan; those of the last plan have their commits."""
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
    publication: Publication | None = None
    steps = curate(recipe, engine=engine)

    def publish(store: Store, plan: int, reports: list[StepReport]) -> Publication:
        nonlocal publication
        publication = _publish(store, recipe, plan, reports)
        return publication

    reports = _run(recipe, steps, _Wanted(), observers, job, publish)
    if publication is None:  # every plan was published and freed by an earlier run
        newest = read_manifest(Store(recipe.dataset_url))
        publication = Publication(dataset_url=recipe.dataset_url, manifest=newest)
    return RunReport(steps=tuple(reports), dataset_url=recipe.dataset_url, publication=publication)


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

    def publish(store: Store, number: int, reports: list[StepReport]) -> Publication | None:
        return _publish(store, recipe, number, reports) if step in {None, names[-1]} else None

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
    finish_plan: Callable[[Store, int, list[StepReport]], Publication | None],
) -> list[StepReport]:
    use_one_thread()
    store = Store(recipe.run, single_writer=recipe.single_writer)
    job = job or Job(recipe.run, single_writer=recipe.single_writer)
    line = [job.line] if job.line else []
    everyone = (*observers, *line, EventLog(store.local_path("events.jsonl")))
    reports: list[StepReport] = []
    with PlanRunner(recipe, steps, only=wanted.step, job=job, observers=everyone) as runner:
        probe_store(store)
        with job.begin(runner.engine_names, everyone):
            plans = _plans(store, recipe, wanted)
            check_dataset(store, recipe)
            # What cannot be done is told before anything is: the old recipe is still there then.
            finished = _finished(store, recipe, plans, runner.steps)
            store.put(RECIPE_NAME, recipe.resolved().encode())
            store.put(DIGESTS_NAME, _digests(recipe, steps))
            for plan in plans:
                # Commits of the plans before are held no longer: they grow with the videos.
                reports = [replace(report, commits=()) for report in reports]
                done = finished.get(plan)
                if done is None:
                    try:
                        done = runner.take(plan)
                        _tell_published(everyone, plan, finish_plan(store, plan, done))
                    except (FileNotFoundError, EnvironmentFault):
                        # Another run at this folder may have published the plan, and freed it.
                        done = _finished(store, recipe, [plan], runner.steps).get(plan)
                        if done is None:
                            raise
                    write_stats(store, done)
                reports.extend(done)
    return reports


def _plans(store: Store, recipe: Recipe, wanted: _Wanted) -> list[int]:
    """Return the numbers of the wanted plans, after those of new sources are made."""
    if wanted.is_planning:
        fault_point("plan.before")
        make_plans(store, recipe)
        fault_point("plan.after")
    numbers = plan_numbers(store)
    if wanted.plan is None and numbers:
        return numbers
    if wanted.plan not in numbers:
        there = f"has plans 1 to {numbers[-1]}" if numbers else "has none"
        raise UsageError(
            f"there is no plan {wanted.plan or 1} in {store.display()}, which {there}; "
            "`interlink plan RECIPE --write` makes plans of new sources"
        )
    return [wanted.plan]


def _finished(
    store: Store, recipe: Recipe, plans: Sequence[int], steps: Sequence[Step]
) -> dict[int, list[StepReport]]:
    """Return what the steps did on plans that an earlier run finished, by plan."""
    dataset = Store(recipe.dataset_url)
    newest = newest_manifest(dataset)
    last_folder = step_folder(steps[-1], step_keys(steps)[-1])
    finished = published_reports(store, plans, last_folder, manifest=newest)
    freed = set(freed_numbers(store)) if finished and recipe.retain != "all" else set()
    for plan in [plan for plan in finished if plan not in freed]:  # killed before it was freed
        free_plan(store, plan, last_folder, recipe.retain)
    return finished | freed_reports(store, dataset, plans, steps)


def _publish(store: Store, recipe: Recipe, plan: int, reports: list[StepReport]) -> Publication:
    """Publish a plan, and free what the recipe does not retain."""
    fault_point("publish.before", str(plan))
    disk = Store(recipe.dataset_url).local_path("")
    guard = DiskGuard([disk] if disk else [], recipe.disk.policy(), lambda _: None)
    publication = guard.patiently(lambda: publish_plan(store, recipe, plan, reports))
    fault_point("publish.after", str(plan))
    note_published(store, plan, reports, manifest=publication.manifest)
    fault_point("free.before", str(plan))
    free_plan(store, plan, reports[-1].folder, recipe.retain)
    return publication


def _tell_published(
    observers: Sequence[Observer], plan: int, publication: Publication | None
) -> None:
    if publication is not None:
        newest = publication.manifest
        for observer in observers:
            observer.plan_published(
                plan=plan, version=newest.version, documents=newest.num_documents
            )


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
