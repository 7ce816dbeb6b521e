"""One execution of a recipe: plans, steps, shards, a manifest version, the funnel and the card."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import islice

from .. import __version__
from ..schemas.errors import UsageError
from .curate import curate, step_keys
from .engines.engine import Engine, make_engine
from .observer import EventLog, Observer
from .part import PartRunner, step_folder
from .plan import plan_numbers, plan_parts, plan_sources, write_plan
from .publish.plan import Publication, publish_plan
from .recipe import Recipe
from .sources import read_sources
from .step import EngineName, Step
from .step_run import StepReport, run_step
from .store import Store
from .threads import use_one_thread
from .trials import RetryPolicy

PLAN_SIZE = 30_000
"""Sources of one plan: bounds the working files, and publishes early."""
DIGESTS_NAME = "digests.json"
"""Beside `recipe.yaml`: what tells its output apart, and where each step's commits lie."""


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What a run did."""

    steps: tuple[StepReport, ...]
    dataset_url: str
    publication: Publication
    """The dataset's newest version."""


def run_recipe(
    recipe: Recipe, *, engine: EngineName | None = None, observers: Sequence[Observer] = ()
) -> RunReport:
    """Run a recipe to its end, going on from what is committed.

    Args:
        recipe: what to do.
        engine: runs all steps on this engine, whatever the recipe says.
        observers: who is told what happens.

    Raises:
        UsageError: the recipe or the manifest is wrong.
        EnvironmentFault: the machine is at fault; what is committed stays.
        BudgetExceededError: too many records failed.
        IncompleteError: the run stopped early; run it again.
    """
    publications: list[Publication] = []

    def publish(store: Store, plan: int, steps: list[StepReport]) -> None:
        publications.append(publish_plan(store, recipe, plan, steps))

    reports = _run(recipe, engine, None, observers, publish)
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
    return _run(recipe, engine, last, observers, lambda store, plan, steps: None)


def _run(
    recipe: Recipe,
    engine: EngineName | None,
    last: str | None,
    observers: Sequence[Observer],
    finish_plan: Callable[[Store, int, list[StepReport]], None],
) -> list[StepReport]:
    use_one_thread()
    # A model that is nowhere, or an engine that is not installed, is told before anything is done.
    steps = curate(recipe, engine=engine)
    if last is not None:
        steps = steps[: [step.name for step in steps].index(last) + 1]
    reports: list[StepReport] = []
    with ExitStack() as stack:
        engines = _Engines(recipe, stack)
        for step in steps:
            engines.get(step.engine)
        store = Store(recipe.run, single_writer=recipe.single_writer)
        store.probe()
        make_plans(store, recipe)
        store.put("recipe.yaml", recipe.resolved().encode())
        store.put(DIGESTS_NAME, _digests(recipe, steps))
        everyone = (*observers, EventLog(store.local_path("events.jsonl")))
        for plan in plan_numbers(store):
            done = _run_plan(store, recipe, plan, steps, engines, everyone)
            finish_plan(store, plan, done)
            reports.extend(done)
            _write_stats(store, reports)
    return reports


def make_plans(store: Store, recipe: Recipe) -> list[int]:
    """Write plans for the sources that no plan accounts for yet.

    Returns:
        The numbers of the new plans.

    Raises:
        UsageError: the manifest cannot be read, or names no source at all.
    """
    numbers = plan_numbers(store)
    known = {source.source_id for n in numbers for source in plan_sources(store, n)}
    sources = islice(read_sources(recipe.sources), recipe.limit)
    new = [source for source in sources if source.source_id not in known]
    if not new and not known:
        raise UsageError(f"{recipe.sources} names no source; add one URL or path per line")
    first = max(numbers, default=0) + 1
    made = []
    for number, start in enumerate(range(0, len(new), PLAN_SIZE), first):
        write_plan(store, number, new[start : start + PLAN_SIZE])
        made.append(number)
    return made


class _Engines:
    """Makes each engine once, when it is first needed, and closes it at the end."""

    def __init__(self, recipe: Recipe, stack: ExitStack) -> None:
        self._recipe = recipe
        self._stack = stack
        self._made: dict[EngineName, Engine] = {}

    def get(self, name: EngineName) -> Engine:
        if name not in self._made:
            self._made[name] = make_engine(
                name,
                beam_options=self._recipe.beam.options,
                ray_address=self._recipe.ray.address,
            )
            self._stack.callback(self._made[name].close)
        return self._made[name]


def _run_plan(
    store: Store,
    recipe: Recipe,
    plan: int,
    steps: Sequence[Step],
    engines: _Engines,
    observers: Sequence[Observer],
) -> list[StepReport]:
    parts = plan_parts(store, plan)
    retry = RetryPolicy(
        attempts=recipe.retries.attempts, first_pause_s=recipe.retries.first_pause_s
    )
    reports: list[StepReport] = []
    for step, key in zip(steps, step_keys(steps), strict=True):
        runner = PartRunner(
            store_url=recipe.run,
            step=step,
            key=key,
            previous_folder=reports[-1].folder if reports else None,
            single_writer=recipe.single_writer,
            scratch=recipe.scratch,
            scratch_bytes=recipe.scratch_bytes,
            retry=retry,
        )
        report = run_step(
            engines.get(step.engine),
            runner,
            plan=plan,
            parts=parts,
            max_failed_share=recipe.max_failed_share,
            observers=observers,
        )
        reports.append(report)
    return reports


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
