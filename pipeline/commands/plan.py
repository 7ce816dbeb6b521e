"""`interlink plan`: what a run would do, before it does it."""

from rich.table import Table

from ..commit import read_commit
from ..curate import curate, step_keys
from ..part import step_folder
from ..plan import plan_numbers, plan_parts, plan_sources
from ..recipe import load_recipe
from ..run import make_plans
from ..store import Store
from .console import make_console
from .options import EngineOption, Limit, RecipePath, Settings, check_engine, settings_of


def plan(
    recipe: RecipePath,
    settings: Settings = None,
    limit: Limit = None,
    engine: EngineOption = None,
) -> None:
    """Divide the sources into parts and show which steps are done and which are to do."""
    loaded = load_recipe(recipe, settings_of(settings, limit))
    store = Store(loaded.run)
    store.probe()
    new = make_plans(store, loaded)
    steps = curate(loaded, engine=check_engine(engine))
    console = make_console()
    for number in plan_numbers(store):
        parts = plan_parts(store, number)
        num_sources = sum(1 for _ in plan_sources(store, number))
        state = "new" if number in new else "known"
        table = Table(
            title=f"plan {number:03d} ({state}): {num_sources} sources in {len(parts)} parts",
            title_justify="left",
        )
        for name in ("step", "engine", "workers", "done", "to do", "key"):
            table.add_column(name, justify="right" if name in {"done", "to do"} else "left")
        for step, key in zip(steps, step_keys(steps), strict=True):
            folder = step_folder(step, key)
            begun = set(store.names(folder))
            done = sum(1 for p in parts if p in begun and read_commit(store, folder, p))
            table.add_row(
                step.name,
                step.engine,
                str(step.resources.workers),
                str(done),
                str(len(parts) - done),
                key[:12],
            )
        console.print(table)
    console.print(f"run {store.display()}, dataset {loaded.dataset_url}")
    console.print(f"next: interlink run {recipe}")
