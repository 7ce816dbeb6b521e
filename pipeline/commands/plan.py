"""`interlink plan`: what a run would do, before it does it."""

from rich import box
from rich.table import Table

from ..commit import read_commit
from ..curate import curate, step_keys
from ..part import step_folder
from ..plan import plan_numbers, plan_parts, plan_sources
from ..planning import make_plans
from ..recipe import load_recipe
from ..step import Step
from ..store import Store
from .console import make_console
from .options import EngineOption, Limit, RecipePath, Settings, check_engine, settings_of

_SHOWN = 10
"""Newest plans that are listed."""


def plan(
    recipe: RecipePath,
    settings: Settings = None,
    limit: Limit = None,
    engine: EngineOption = None,
) -> None:
    """Divide the sources into parts and show which steps are done and which are to do.

    The plans are written into the run's folder, and `run` goes by them; nothing is fetched.
    """
    loaded = load_recipe(recipe, settings_of(settings, limit))
    steps = curate(loaded, engine=check_engine(engine))
    store = Store(loaded.run, single_writer=loaded.single_writer)
    store.probe()
    new = make_plans(store, loaded)
    numbers = plan_numbers(store)
    console = make_console()
    if len(numbers) > _SHOWN:
        console.print(f"{len(numbers) - _SHOWN} earlier plans")
    for number in numbers[-_SHOWN:]:
        num_sources = sum(1 for _ in plan_sources(store, number))
        num_parts = len(plan_parts(store, number))
        state = "new" if number in new else "known"
        text = f"plan {number:03d}: {num_sources} sources in {num_parts} parts, {state}"
        console.print(text)
    parts = [part for number in numbers for part in plan_parts(store, number)]
    console.print(_progress_table(store, steps, parts))
    console.print(f"run      {loaded.run}", soft_wrap=True)
    console.print(f"dataset  {loaded.dataset_url}", soft_wrap=True)
    console.print(f"next: interlink run {recipe}", soft_wrap=True)


def _progress_table(store: Store, steps: list[Step], parts: list[str]) -> Table:
    """Tabulate by step how many parts are done with this recipe and how many are to do."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("step", "engine", "workers", "parts done", "to do", "key"):
        is_number = name in {"workers", "parts done", "to do"}
        table.add_column(name, justify="right" if is_number else "left", no_wrap=True)
    for step, key in zip(steps, step_keys(steps), strict=True):
        folder = step_folder(step, key)
        begun = set(store.names(folder))
        done = sum(1 for part in parts if part in begun and read_commit(store, folder, part))
        workers = 1 if step.engine == "local" else step.resources.workers
        to_do = len(parts) - done
        table.add_row(step.name, step.engine, str(workers), str(done), str(to_do), key[:12])
    return table
