"""Progress for people (bars on a terminal) and for machines (JSON lines elsewhere)."""

import json
import sys
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ..commit import Commit


class Bars:
    """One bar for each step, filled as its parts are committed."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("parts  {task.fields[kept]:>6} kept"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task: TaskID | None = None
        self._kept = 0

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def step_started(self, *, plan: int, step: str, engine: str, parts: int, done: int) -> None:
        """Open a bar."""
        self._kept = 0
        self._task = self._progress.add_task(
            f"{step} on {engine}", total=parts, completed=done, kept="" if done else 0
        )

    def part_done(self, commit: Commit) -> None:
        """Fill the bar a little."""
        assert self._task is not None
        self._kept += commit.num_kept
        self._progress.update(self._task, advance=1, kept=self._kept)

    def step_ended(self, *, plan: int, step: str, wall_s: float, cpu_s: float) -> None:
        """Leave the bar standing, full."""
        assert self._task is not None
        self._progress.refresh()
        self._progress.stop_task(self._task)


class JsonLines:
    """One JSON object a line, on the standard output."""

    def __enter__(self) -> "JsonLines":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        sys.stdout.flush()

    def step_started(self, *, plan: int, step: str, engine: str, parts: int, done: int) -> None:
        """Say that a step begins."""
        _say("step_started", plan=plan, step=step, engine=engine, parts=parts, done=done)

    def part_done(self, commit: Commit) -> None:
        """Say that a part was committed."""
        _say("part_done", step=commit.step, part=commit.part, kept=commit.num_kept)

    def step_ended(self, *, plan: int, step: str, wall_s: float, cpu_s: float) -> None:
        """Say that a step ended."""
        _say("step_ended", plan=plan, step=step, wall_s=wall_s, cpu_s=cpu_s)


def progress_for(console: Console) -> Bars | JsonLines:
    """Return bars on a terminal, JSON lines elsewhere."""
    return Bars(console) if console.is_terminal else JsonLines()


def _say(event: str, **values: str | int | float) -> None:
    print(json.dumps({"event": event} | values), flush=True)
