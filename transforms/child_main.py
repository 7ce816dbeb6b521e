"""The child's side of `child.py`: reads calls from standard input, runs them, writes answers.

Run as `python -m interlink.transforms.child_main PARENT_PID LIMITS_JSON`, by `Child` alone.
"""

import errno
import importlib
import json
import os
import queue
import resource
import select
import signal
import sys
import threading
import traceback
from typing import Any

from ..schemas.errors import EnvironmentFault, RecordError
from ..schemas.outcome import ErrorCode

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
_PARENT_CHECK_S = 1.0
_MAX_MESSAGE_CHARS = 400


def main(arguments: list[str]) -> None:
    """Serve calls until the standard input ends; then end the process, whatever it is doing."""
    parent, limits = int(arguments[0]), json.loads(arguments[1])
    _set_limits(limits)
    answers = _take_over_stdout()
    calls: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_watch, args=(parent, calls), daemon=True).start()
    while True:
        call = json.loads(calls.get())
        _allow_cpu(limits["cpu_s"])
        answer = json.dumps(_answer(call["function"], call["arguments"])).encode() + b"\n"
        while answer:
            answer = answer[os.write(answers, answer) :]


def _take_over_stdout() -> int:
    """Keep the answers' pipe for ourselves: what libraries print goes to standard error."""
    answers = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


def _watch(parent: int, calls: "queue.SimpleQueue[bytes]") -> None:
    """Hand on calls; end the process when their sender is gone.

    A process that the parent forked may hold the pipe open after the parent's death, so the
    parent's id is looked at as well.
    """
    unread = b""
    while os.getppid() == parent:
        if not select.select([0], [], [], _PARENT_CHECK_S)[0]:
            continue
        data = os.read(0, 1 << 20)
        if not data:
            break
        *whole, unread = (unread + data).split(b"\n")
        for line in whole:
            calls.put(line)
    os._exit(0)


def _set_limits(limits: dict[str, int]) -> None:
    for name, value in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(name)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (allowed, hard))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means


def _allow_cpu(seconds: int) -> None:
    """Let one call use so much CPU time: the limit counts from the start of the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    allowed = used + seconds
    if hard != resource.RLIM_INFINITY:
        allowed = min(allowed, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, hard))


def _answer(function: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Run one call; every error becomes an answer, so that the parent can tell them apart."""
    try:
        module, _, name = function.partition(":")
        return {"result": getattr(importlib.import_module(module), name)(**arguments)}
    except RecordError as error:
        return _failure(error.code, error.message, error.value, error.wait_until_us)
    except EnvironmentFault as error:
        return {"kind": "environment", "message": str(error)}
    except MemoryError:
        limit = resource.getrlimit(resource.RLIMIT_AS)[0] >> 20
        return _failure(
            ErrorCode.MEMORY_LIMIT, f"{function} needs more memory than its child's {limit} MiB"
        )
    except OSError as error:
        if error.errno in _FULL:
            return {
                "kind": "environment",
                "message": f"no space left on the scratch disk: {error}; free some, run again",
            }
        if error.errno == errno.EFBIG:
            return _failure(ErrorCode.TOO_BIG, f"{function} would write too large a file: {error}")
        return _bug(error)
    except Exception as error:  # the process must answer whatever a library raises
        return _bug(error)


def _bug(error: Exception) -> dict[str, Any]:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(frame.filename)}:{frame.lineno}"  # noqa: PTH119
    text = f"{type(error).__name__}: {error} (at {where})"
    return _failure(ErrorCode.TRANSFORM_ERROR, text)


def _failure(
    code: ErrorCode, message: str, value: float | None = None, wait_until_us: int | None = None
) -> dict[str, Any]:
    return {
        "kind": "record",
        "code": code.value,
        "message": message[:_MAX_MESSAGE_CHARS],
        "value": value,
        "wait_until_us": wait_until_us,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
