"""A job is one process that carries a run out: its record, and what its engines began elsewhere.

```
jobs/0003.json                who and where, written when it begins
jobs/0003-ended.json          exit code and reason; missing while it lives, or when all was killed
jobs/0003-scan-1f0c9a2b.json  a job on a cluster that an engine began for a step and has not ended
```

None of it decides what is done; the commits do.
"""

import contextlib
import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from ...schemas.errors import EnvironmentFault, InterlinkError
from ...schemas.ids import digest
from ..machine.process import ProcessName, this_process
from ..storage.store import Store
from .observer import Observer

logger = logging.getLogger(__name__)

JOBS_FOLDER = "jobs"
_ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteJob:
    """A job on a cluster, as the engine that began it knows it."""

    engine: str
    """Engine that began it."""
    step: str
    """The step's folder under the run, such as `steps/scan-1f0c9a2b3c4d`."""
    job_id: str
    """What the cluster calls it."""
    path: str
    """Where it is noted, under the run's root."""
    name: str
    """What tells its run, plan and step."""
    stop_note: str
    """Path of what tells its workers to stop, under the run's root."""


class Job:
    """One job of a run.

    Args:
        run_url: root of the run.
        single_writer: whether the run's store need not put if absent; see `Store`.
        until: when its time budget is used up, in seconds since the epoch; None without one.
        line: to its supervisor, who writes down how it ended; None if it does so itself.
    """

    def __init__(
        self,
        run_url: str,
        *,
        single_writer: bool = False,
        until: float | None = None,
        line: Observer | None = None,
    ) -> None:
        self.number = 0
        self.until = until
        self.line = line
        self._store = Store(run_url, single_writer=single_writer)
        self._observers: Sequence[Observer] = ()

    def begin(self, engines: Collection[str], observers: Sequence[Observer] = ()) -> Self:
        """Claim a number and write the record; to be entered, so that its end is written as well.

        Args:
            engines: names of the engines that carry its steps.
            observers: who is told of its beginning and its end, the supervisor's line among them.
        """
        record = {
            **asdict(this_process()),
            "engines": sorted(engines),
            "started": _now(),
        }
        if self.until is not None:
            record["until"] = datetime.fromtimestamp(self.until, UTC).isoformat(timespec="seconds")
        self.number = max(_numbers(self._store), default=0) + 1
        while not self._store.put_if_absent(_path(self.number), json.dumps(record).encode()):
            self.number += 1  # another run began one at this moment
        self._observers = observers
        for observer in observers:
            observer.job_started(job=self.number, engines=sorted(engines))
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        exit_code, reason = _exit_code(error), reason_of(error)
        for observer in self._observers:
            observer.job_ended(job=self.number, exit_code=exit_code, reason=reason)
        if self.line is None:
            end_job(self._store, self.number, exit_code=exit_code, reason=reason)

    def note_remote(
        self, *, engine: str, step: str, job_id: str, name: str, stop_note: str
    ) -> RemoteJob:
        """Note a job on a cluster, so that a restart finds it; called when the cluster has it.

        Args:
            engine: the engine's name.
            step: the step's folder, `PartRunner.folder`.
            job_id: what the cluster calls the job.
            name: what tells its run, plan and step, for whoever may follow it.
            stop_note: what tells its workers to stop, `PartRunner.stop_note`.
        """
        kind = step.rpartition("/")[2].rpartition("-")[0] or step
        path = f"{JOBS_FOLDER}/{self.number:04d}-{kind}-{digest(job_id)[:8]}.json"
        content = {"engine": engine, "step": step, "job_id": job_id, "name": name}
        content |= {"stop_note": stop_note}
        self._store.put_if_absent(path, json.dumps(content | {"started": _now()}).encode())
        return RemoteJob(path=path, **content)

    def left_remote(self, engine: str) -> list[RemoteJob]:
        """Return the jobs on a cluster that dead jobs of this run left behind, oldest first.

        The engine takes one over, or cancels it; then it says `forget_remote`. Those of jobs on
        other hosts are among them, as one of these may be gone: `is_orphan` tells them apart.
        """
        left = []
        for name in self._store.names(JOBS_FOLDER):
            number, _, rest = name.removesuffix(".json").partition("-")
            if not number.isdecimal() or not rest or rest == _ENDED:
                continue  # a job's own record, or a file that a dead process did not finish
            if _is_alive(self._store, int(number)):
                continue
            row = self._read(f"{JOBS_FOLDER}/{name}")
            if row is not None and row["engine"] == engine:
                del row["started"]
                left.append(RemoteJob(path=f"{JOBS_FOLDER}/{name}", **row))
        return left

    def is_orphan(self, left: RemoteJob) -> bool:
        """Tell whether the job that began it is known to be dead: it ended, or was of this host."""
        number = int(left.path.rpartition("/")[2].partition("-")[0])
        if self._store.exists(_end_path(number)):
            return True
        process = _process(self._store, number)
        return process is not None and process.is_here and not process.is_alive

    def forget_remote(self, job: RemoteJob) -> None:
        """Remove the note of a job that ended, or that is cancelled."""
        self._store.remove(job.path)

    def _read(self, path: str) -> dict[str, Any] | None:
        with contextlib.suppress(FileNotFoundError):  # another run may just have ended it
            return _row(self._store.read(path))
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """What a run's files say of one of its jobs. Times are ISO 8601, UTC."""

    number: int
    host: str
    pid: int
    engines: tuple[str, ...]
    """Engines that carry its steps."""
    started: str
    ended: str | None
    """None while it lives, or where nobody was left to write it."""
    exit_code: int | None
    """As the operating system says it; negative for a signal."""
    reason: str
    """Why it ended; empty when all was done, or it has not ended."""


