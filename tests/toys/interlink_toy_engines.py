"""The engines as tests start them, and what must be left of them: nothing."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator

import psutil

from interlink.pipeline.engines.engine import Engine, make_engine

ENGINES = {
    "local": [],
    "beam": ["--runner=FnApiRunner", "--direct_running_mode=in_memory"],
    "beam-threads": ["--direct_running_mode=multi_threading", "--direct_num_workers=2"],
    "beam-processes": ["--direct_running_mode=multi_processing", "--direct_num_workers=2"],
    "ray": [],
}
"""Beam's options by name; the part before the dash is the engine."""


@contextlib.contextmanager
def started(name: str) -> Iterator[Engine]:
    """Start an engine of `ENGINES`, close it, and check that no process is left of it."""
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    # Sockets of Ray lie under this folder, and their paths may have 107 bytes.
    folder = tempfile.mkdtemp(prefix="r", dir="/tmp")
    os.environ["RAY_TMPDIR"] = folder
    engine = make_engine(name.split("-")[0], beam_options=ENGINES[name])
    try:
        yield engine
    finally:
        engine.close()
        del os.environ["RAY_TMPDIR"]
        shutil.rmtree(folder, ignore_errors=True)
    assert not _left(before), f"{name} left processes: {_left(before)}"


def _left(before: set[int], patience_s: float = 20.0) -> list[list[str]]:
    """Return the command lines of processes that were not there before and do not end."""
    end = time.monotonic() + patience_s
    while True:
        now = psutil.Process().children(recursive=True)
        new = [p for p in now if p.pid not in before and p.status() != psutil.STATUS_ZOMBIE]
        if not new or time.monotonic() > end:
            return [process.cmdline() for process in new]
        time.sleep(0.1)
