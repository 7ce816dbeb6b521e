"""Watches a step's commits appear: tells the observers, and stops the step when too many fail."""

import logging
import threading
import time
from collections.abc import Sequence
from types import TracebackType

from ...schemas.errors import BudgetExceededError, EnvironmentFault, IncompleteError
from ..faults import fault_point
from ..parts.commit import Commit, read_commits
from ..parts.stop_note import stop_step
from ..storage.disk_guard import PAUSE_PREFIX, read_pause
from ..storage.store import Store
from .observer import Observer

logger = logging.getLogger(__name__)

MIN_RECORDS = 200
"""Records that a stage must have seen before their failed share means anything."""


class CommitWatcher:
    """Follows the parts of one step while an engine works on them.

    Args:
        store: the run.
        folder: the step's folder.
        parts: all parts of the step.
        stop_note: path of what stops its workers, `PartRunner.stop_note`.
        max_failed_share: share of a stage's records that may fail, in [0, 1].
        observers: who is told of each commit.
        until: when to stop the step, in seconds since the epoch; None for never.
    """

    def __init__(
        self,
        store: Store,
        folder: str,
        parts: Sequence[str],
        *,
        stop_note: str,
        max_failed_share: float,
        observers: Sequence[Observer],
        until: float | None = None,
    ) -> None:
        self.commits: dict[str, Commit] = {}
        self._store = store
        self._folder = folder
        self._stop_note = stop_note
        self._step = folder.rsplit("/", 1)[-1].rpartition("-")[0]
        self._missing = dict.fromkeys(parts)
        self._max_failed_share = max_failed_share
        self._observers: Sequence[Observer] = ()
        self._pauses: set[str] = set()
        # What was committed before is known, not news.
        self.look()
        self._observers = observers
        self._until = until
        self._ended = threading.Event()
        # Listing a remote folder costs money and time: look there less often.
        self._pause_s = 0.3 if store.is_local else 5.0
        self._thread = threading.Thread(target=self._watch, name="commit-watcher", daemon=True)

    @property
    def missing(self) -> list[str]:
        """Parts without a commit, in order."""
        return list(self._missing)

    def __enter__(self) -> "CommitWatcher":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        if error is None:
            self.look_closely()

    def look(self) -> None:
        """Take in the commits that have appeared since the last look."""
        fault_point("watcher.look", self._folder)
        begun = set(self._store.names(self._folder))
        self._tell_pauses({name for name in begun if name.startswith(PAUSE_PREFIX)})
        self._take_in([part for part in self._missing if part in begun])

    def look_closely(self) -> None:
        """Take in all commits, whatever is listed: some stores list what is new a little later."""
        self._take_in(list(self._missing))

    def _take_in(self, parts: Sequence[str]) -> None:
        commits = read_commits(self._store, self._folder, parts)
        for part, commit in zip(parts, commits, strict=True):
            if commit is None:
                continue
            del self._missing[part]
            self.commits[part] = commit
            for observer in self._observers:
                observer.part_done(commit)

    def failed_too_often(self) -> BudgetExceededError | None:
        """Return why the step must stop, if it must."""
        counts: dict[str, tuple[int, int]] = {}
        for commit in self.commits.values():
            for stage in commit.stages:
                tried, failed = counts.get(stage.stage, (0, 0))
                # Deferred records were not tried: a host turned us away, or they are not there yet.
                tried += stage.planned - stage.deferred
                counts[stage.stage] = (tried, failed + stage.failed + stage.quarantined)
        for name, (tried, failed) in counts.items():
            if tried >= MIN_RECORDS and failed > self._max_failed_share * tried:
                return BudgetExceededError(
                    f"{failed} of {tried} records failed in stage {name!r}, more than "
                    f"max_failed_share={self._max_failed_share:g} allows: this looks like a broken "
                    "stage, not like bad data. What is committed stays. For the codes: interlink "
                    f"failures {self._store.display()}. When the cause is mended, interlink retry "
                    "takes the failed ones again; raise max_failed_share to go on regardless"
                )
        return None

    def _tell_pauses(self, notes: set[str]) -> None:
        """Tell of each worker that waits, once for each time."""
        for name in sorted(notes - self._pauses):
            message = read_pause(self._store, f"{self._folder}/{name}")
            for observer in self._observers if message else ():
                observer.paused(step=self._step, message=str(message))
        self._pauses = notes

    def _watch(self) -> None:
        while not self._ended.wait(self._pause_s):
            try:
                self.look()
            except (OSError, EnvironmentFault) as trouble:  # the look after the engine's end counts
                logger.warning("cannot list %s: %s", self._store.display(self._folder), trouble)
                continue
            error = self.failed_too_often() or out_of_time(self._until)
            if error is not None:
                stop_step(self._store, self._stop_note, error)
                return


def out_of_time(until: float | None) -> IncompleteError | None:
    """Return why to stop if the time budget is used up.

    Args:
        until: when it is, in seconds since the epoch; None for never.
    """
    if until is None or time.time() < until:
        return None
    return IncompleteError("time_budget_s is used up; what is committed stays: run again to go on")
