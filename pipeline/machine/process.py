"""Which process of which host, said in files so that another one can ask whether it still lives."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import psutil

_CLOCK_SLACK_S = 2.0
"""How far a process's start may seem to move while the clock is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessName:
    """A process, told apart from one that has its id after it."""

    host: str
    pid: int
    process_started_s: float
    """Start of the process, in seconds since the epoch: ids of processes are used again."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return the name that a row of a file holds, among others.

        Raises:
            KeyError: it holds none.
        """
        return cls(host=row["host"], pid=row["pid"], process_started_s=row["process_started_s"])

    @property
    def is_here(self) -> bool:
        """Whether it is of this host, so that somebody can tell whether it lives."""
        return self.host == socket.gethostname()

    def is_same(self, other: "ProcessName") -> bool:
        """Tell whether both name one process, though the clock may have been set meanwhile."""
        moved_s = abs(self.process_started_s - other.process_started_s)
        return (self.host, self.pid) == (other.host, other.pid) and moved_s < _CLOCK_SLACK_S

    @property
    def is_alive(self) -> bool:
        """Whether it lives; one of another host counts as dead, as nobody can tell."""
        if not self.is_here:
            return False
        try:
            process = psutil.Process(self.pid)
            is_zombie = process.status() == psutil.STATUS_ZOMBIE
            return not is_zombie and self.is_same(_name(process))
        except psutil.NoSuchProcess:
            return False


def this_process() -> ProcessName:
    """Return the name of the process that asks."""
    return _name(psutil.Process())


def _name(process: psutil.Process) -> ProcessName:
    started_s = process.create_time()
    return ProcessName(host=socket.gethostname(), pid=process.pid, process_started_s=started_s)
