"""`interlink plan`: what a run would do, before it does it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

import pyarrow as pa
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from ..curate import curate
from ..freed import freed_numbers
from ..parts.plan import plan_numbers, plan_table, read_plan, retry_numbers, write_plan
from ..planning import propose_plans
from ..plans.run_files import last_steps
from ..recipes.recipe import load_recipe
from ..step import Step
from ..storage.probe import probe_store
from ..storage.store import Store
from ..watching.forecast import Estimate, PartSize, estimate, learn_bytes, part_sizes
from ..watching.outlook import StepOutlook, look_ahead
from .console import make_console, plural, size, span
from .options import EngineOption, Limit, RecipePath, Settings, check_engine, settings_of

_SHOWN = 10
"""Newest plans that are listed."""
_COLUMNS = ["part", "duration_us", "num_bytes"]


def plan(
    recipe: RecipePath,
    settings: Settings = None,
    limit: Limit = None,
    engine: EngineOption = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the new plans, for `run --plan N --step S`.")
    ] = False,
) -> None:
    """Show which steps of which parts are done, which are to do and why, and what that takes.

    Nothing is fetched, and nothing is written but with --write; `run` writes new plans itself.
    """
    loaded = load_recipe(recipe, settings_of(settings, limit))
    steps = curate(loaded, engine=check_engine(engine))
    store = Store(loaded.run, single_writer=loaded.single_writer)
    if write:
        probe_store(store)
    new = propose_plans(store, loaded)
    tables = {number: read_plan(store, number, _COLUMNS) for number in plan_numbers(store)}
    tables |= {number: plan_table(sources).select(_COLUMNS) for number, sources in new.items()}
    if write:
        for number, sources in new.items():
            write_plan(store, number, sources)
    console = make_console()
    _print_plans(console, store, tables, set() if write else set(new))
    outlooks, estimates = _forecast(store, steps, tables)
    console.print(_table(outlooks, estimates))
    _print_reasons(console, store, outlooks)
    _print_sum(console, outlooks, estimates)
    console.print(f"run      {loaded.run}", soft_wrap=True)
    console.print(f"dataset  {loaded.dataset_url}", soft_wrap=True)
    console.print(f"next: interlink run {recipe}", soft_wrap=True)


def _forecast(
    store: Store, steps: Sequence[Step], tables: Mapping[int, pa.Table]
) -> tuple[list[StepOutlook], list[Estimate | None]]:
    """Return what each step finds done, and what the rest of it takes."""
    sizes: dict[str, PartSize] = {}
    for number, table in tables.items():
        sizes |= part_sizes(number, table)
    last = {step.folder for step in last_steps(store)}
    outlooks = look_ahead(store, steps, list(sizes), last=last)
    sizes = learn_bytes(sizes, outlooks[0].done)
    estimates = [
        estimate(look.to_do, look.done, sizes, workers=_workers(look.step)) for look in outlooks
    ]
    return outlooks, estimates


def _workers(step: Step) -> int:
    return 1 if step.engine == "local" else step.resources.workers


def _print_plans(
    console: Console, store: Store, tables: Mapping[int, pa.Table], proposed: Collection[int]
) -> None:
    retries, freed = retry_numbers(store), freed_numbers(store)
    if len(tables) > _SHOWN:
        console.print(f"{len(tables) - _SHOWN} earlier plans")
    for number in sorted(tables)[-_SHOWN:]:
        table = tables[number]
        num_parts = len(table.column("part").unique())
        if number in proposed:
            state = "new, not written yet"
        else:
            state = "a retry" if number in retries else "known"
            state += ", published and freed" if number in freed else ""
        sources = plural(table.num_rows, "source")
        text = f"plan {number:03d}: {sources} in {plural(num_parts, 'part')}, {state}"
        console.print(text)


def _table(outlooks: Sequence[StepOutlook], estimates: Sequence[Estimate | None]) -> Table:
    """Tabulate by step how many parts are done with this recipe, what is to do, and its price."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("step", "on", "workers", "cached", "new", "invalidated", "writes", "takes"):
        justify = "left" if name in {"step", "on"} else "right"
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for look, expected in zip(outlooks, estimates, strict=True):
        counts = (len(look.cached), len(look.new), len(look.invalidated))
        price = (
            ("?", "?") if expected is None else (size(expected.num_bytes), span(expected.wall_s))
        )
        table.add_row(
            look.step.name,
            look.step.engine,
            str(_workers(look.step)),
            *(str(count) if count else "·" for count in counts),
            *(price if look.to_do else ("·", "·")),
        )
    return table


def _print_reasons(console: Console, store: Store, outlooks: Sequence[StepOutlook]) -> None:
    """Say for each step with invalidated parts what invalidated them, and what cannot be done."""
    for look in outlooks:
        if look.invalidated:
            reasons = "; ".join(look.why)
            console.print(f"{look.step.name} is done again: {reasons}", soft_wrap=True)
    touched = {int(part.partition("-")[0]) for look in outlooks for part in look.invalidated}
    for number in sorted(touched & set(freed_numbers(store))):
        text = (
            f"plan {number:03d} is freed: the files that its parts would be done again from are "
            "gone, and a run refuses this recipe; go back to the one before, or give this one a "
            "`run:` of its own"
        )
        console.print(text, soft_wrap=True)


def _print_sum(
    console: Console, outlooks: Sequence[StepOutlook], estimates: Sequence[Estimate | None]
) -> None:
    """Say what all of it takes, from what that is known, and what is not known."""
    if not any(look.to_do for look in outlooks):
        console.print("every part is done; a run publishes what is not published yet")
        return
    known = [found for found in estimates if found is not None and found.parts]
    costs = [found for found in known if found.worker_s]
    if costs:
        wall_s, written = sum(e.wall_s for e in costs), sum(e.num_bytes for e in costs)
        by = ", ".join(dict.fromkeys(e.by for e in costs))
        text = (
            f"about {span(wall_s)} and {size(written)}, reckoned from finished parts by {by}; "
            "starting engines and loading models comes on top"
        )
        console.print(text, soft_wrap=True)
    unknown = [
        look.step.name for look, found in zip(outlooks, estimates, strict=True) if found is None
    ]
    if unknown:
        text = f"not estimated, as no part of it is finished: {', '.join(unknown)}"
        console.print(text if known else f"{text}; a run with --limit 20 tells", soft_wrap=True)
