"""Waits where a disk or the memory is full: a part pauses, blames no record, and is tried again.

Only the disks that this worker writes to are looked at: its scratch folder and a local store.
"""

import contextlib
import dataclasses
import datetime
import gc
import json
import logging
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from ...schemas.errors import DiskFullError, EnvironmentFault, OutOfMemoryError
from ..machine.process import ProcessName, this_process
from .store import Store

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

PAUSE_PREFIX = "_pause-"
"""Of the notes in a step's folder that tell of workers which wait."""
MEMORY_ATTEMPTS = 3
"""Times that a part is tried which runs out of memory: others of the machine may give some back."""
_LONGEST_POLL_S = 5.0
_FULL = "disk full: "
_CLOCKS_S = 60.0
"""How far clocks of two hosts may be apart before a note of one that waits is taken for old."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DiskPolicy:
    """How much room is kept free, and how long a worker waits for it."""

    min_free_bytes: int = 512 << 20
    """Space that stays free on every disk, for what nobody could foresee."""
    wait_s: float = 600.0
    """Longest time that one part waits for space, all pauses together."""


class DiskGuard:
    """Watches the disks of one worker while it takes one part through a step.

    Args:
        folders: folders on the disks; they need not exist yet.
        policy: how much, and how long.
        tell: told why the worker waits, and None when it goes on.

    Attributes:
        used_bytes: what the last attempt had written when it ended; set by who knows.
    """

    def __init__(
        self, folders: Sequence[Path], policy: DiskPolicy, tell: Callable[[str | None], None]
    ) -> None:
        self.used_bytes = 0
        self._folders = folders
        self._policy = policy
        self._tell = tell
        self._left_s = policy.wait_s
        self._poll_s = min(_LONGEST_POLL_S, policy.wait_s / 20)
        self._is_told = False
        self._lock = threading.Lock()

    def await_space(
        self,
        num_bytes: int = 0,
        cancelled: threading.Event | None = None,
        *,
        was_full: bool = False,
    ) -> None:
        """Wait until there is room for `num_bytes`, besides what stays free.

        Args:
            num_bytes: what is about to be written.
            cancelled: ends the wait.
            was_full: whether just that much did not fit; waits a moment in any case.

        Raises:
            EnvironmentFault: there was no room in time, or the wait was cancelled.
        """
        full = f"the disk of {self._folders[0]} was full" if was_full else None
        self._await(num_bytes, cancelled or threading.Event(), full)

    def patiently(self, attempt: Callable[[], Answer]) -> Answer:
        """Make an attempt at a part once there is space, and again where it was not enough.

        Args:
            attempt: leaves nothing behind when it fails.

        Raises:
            EnvironmentFault: there was no room in time, or no memory several times.
        """
        self.await_space()
        num_starved = 0
        while True:
            try:
                return attempt()
            except DiskFullError as error:
                full = str(error).removeprefix(_FULL)
                self._await(self.used_bytes + 1, threading.Event(), full)
            except (MemoryError, OutOfMemoryError) as error:
                num_starved += 1
                if num_starved == MEMORY_ATTEMPTS:
                    raise EnvironmentFault(
                        f"out of memory, {num_starved} times at one part: give the workers more, "
                        "or lower their number or batch size, then run again; what is committed "
                        "stays"
                    ) from error
                logger.warning("out of memory; the part is tried again")
                gc.collect()
                time.sleep(self._poll_s)

    def _await(self, num_bytes: int, ends: threading.Event, full: str | None) -> None:
        with self._lock:  # one at a time, so that the seconds that are left are counted once
            shortage = full or self._shortage(num_bytes)
            if shortage is None:
                return
            if not self._is_told:
                logger.warning("waiting up to %.0f s for space: %s", self._left_s, shortage)
                self._is_told = True
            self._tell(shortage)
            try:
                self._wait(num_bytes, shortage, ends)
            finally:
                self._tell(None)

    def _wait(self, num_bytes: int, why: str, ends: threading.Event) -> None:
        while self._left_s > 0:
            pause_s = min(self._poll_s, self._left_s)
            self._left_s -= pause_s
            if ends.wait(pause_s):
                raise EnvironmentFault(f"stopped while it waited for space: {why}")
            if self._shortage(num_bytes) is None:
                return
        raise EnvironmentFault(
            f"{_FULL}{why}. Nobody freed enough in disk.wait_s={self._policy.wait_s:g}; free some, "
            "then run again: what is committed stays"
        )

    def _shortage(self, num_bytes: int) -> str | None:
        """Say on which disk there is too little room, if there is one."""
        needed = num_bytes + self._policy.min_free_bytes
        for folder in self._folders:
            free = shutil.disk_usage(_existing(folder)).free
            if free < needed:
                return (
                    f"{free / 1e6:.1f} MB are free on the disk of {folder}, but "
                    f"{needed / 1e6:.1f} MB are needed, disk.min_free_bytes among them"
                )
        return None


class PauseNote:
    """Tells the driver, by a file in the step's folder, that this worker waits.

    Args:
        store: the run.
        step_folder: the step's folder in it.
        wait_s: how long a pause can last, so that the note of a worker that was killed gets old.
    """

    def __init__(self, store: Store, step_folder: str, wait_s: float = DiskPolicy.wait_s) -> None:
        self._store = store
        self._wait_s = wait_s
        self._path = f"{step_folder}/{PAUSE_PREFIX}{socket.gethostname()}-{os.getpid()}.json"

    def __call__(self, message: str | None) -> None:
        """Write why, or take the note away."""
        # What cannot be written or removed now is no more than a note.
        with contextlib.suppress(OSError, EnvironmentFault):
            if message is None:
                self._store.remove(self._path)
                return
            at = datetime.datetime.now(datetime.UTC)
            until = at + datetime.timedelta(seconds=self._wait_s)
            note = {
                "at": at.isoformat(timespec="milliseconds"),
                "until": until.isoformat(timespec="milliseconds"),
                "message": message,
                **dataclasses.asdict(this_process()),
            }
            self._store.put(self._path, json.dumps(note).encode())


def read_pause(store: Store, path: str) -> str | None:
    """Return what a note says, with the host that wrote it; None if nobody waits any more.

    That is, if the note is gone, or its process of this host, or if a pause cannot last so long.
    """
    try:
        note = json.loads(store.read(path))
        process = ProcessName.of(note)
        until = datetime.datetime.fromisoformat(note["until"])
        told = f"{note['message']} ({note['host']})"
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    late_s = (datetime.datetime.now(datetime.UTC) - until).total_seconds()
    return None if late_s > _CLOCKS_S or (process.is_here and not process.is_alive) else told


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
