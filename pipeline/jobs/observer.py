"""What a run tells while it goes on: to people by progress bars, to machines by JSON lines.

`docs/watching.md` lists the events with their values.
"""

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from ..parts.commit import Commit

logger = logging.getLogger(__name__)


class Observer(Protocol):
    """Is told what happens, as it happens, from the driver's threads."""

    def job_started(self, *, job: int, engines: Sequence[str]) -> None:
        """A process begins to carry the run out; after a death it is the next job."""

    def step_started(self, *, plan: int, step: str, engine: str, parts: int, done: int) -> None:
        """A step begins with `done` of `parts` parts committed already."""

    def part_done(self, commit: Commit) -> None:
        """A part was committed."""

    def paused(self, *, step: str, message: str) -> None:
        """A worker waits, as for space on a disk."""

    def step_ended(self, *, plan: int, step: str, wall_s: float, cpu_s: float) -> None:
        """All parts of a step are committed."""

    def plan_published(self, *, plan: int, version: int, documents: int) -> None:
        """A plan is through, and its documents are in this version of the dataset."""

    def job_ended(self, *, job: int, exit_code: int, reason: str) -> None:
        """The process ends: all is done, or it stops for a reason."""

    def restarting(self, *, reason: str) -> None:
        """The supervisor starts the next job, as the one before died."""


class Silent:
    """Tells nobody."""

    def job_started(self, *, job: int, engines: Sequence[str]) -> None:
        """Say nothing."""

    def step_started(self, *, plan: int, step: str, engine: str, parts: int, done: int) -> None:
        """Say nothing."""

    def part_done(self, commit: Commit) -> None:
        """Say nothing."""

    def paused(self, *, step: str, message: str) -> None:
        """Say nothing."""

    def step_ended(self, *, plan: int, step: str, wall_s: float, cpu_s: float) -> None:
        """Say nothing."""

    def plan_published(self, *, plan: int, version: int, documents: int) -> None:
        """Say nothing."""

    def job_ended(self, *, job: int, exit_code: int, reason: str) -> None:
        """Say nothing."""

    def restarting(self, *, reason: str) -> None:
        """Say nothing."""


class Events:
    """Makes events of what happens: a name, and values that JSON can hold."""

    def say(self, event: str, **values: object) -> None:
        """Tell one event."""
        raise NotImplementedError

    def job_started(self, *, job: int, engines: Sequence[str]) -> None:
        """Say that a process begins."""
        self.say("job_started", job=job, engines=list(engines))

    def step_started(self, *, plan: int, step: str, engine: str, parts: int, done: int) -> None:
        """Say that a step begins."""
        self.say("step_started", plan=plan, step=step, engine=engine, parts=parts, done=done)

    def part_done(self, commit: Commit) -> None:
        """Say that a part was committed, and apart if records wait or killed their workers."""
        place = {"step": commit.step, "part": commit.part}
        lost = {
            fate: sum(getattr(stage, fate) for stage in commit.stages)
            for fate in ("rejected", "failed", "deferred", "quarantined")
        }
        self.say("part_done", **place, kept=commit.num_kept, **lost, wall_s=commit.wall_s)
        for fate in ("deferred", "quarantined"):
            if lost[fate]:
                self.say(f"records_{fate}", **place, records=lost[fate])

    def paused(self, *, step: str, message: str) -> None:
        """Say that a worker waits."""
        self.say("paused", step=step, message=message)

    def step_ended(self, *, plan: int, step: str, wall_s: float, cpu_s: float) -> None:
        """Say that a step ended."""
        self.say("step_ended", plan=plan, step=step, wall_s=wall_s, cpu_s=cpu_s)

    def plan_published(self, *, plan: int, version: int, documents: int) -> None:
        """Say that a plan is published."""
        self.say("plan_published", plan=plan, version=version, documents=documents)

    def job_ended(self, *, job: int, exit_code: int, reason: str) -> None:
        """Say that the process ends."""
        self.say("job_ended", job=job, exit_code=exit_code, reason=reason)

    def restarting(self, *, reason: str) -> None:
        """Say that the next job starts."""
        self.say("restarting", reason=reason)


class EventLog(Events):
    """Appends each event as a JSON line to a local file.

    Args:
        path: the file; None writes nowhere, for runs on a remote store.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def say(self, event: str, **values: object) -> None:
        """Append one line."""
        if self._path is None:
            return
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"time": now(), "event": event} | values) + "\n")
        except OSError as error:
            # A full disk stops the run where a part is written; the log must not do it first.
            logger.warning("no more events are logged: cannot write %s: %s", self._path, error)
            self._path = None


def now() -> str:
    """Return the time, as events say it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
