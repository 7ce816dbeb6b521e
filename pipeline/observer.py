"""What a run tells while it goes on: to people by progress bars, to machines by JSON lines."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from .commit import Commit

logger = logging.getLogger(__name__)


class Observer(Protocol):
    """Is told what happens, as it happens, from the driver's threads."""

    def step_started(self, *, plan: int, step: str, engine: str, parts: int, done: int) -> None:
        """A step begins with `done` of `parts` parts committed already."""

    def part_done(self, commit: Commit) -> None:
        """A part was committed."""

    def paused(self, *, step: str, message: str) -> None:
        """A worker waits, as for space on a disk."""

    def step_ended(self, *, plan: int, step: str, wall_s: float, cpu_s: float) -> None:
        """All parts of a step are committed."""


class Silent:
    """Tells nobody."""

    def step_started(self, *, plan: int, step: str, engine: str, parts: int, done: int) -> None:
        """Say nothing."""

    def part_done(self, commit: Commit) -> None:
        """Say nothing."""

    def paused(self, *, step: str, message: str) -> None:
        """Say nothing."""

    def step_ended(self, *, plan: int, step: str, wall_s: float, cpu_s: float) -> None:
        """Say nothing."""


class EventLog:
    """Appends each event as a JSON line to a local file.

    Args:
        path: the file; None writes nowhere, for runs on a remote store.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def step_started(self, *, plan: int, step: str, engine: str, parts: int, done: int) -> None:
        """Note that a step begins."""
        self._write("step_started", plan=plan, step=step, engine=engine, parts=parts, done=done)

    def part_done(self, commit: Commit) -> None:
        """Note that a part was committed."""
        self._write("part_done", step=commit.step, part=commit.part, wall_s=commit.wall_s)

    def paused(self, *, step: str, message: str) -> None:
        """Note that a worker waits."""
        self._write("paused", step=step, message=message)

    def step_ended(self, *, plan: int, step: str, wall_s: float, cpu_s: float) -> None:
        """Note that a step ended."""
        self._write("step_ended", plan=plan, step=step, wall_s=wall_s, cpu_s=cpu_s)

    def _write(self, event: str, **values: str | int | float) -> None:
        if self._path is None:
            return
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line | values) + "\n")
        except OSError as error:
            # A full disk stops the run where a part is written; the log must not do it first.
            logger.warning("no more events are logged: cannot write %s: %s", self._path, error)
            self._path = None
