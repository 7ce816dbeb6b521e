"""Progress for people (bars on a terminal) and for machines (JSON lines elsewhere)."""

import json
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from ...model.finite import finite
from ..jobs.observer import Events, Silent, now
from ..parts.commit import Commit

_BESIDE_BAR = 54
"""Columns of the terminal that everything but the bar takes, with parts in the thousands."""


class Live:
    """Bars that stand on the terminal as long as it is entered.

    Args:
        console: the terminal.
        label_columns: width of the text before a bar.
        beside_bar: columns that everything but the bar takes.
        beside: what stands between the bar and the remaining time.
    """

    def __init__(
        self,
        console: Console,
        *,
        label_columns: int,
        beside_bar: int,
        beside: Sequence[ProgressColumn],
    ) -> None:
        self._progress = Progress(
            TextColumn(f"{{task.description:<{label_columns}}}"),
            BarColumn(bar_width=min(max(console.width - beside_bar, 8), 40)),
            *beside,
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()


class Bars(Live, Silent):
    """One bar for each step, filled as its parts are committed."""

    def __init__(self, console: Console) -> None:
        super().__init__(
            console,
            label_columns=19,
            beside_bar=_BESIDE_BAR,
            beside=(MofNCompleteColumn(), TextColumn("{task.fields[kept]}")),
        )
        self._task: TaskID | None = None
        self._plan = self._kept = self._done = 0

    def step_started(self, *, plan: int, step: str, engine: str, parts: int, done: int) -> None:
        """Open a bar; those of the plan before make room."""
        if plan != self._plan:
            for task in self._progress.task_ids:
                self._progress.remove_task(task)
            self._plan = plan
        self._kept, self._done = 0, done
        self._task = self._progress.add_task(
            f"{step} on {engine}" if plan == 1 else f"{plan:03d} {step} on {engine}",
            total=parts,
            completed=done,
            kept=_kept(0, done),
        )

    def part_done(self, commit: Commit) -> None:
        """Fill the bar a little."""
        assert self._task is not None
        self._kept += commit.num_kept
        self._progress.update(self._task, advance=1, kept=_kept(self._kept, self._done))

    def paused(self, *, step: str, message: str) -> None:
        """Say above the bars that a worker waits."""
        self._progress.console.print(f"{step} waits: {message}", soft_wrap=True, markup=False)

    def step_ended(self, *, plan: int, step: str, wall_s: float, cpu_s: float) -> None:
        """Leave the bar standing, full."""
        assert self._task is not None
        self._progress.refresh()
        self._progress.stop_task(self._task)


class Lines:
    """Says things as JSON objects, one a line, on the standard output."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        sys.stdout.flush()

    def say(self, event: str, **values: object) -> None:
        """Print one object; a number that is not finite becomes null."""
        print(json.dumps({"event": event, **finite(values)}), flush=True)


class JsonLines(Lines, Events):
    """What happens in a run; the same events as in its `events.jsonl`."""

    def say(self, event: str, **values: object) -> None:
        """Print one event with its time."""
        super().say(event, **values, time=now())


def progress_for(console: Console) -> Bars | JsonLines:
    """Return bars on a terminal, JSON lines elsewhere."""
    return Bars(console) if console.is_terminal else JsonLines()


def _kept(num_kept: int, num_done: int) -> str:
    """Say what new parts kept, or that an earlier run had done some."""
    if num_done and not num_kept:
        return f"{num_done} reused"
    return f"+{num_kept} kept, {num_done} reused" if num_done else f"{num_kept} kept"
