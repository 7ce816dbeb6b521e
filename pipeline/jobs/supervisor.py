"""Keeps a job alive: starts it in a process of its own, and again when it dies, not for ever.

A worker that dies fails a Beam job, a lost node may take Ray's driver with it, the kernel kills
who takes too much memory: what is committed stays, and the next job goes on from there.
"""

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...schemas.errors import IncompleteError
from ..storage.store import Store
from .job import end_job
from .observer import Observer

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0
"""Before the first restart, and at most; each pause is twice as long as the one before."""

_LAST_WORDS_S = 1.0
"""For workers of a dead job to take the notes of their attempts away: `attempts.drop_own_notes`."""
_BUG = 1
_INCOMPLETE = 4
_FINAL = {0, _BUG, 2, 3, 5}
"""Exit codes after which running again would end in the same way, or is not needed."""


@dataclass(kw_only=True)
class _Heard:
    """What a job said over its line."""

    number: int | None = None
    has_progressed: bool = False
    ended: str | None = None
    """Why it ended, in its own words, empty when all was done; None if it had no time to say it."""


@dataclass(kw_only=True)
class Supervisor:
    """Runs a job to its end, over the deaths of its process.

    Attributes:
        command: starts the job; its standard input is the line of `lifeline.Lifeline`.
        run: the run, in which the end of each job is noted.
        restarts: restarts in a row without a new commit, before it is given up.
        until: when the time budget is used up, in seconds since the epoch; None without one.
        tell: is given one sentence for each death.
        observers: who is told of each restart.
        first_pause_s: before the first restart.
    """

    command: Sequence[str]
    run: Store
    restarts: int
    until: float | None = None
    tell: Callable[[str], None]
    observers: Sequence[Observer] = ()
    first_pause_s: float = FIRST_PAUSE_S
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _stopped_by: int | None = field(default=None, init=False, repr=False)
    _done: dict[tuple[int, str], int] = field(default_factory=dict, init=False, repr=False)
    """Commits by plan and step, as far as jobs have told."""

    def supervise(self) -> int:
        """Run the job until it is done or cannot go on.

        Returns:
            The job's exit code, or 128 and the number of the signal that `stop` passed on.

        Raises:
            IncompleteError: it is given up, or its time budget is used up.
        """
        num_in_vain = 0
        while True:
            heard = _Heard()
            code = self._run_once(heard)
            reason = heard.ended or _describe(code)
            if heard.number is not None:
                end_job(self.run, heard.number, exit_code=code, reason=reason if code else "")
            if self._stopped_by is not None:
                return self._end_stopped(code)
            if code < 0 and heard.ended == "":
                logger.warning("the job was done; then %s, which costs nothing", _describe(code))
                return 0
            # Libraries end a process with 1 as well: only what said why is a bug of ours.
            if code in _FINAL and (code != _BUG or heard.ended is not None):
                return code
            if self.until is not None and time.time() >= self.until:
                raise IncompleteError(reason)
            num_in_vain = 1 if heard.has_progressed else num_in_vain + 1
            if num_in_vain > self.restarts:
                raise IncompleteError(
                    f"given up after {self.restarts} restarts without a new commit; the last job "
                    f"ended so: {reason}. What is committed stays: look at `interlink status "
                    f"{self.run.display()}`, mend the cause, then run again"
                )
            self._pause(num_in_vain, reason)
            if self._stopped_by is not None:
                return self._end_stopped(code)

    def stop(self, number: int) -> None:
        """Pass a signal on to the job, and start no other one. May be called by a handler."""
        self._stopped_by = number
        if self._process is not None:
            self._process.send_signal(number)

    def _run_once(self, heard: _Heard) -> int:
        """Start a job and wait for its end; return its exit code, negative for a signal."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                # A group of its own: Ctrl-C on a terminal must reach it once, through `stop`.
                process = subprocess.Popen(self.command, stdin=theirs.fileno(), process_group=0)
            self._process = process
            if self._stopped_by is not None:
                process.send_signal(self._stopped_by)
            # In a thread: who inherits the line from a dead job may hold it open for a while.
            listener = threading.Thread(target=self._listen, args=(ours, heard), daemon=True)
            listener.start()
            code = _wait(process)
            self._process = None
            listener.join(timeout=1.0)
        if code != 0:
            _end_group(process.pid)  # workers that it could not end itself
        return code

    def _listen(self, line: socket.socket, heard: _Heard) -> None:
        with contextlib.suppress(OSError), line.makefile("rb") as lines:
            for text in lines:
                said = json.loads(text)
                heard.number = said.get("job", heard.number)
                heard.ended = said.get("ended", heard.ended)
                if "step" in said:
                    self._count(heard, said)

    def _count(self, heard: _Heard, said: dict[str, Any]) -> None:
        """Take in how many parts of a step are done: more than was known is progress."""
        key = (said["plan"], said["step"])
        known = self._done.get(key)
        now = said["done"] if "done" in said else (known or 0) + said["more"]
        heard.has_progressed |= known is not None and now > known
        self._done[key] = max(now, known or 0)

    def _pause(self, num_in_vain: int, reason: str) -> None:
        pause_s = min(MAX_PAUSE_S, self.first_pause_s * 2 ** (num_in_vain - 1))
        self.tell(
            f"going on in {pause_s:g} s, restart {num_in_vain} of at most {self.restarts} without "
            f"a new commit, as the job ended early: {reason}"
        )
        for observer in self.observers:
            observer.restarting(reason=reason)
        end = time.monotonic() + pause_s
        while time.monotonic() < end and self._stopped_by is None:
            time.sleep(0.1)

    def _end_stopped(self, code: int) -> int:
        """Return the exit code of a stopped run, and say what its job had no time to say."""
        assert self._stopped_by is not None
        stopped = 128 + self._stopped_by
        if code not in {0, stopped}:
            name = signal.Signals(self._stopped_by).name
            self.tell(f"stopped by {name}; what is committed stays, run again to go on")
        return 0 if code == 0 else stopped


def _wait(process: "subprocess.Popen[bytes]") -> int:
    """Wait as long as it takes, in waits with an end: those look often, and handle signals then.

    A signal that comes right before a wait without end is not handled until that is over.
    """
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=60)


def _end_group(group: int) -> None:
    """Kill what is left of a process group; who is not to blame has a moment to say so."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
        deadline = time.monotonic() + _LAST_WORDS_S
        while time.monotonic() < deadline:
            time.sleep(0.05)
            os.killpg(group, 0)
        os.killpg(group, signal.SIGKILL)


def _describe(code: int) -> str:
    if code >= 0:
        return f"it ended with exit code {code} and no word"
    name = signal.Signals(-code).name
    hint = ", as when memory runs out" if name == "SIGKILL" else ""
    return f"it was killed by {name}{hint}"
