"""Which process of which host, said in files so that another one can ask whether it still lives."""

import socket
from dataclasses import dataclass

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

    @property
    def is_alive(self) -> bool:
        """Whether it lives; one of another host counts as dead, as nobody can tell."""
        if self.host != socket.gethostname():
            return False
        try:
            process = psutil.Process(self.pid)
            is_zombie = process.status() == psutil.STATUS_ZOMBIE
            moved_s = abs(process.create_time() - self.process_started_s)
        except psutil.NoSuchProcess:
            return False
        return not is_zombie and moved_s < _CLOCK_SLACK_S


def this_process() -> ProcessName:
    """Return the name of the process that asks."""
    own = psutil.Process()
    return ProcessName(host=socket.gethostname(), pid=own.pid, process_started_s=own.create_time())
