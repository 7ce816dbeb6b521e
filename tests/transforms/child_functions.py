"""Functions that tests run inside a child: each does one thing to it."""

import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from interlink.schemas.errors import EnvironmentFault, RecordError
from interlink.schemas.outcome import ErrorCode


def echo(**arguments):
    return {"pid": os.getpid(), **arguments}


def describe():
    import resource

    return {
        "limits": {
            name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[0]
            for name in ("AS", "FSIZE", "NOFILE", "CORE", "CPU")
        },
        "environment": dict(os.environ),
        "group": os.getpgrp(),
        "pid": os.getpid(),
    }


def chatter(lines):
    sys.stdout.write("from python\n")
    ctypes.CDLL(None).puts(b"from C")
    os.write(1, b"to descriptor 1\n")
    for n in range(lines):
        os.write(2, b"x" * 200 + str(n).encode() + b"\n")
    ctypes.CDLL(None).fflush(None)
    return {"said": lines}


def large(size):
    return {"text": "ä" * size}


def fail(kind):
    raise {
        "record": RecordError(ErrorCode.GAP, "a hole", value=2.5, wait_until_us=7),
        "environment": EnvironmentFault("no decoder"),
        "full": OSError(errno.ENOSPC, "No space left on device"),
        "memory": MemoryError(),
        "bug": KeyError("colour"),
    }[kind]


def die(signal_name):
    os.write(2, b"last words\n")
    os.kill(os.getpid(), getattr(signal, signal_name))
    time.sleep(10)


def leave(status):
    os._exit(status)


def allocate(size):
    return {"size": len(bytearray(size))}


def write_file(path, size):
    with Path(path).open("wb") as file:
        for _ in range(size >> 16):
            file.write(bytes(1 << 16))
    return {}


def spin():
    while True:
        pass


def sleep_in_native_code(marker=None):
    """Block in C without the interpreter: only another thread can see the parent die."""
    if marker:
        Path(marker).write_text(str(os.getpid()))
    ctypes.CDLL(None).sleep(600)


def start_grandchild(marker):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(marker).write_text(str(child.pid))
    time.sleep(600)
