"""`interlink status`: how far a run is, from its commits alone."""

import json
from typing import Annotated

import typer
from rich.table import Table

from ...schemas.errors import UsageError
from ..commit import Commit, read_commit
from ..plan import plan_numbers, plan_parts
from ..step_run import add_counts
from ..store import Store
from .console import make_console
from .funnel import FATES


def status(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Folder or URL of a run.")],
) -> None:
    """Say how far a run is: parts and records by step. May be asked from another machine."""
    store = Store(run)
    numbers = plan_numbers(store)
    if not numbers:
        raise UsageError(f"there is no plan in {run}; name the `run:` folder of a recipe")
    console = make_console()
    table = Table(title=f"{run}: {len(numbers)} plans")
    table.title_justify = "left"
    for name in ("step", "parts", "of", *FATES):
        table.add_column(name, justify="left" if name == "step" else "right")
    parts = [part for number in numbers for part in plan_parts(store, number)]
    for folder in _by_age(store):
        commits = _commits(store, folder, parts)
        last = add_counts(commits)
        counts = [sum(getattr(stage, fate) for stage in last) for fate in FATES]
        table.add_row(folder, str(len(commits)), str(len(parts)), *map(str, counts))
    console.print(table)
    if store.exists("stats.json"):
        steps = json.loads(store.read("stats.json"))["steps"]
        wall = sum(step["wall_s"] for step in steps)
        console.print(f"last finished run: {wall:.0f} s")
    console.print("a step that an edited recipe replaced stays listed under its old key")


def _by_age(store: Store) -> list[str]:
    """Return the step folders in the order of the pipeline, as far as their names tell."""
    order = ("fetch", "scan", "transcribe", "cut", "caption", "assemble")
    folders = store.names("steps")
    return sorted(folders, key=lambda name: (order.index(name.rpartition("-")[0]), name))


def _commits(store: Store, folder: str, parts: list[str]) -> list[Commit]:
    begun = set(store.names(f"steps/{folder}"))
    found = (read_commit(store, f"steps/{folder}", part) for part in parts if part in begun)
    return [commit for commit in found if commit is not None]
