"""Looks at a process and all that it starts, again and again: memory, files, threads, zombies."""

import contextlib
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

PERIOD_S = 0.25
ROLES = {"sdk_worker_main": "worker", "child_main": "child", "_actor": "worker"}
"""What a process is, by a word of its command line; all others are the driver's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one process had at one time."""

    time_s: float
    """Since the epoch."""
    pid: int
    role: str
    rss_bytes: int
    num_files: int
    num_threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How one process fared between two stretches of time, in both of which it was at work."""

    role: str
    pid: int
    phase: str
    """What was going on, such as a step."""
    lived_s: float
    peak_bytes: int
    growth_bytes: int
    """Median of its memory (RSS) in the later stretch less that in the earlier one."""
    more_files: int
    """The same for its open files, by their largest number."""
    more_threads: int
    """The same for its threads."""


Stretch = tuple[float, float]


class Sampler(threading.Thread):
    """Samples until it is stopped.

    Args:
        pid: the process that starts all others.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(name="soak-sampler", daemon=True)
        self.samples: list[Sample] = []
        self.zombies: dict[int, int] = defaultdict(int)
        """By process id, samples in which nobody had taken its end into account."""
        self._root = psutil.Process(pid)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Look, four times a second."""
        while not self._stopped.wait(PERIOD_S):
            with contextlib.suppress(psutil.Error):
                for process in [self._root, *self._root.children(recursive=True)]:
                    self._look(process)

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        self.join()

    def _look(self, process: psutil.Process) -> None:
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() == psutil.STATUS_ZOMBIE:
                self.zombies[process.pid] += 1
                return
            with process.oneshot():
                line = " ".join(process.cmdline())
                self.samples.append(
                    Sample(
                        time_s=time.time(),
                        pid=process.pid,
                        role=next((r for word, r in ROLES.items() if word in line), "driver"),
                        rss_bytes=process.memory_info().rss,
                        num_files=process.num_fds(),
                        num_threads=process.num_threads(),
                    )
                )


def lives(
    samples: Sequence[Sample], phase: str, *, early: Stretch, late: Stretch, roles: Sequence[str]
) -> list[Life]:
    """Return how each process fared that was there in both stretches.

    Args:
        samples: of all processes.
        phase: what was going on.
        early: begin and end, in seconds since the epoch.
        late: the same, later.
        roles: whose lives are wanted.
    """
    of_process: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        of_process[sample.pid].append(sample)
    found = []
    for pid, own in of_process.items():
        before = [sample for sample in own if early[0] <= sample.time_s <= early[1]]
        after = [sample for sample in own if late[0] <= sample.time_s <= late[1]]
        if not before or not after or own[-1].role not in roles:
            continue
        grown = statistics.median(s.rss_bytes for s in after)
        grown -= statistics.median(s.rss_bytes for s in before)
        found.append(
            Life(
                role=own[-1].role,
                pid=pid,
                phase=phase,
                lived_s=own[-1].time_s - own[0].time_s,
                peak_bytes=max(sample.rss_bytes for sample in own),
                growth_bytes=round(grown),
                more_files=max(s.num_files for s in after) - max(s.num_files for s in before),
                more_threads=max(s.num_threads for s in after) - max(s.num_threads for s in before),
            )
        )
    return found
