"""A killable, warm child process in which native code runs.

A codec that crashes, hangs or eats memory takes its child down, never the worker. What crosses the
pipe is JSON, one line for each call and one for each answer; bulk bytes go through files in a
folder that the arguments name. `child_main.py` is the other side.

The child is executed anew, never forked: forking a process that holds threads (Beam, Ray, BLAS)
is unsafe. It ends by itself when its standard input reaches the end of file, so also when the
worker is killed; a parent-death signal would fire when the *thread* that started it ends.
"""

import collections
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import IO, Any

from ..schemas.errors import EnvironmentFault, RecordError
from ..schemas.outcome import ErrorCode

_MAIN_MODULE = "interlink.transforms.child_main"
_KEPT_VARIABLES = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV",
    "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "SYSTEMROOT",
)  # fmt: skip
"""All that a decoder may need of the environment; secrets such as cloud keys stay outside."""
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # Each arena of glibc keeps what its threads freed: decoders' buffers would stay for ever.
    "MALLOC_ARENA_MAX": "2",
}
_END_GRACE_S = 2.0
_STDERR_LINES = 8
_MAX_MESSAGE_CHARS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """What one child may use (`setrlimit(2)`)."""

    memory_bytes: int = 4 << 30
    """Address space. 8192 x 4320 pictures with 16 reference frames take about 1 GiB."""
    cpu_s: int = 3600
    """CPU time of one call; the wall clock is the caller's deadline."""
    file_bytes: int = 8 << 30
    """Size of any one file that it writes."""
    open_files: int = 256
    """File descriptors."""


class Child:
    """Runs module-level functions in a process of its own, one call after the other.

    The process starts with the first call, is used again for the next, and is replaced after it
    crashed, ran past a deadline or out of memory. Not for use from two threads at once.

    Args:
        limits: what the process may use.
        environment: variables that it needs besides `PATH`, `HOME`, the locale and the time zone.
    """

    def __init__(
        self,
        limits: ChildLimits | None = None,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._limits = limits or ChildLimits()
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""
        self._stderr: collections.deque[str] = collections.deque(maxlen=_STDERR_LINES)
        self._drain: threading.Thread | None = None

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The running process's id, or None before the first call and after a fault."""
        return self._process.pid if self._process else None

    def call(
        self,
        function: str,
        arguments: dict[str, Any],
        *,
        deadline_s: float,
        timeout_code: ErrorCode = ErrorCode.DECODE_TIMEOUT,
    ) -> dict[str, Any]:
        """Run a function with keyword arguments in the child and return what it returns.

        Args:
            function: `package.module:name` of a module-level function.
            arguments: what JSON can hold.
            deadline_s: wall-clock seconds after which the whole process group is killed.
            timeout_code: the code of the error when that happens.

        Raises:
            RecordError: as raised by the function; `timeout_code` past the deadline;
                `CHILD_CRASHED` when the process ended; `MEMORY_LIMIT` past its memory;
                `TRANSFORM_ERROR` when the function raised what it should not.
            EnvironmentFault: as raised by the function, or the disk is full.
        """
        end = time.monotonic() + deadline_s
        request = json.dumps({"function": function, "arguments": arguments})
        line = self._exchange(self._running(), request.encode() + b"\n", end)
        if line is None:
            raise RecordError(
                timeout_code,
                f"{function} took longer than its {deadline_s:.0f} s and was killed",
                value=deadline_s,
            )
        if not line:
            raise self._crash(function, timeout_code)
        return self._result(json.loads(line))

    def close(self) -> None:
        """End the child; the next call starts a new one."""
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_GRACE_S)
        self._kill()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        if self._process is not None:
            self._kill()  # it ended between two calls
        command = [sys.executable, "-P", "-m", _MAIN_MODULE]
        command += [str(os.getpid()), json.dumps(asdict(self._limits))]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._variables(),
                process_group=0,
                bufsize=0,
            )
        except OSError as error:
            raise EnvironmentFault(f"cannot start {sys.executable}: {error}") from error
        self._unread = b""
        self._stderr.clear()
        self._drain = threading.Thread(
            target=_keep_last_lines, args=(self._process.stderr, self._stderr), daemon=True
        )
        self._drain.start()
        return self._process

    def _variables(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        # The child sees the modules that this process sees, also from Ray's working_dir.
        path = os.pathsep.join(entry for entry in sys.path if entry)
        return {**kept, **_ONE_THREAD, "PYTHONPATH": path, **self._environment}

    def _exchange(
        self, process: subprocess.Popen[bytes], request: bytes, end: float
    ) -> bytes | None:
        """Send a line and return the answer: `b""` from a dead child, None past the deadline."""
        assert process.stdin is not None
        line = None
        try:
            process.stdin.write(request)
            process.stdin.flush()
            line = self._read_line(process, end)
        except BrokenPipeError:
            line = b""
        finally:
            if line is None:  # late or interrupted: its answer must not meet the next call
                self._kill()
        return line

    def _read_line(self, process: subprocess.Popen[bytes], end: float) -> bytes | None:
        """Return a line, `b""` at the end of file, or None past the deadline."""
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while b"\n" not in self._unread:
            left = end - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                return None
            data = os.read(descriptor, 1 << 20)
            if not data:
                return b""
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _crash(self, function: str, timeout_code: ErrorCode) -> RecordError:
        process, drain = self._process, self._drain
        assert process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_GRACE_S)
        status = process.returncode
        self._kill()
        if drain is not None:
            drain.join(_END_GRACE_S)
        if status == -signal.SIGXCPU:
            limit = self._limits.cpu_s
            text = f"{function} took more than its {limit} s of CPU time and was killed"
            return RecordError(timeout_code, text, value=limit)
        text = f"{function} ended its child process: {_describe(status)}"
        said = " | ".join(self._stderr)
        return RecordError(
            ErrorCode.CHILD_CRASHED, f"{text}; last words: {said}"[:_MAX_MESSAGE_CHARS]
        )

    def _result(self, answer: dict[str, Any]) -> dict[str, Any]:
        if "result" in answer:
            result: dict[str, Any] = answer["result"]
            return result
        if answer["kind"] == "environment":
            raise EnvironmentFault(answer["message"])
        code = ErrorCode(answer["code"])
        if code is ErrorCode.MEMORY_LIMIT:
            self.close()  # what it holds is scattered over its heap
        raise RecordError(
            code,
            answer["message"],
            value=answer["value"],
            wait_until_us=answer["wait_until_us"],
        )

    def _kill(self) -> None:
        """Kill the process group, reap the child, close the pipes."""
        process, self._process = self._process, None
        if process is None:
            return
        # The group may outlive its leader: what native code started must go too.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if self._drain is not None:
            self._drain.join(_END_GRACE_S)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _keep_last_lines(pipe: IO[bytes], lines: "collections.deque[str]") -> None:
    """Drain a pipe for ever, so that the writer never blocks, and keep its last lines."""
    unread = b""
    while data := os.read(pipe.fileno(), 1 << 16):
        *whole, unread = (unread + data)[-(1 << 16) :].split(b"\n")
        lines.extend(text for line in whole if (text := line.decode(errors="replace").strip()))
    if unread:
        lines.append(unread.decode(errors="replace").strip())


def _describe(status: int | None) -> str:
    if status is None:
        return "it closed its pipe"
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
