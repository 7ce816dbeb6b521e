"""CPU seconds of this process and of all that it started, for reports."""

import os
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCpu:
    """What one worker process has used in its life, with its children."""

    pid: int
    seconds: float


_ended: dict[int, float] = {}


def cpu_seconds() -> float:
    """Return user and system seconds of this process, its live descendants, and the ended ones.

    Differences of two calls count what ran in between on this machine. Of a cluster's other
    machines they count the Ray workers that ended well.
    """
    own = psutil.Process()
    live = [p for p in (own, *own.children(recursive=True)) if p.pid not in _ended]
    return sum(map(_used, live)) + sum(_ended.values())


def worker_cpu() -> WorkerCpu:
    """Return what this process has used in its life."""
    return WorkerCpu(pid=os.getpid(), seconds=_used(psutil.Process()))


def note_ended(worker: WorkerCpu) -> None:
    """Keep what a worker used whose parent forgets it: Ray's daemon does not wait for its own."""
    _ended[worker.pid] = worker.seconds


def _used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
