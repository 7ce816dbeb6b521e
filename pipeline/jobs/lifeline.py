"""A job's end of the line to its supervisor: tells what is committed, and notices when it breaks.

The line is a socket on the job's standard input. The job writes a JSON object a line; what comes
the other way is nothing but the end of file, when the supervisor is gone, however it died.
"""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from ..parts.commit import Commit
from .job import reason_of
from .observer import Silent


class Lifeline(Silent):
    """An observer of the run (`observer.Observer`) who tells the supervisor.

    Args:
        line: a connected socket.
        gone: called once, in a thread of its own, when the supervisor is gone.
    """

    def __init__(self, line: socket.socket, gone: Callable[[], None]) -> None:
        self._line = line
        self._gone = gone
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    @classmethod
    def on_standard_input(cls, gone: Callable[[], None]) -> Self:
        """Take the line over from standard input, which then is empty for all that is started."""
        line = socket.socket(fileno=os.dup(0))
        empty = os.open(os.devnull, os.O_RDONLY)
        os.dup2(empty, 0)
        os.close(empty)
        return cls(line, gone)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._say(ended=reason_of(error))

    def job_started(self, *, job: int, engines: Sequence[str]) -> None:
        """Tell the job's number in the run."""
        self._say(job=job)

    def step_started(self, *, plan: int, step: str, engine: str, parts: int, done: int) -> None:
        """Tell how many parts of the step are committed already."""
        self._say(plan=plan, step=step, done=done)

    def part_done(self, commit: Commit) -> None:
        """Tell of a new commit."""
        self._say(plan=int(commit.part.partition("-")[0]), step=commit.step, more=1)

    def _say(self, **values: str | int) -> None:
        # Without a supervisor nobody wants to know; the watching thread ends the job.
        with contextlib.suppress(OSError):
            self._line.sendall(json.dumps(values).encode() + b"\n")

    def _watch(self) -> None:
        with contextlib.suppress(OSError):
            while self._line.recv(1):
                continue
        self._gone()