def read_jobs(store: Store) -> list[JobRecord]:
    """Return the jobs that a run has had, oldest first; not those whose record is damaged."""
    numbers = _numbers(store)
    begun = store.read_all([_path(number) for number in numbers])
    ends = store.read_all([_end_path(number) for number in numbers])
    return [
        _job_record(number, row, _row(end) or {})
        for number, content, end in zip(numbers, begun, ends, strict=True)
        if (row := _row(content)) is not None
    ]


def _row(content: bytes | None) -> dict[str, Any] | None:
    """Return what a record says; None if there is none, or if it is damaged: it is only a log."""
    with contextlib.suppress(ValueError):
        row = json.loads(content or b"")
        return row if isinstance(row, dict) else None
    return None


def _job_record(number: int, row: dict[str, Any], end: dict[str, Any]) -> JobRecord:
    return JobRecord(
        number=number,
        host=row["host"],
        pid=row["pid"],
        engines=tuple(row["engines"]),
        started=row["started"],
        ended=end.get("ended"),
        exit_code=end.get("exit_code"),
        reason=end.get("reason", ""),
    )


def end_job(store: Store, number: int, *, exit_code: int, reason: str) -> None:
    """Write down how a job ended; a store that cannot take it loses this only.

    Args:
        store: the run.
        number: the job's number.
        exit_code: as the operating system says it; negative for a signal.
        reason: why it ended, for people; empty when all is done.
    """
    content = {"ended": _now(), "exit_code": exit_code, "reason": reason}
    try:
        store.put_if_absent(_end_path(number), json.dumps(content).encode())
    except (OSError, EnvironmentFault) as trouble:
        logger.warning("cannot note the end of job %d: %s", number, trouble)


def reason_of(error: BaseException | None) -> str:
    """Return why a job ended, in one line; empty without an error."""
    if error is None:
        return ""
    text = str(error) if isinstance(error, InterlinkError) else f"{type(error).__name__}: {error}"
    return text.strip().partition("\n")[0]


def _exit_code(error: BaseException | None) -> int:
    if isinstance(error, KeyboardInterrupt):
        return 130
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    return 0 if error is None else getattr(error, "exit_code", 1)


def _numbers(store: Store) -> list[int]:
    stems = (name.removesuffix(".json") for name in store.names(JOBS_FOLDER))
    return sorted(int(stem) for stem in stems if stem.isdecimal())


def _is_alive(store: Store, number: int) -> bool:
    """Tell whether a job is known to live: on this host, as one of another host may be gone."""
    if store.exists(_end_path(number)):
        return False
    process = _process(store, number)
    return process is not None and process.is_alive


def _process(store: Store, number: int) -> ProcessName | None:
    row = _row(store.read(_path(number)))
    return None if row is None else ProcessName.of(row)


def _path(number: int) -> str:
    return f"{JOBS_FOLDER}/{number:04d}.json"


def _end_path(number: int) -> str:
    return f"{JOBS_FOLDER}/{number:04d}-{_ENDED}.json"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
