"""`interlink status`: how far a run is, from its files alone."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from ...schemas.errors import UsageError
from ...transforms.fetch.routing import is_url
from ..commit import Commit, StageCounts, read_commit
from ..plan import plan_numbers, plan_parts
from ..run_files import DIGESTS_NAME
from ..step_run import add_counts
from ..store import Store
from .console import make_console
from .funnel import FATES


@dataclass(frozen=True, kw_only=True)
class _StepState:
    """How far a step is."""

    step: str
    engine: str
    num_done: int
    num_parts: int
    counts: tuple[StageCounts, ...]


def status(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Folder or URL of a run.")],
) -> None:
    """Say how far a run is: parts and records by step. May be asked from another machine."""
    if not is_url(run) and Path(run).is_file():
        raise UsageError(f"{run} is a file; name the `run:` folder of a recipe")
    store = Store(run)
    numbers = plan_numbers(store)
    if not numbers:
        raise UsageError(f"there is no plan in {run}; name the `run:` folder of a recipe")
    parts = [part for number in numbers for part in plan_parts(store, number)]
    console = make_console()
    text = (
        f"{run}: {len(numbers)} {_plural('plan', numbers)}, {len(parts)} {_plural('part', parts)}"
    )
    console.print(text, soft_wrap=True)
    if not store.exists(DIGESTS_NAME):
        console.print("planned, not begun\nnext: interlink run RECIPE")
        return
    begun = json.loads(store.read(DIGESTS_NAME))
    states = [_state(store, row, parts) for row in begun["steps"]]
    console.print(_table(states))
    _print_rest(console, store, {row["folder"] for row in begun["steps"]})
    if all(state.num_done == len(parts) for state in states):
        console.print(f"next: interlink inspect {begun['dataset']}", soft_wrap=True)
    else:
        console.print("next: interlink run RECIPE goes on where it stopped")


def _state(store: Store, row: dict[str, str], parts: list[str]) -> _StepState:
    commits = _commits(store, row["folder"], parts)
    return _StepState(
        step=row["step"],
        engine=row["engine"],
        num_done=len(commits),
        num_parts=len(parts),
        counts=add_counts(commits),
    )


def _table(states: list[_StepState]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    columns = ("step", "on", "parts done", "of", *FATES[:-1], "out")
    for name in columns:
        table.add_column(name, justify="left" if name in {"step", "on"} else "right", no_wrap=True)
    for state in states:
        # Losses add up over the stages of a step; what is kept is what the last one kept.
        lost = [sum(getattr(stage, fate) for stage in state.counts) for fate in FATES[1:-1]]
        kept = state.counts[-1].kept if state.counts else 0
        out = state.counts[-1].outputs if state.counts else 0
        numbers = (state.num_done, state.num_parts, kept, *lost, out)
        table.add_row(state.step, state.engine, *(str(n) if n else "·" for n in numbers))
    return table


def _print_rest(console: Console, store: Store, current: set[str]) -> None:
    """Tell the last event, the time of the last finished run, and what an edit left behind."""
    events = store.local_path("events.jsonl")
    lines = events.read_bytes().splitlines() if events is not None and events.is_file() else []
    if lines:
        last = json.loads(lines[-1])
        what = " ".join(str(last[key]) for key in ("event", "step", "part") if key in last)
        console.print(f"last event: {what.replace('_', ' ')}, {last['time']}")
    if store.exists("stats.json"):
        steps = json.loads(store.read("stats.json"))["steps"]
        wall_s, cpu_s = (sum(step[name] for step in steps) for name in ("wall_s", "cpu_s"))
        text = f"last finished run: {wall_s:.0f} s, {cpu_s:.0f} CPU-seconds"
        console.print(text)
    left = [name for name in store.names("steps") if f"steps/{name}" not in current]
    if left:
        count = "1 step" if len(left) == 1 else f"{len(left)} steps"
        lies = "lies" if len(left) == 1 else "lie"
        console.print(f"{count} of an earlier recipe {lies} beside: {', '.join(left)}")


def _commits(store: Store, folder: str, parts: list[str]) -> list[Commit]:
    begun = set(store.names(folder))
    found = (read_commit(store, folder, part) for part in parts if part in begun)
    return [commit for commit in found if commit is not None]


def _plural(word: str, things: list[str] | list[int]) -> str:
    return word if len(things) == 1 else f"{word}s"
