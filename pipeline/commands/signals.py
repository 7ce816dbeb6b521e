"""Being told to stop: Ctrl-C and SIGTERM end the command as exceptions, within seconds."""

import os
import signal
import sys
import threading
import time
from types import FrameType

import psutil

GRACE_S = 10.0
"""Time that engines have to close. Ray's actors get 5 s of it, and a driver whose raylet is killed
dies at once, silently; Beam's runner waits for ever for a worker that is inside a part."""

CLOSE_S = 10.0
"""Time that this process then has to end by itself. A library may swallow an exception that a
signal raises in its midst, and the command would go on as if nobody had asked it to stop."""


def stop_on_signals() -> None:
    """Let SIGINT raise `KeyboardInterrupt` and SIGTERM `SystemExit`, so that all is closed.

    What then still runs of this process's children is killed after `GRACE_S`, and this process ends
    after another `CLOSE_S`; the commits allow it at any time.
    A second signal does so at once.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def stopped_by() -> signal.Signals | None:
    """Return the signal that told this process to stop, if one did.

    Ray 2.60 replaces a `SystemExit` that passes through `ray.wait` by one with code 1.
    """
    return _received[0] if _received else None


_received: list[signal.Signals] = []


def _stop(number: int, frame: FrameType | None) -> None:
    _received.append(signal.Signals(number))
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _stop_now)
    # a daemon: it must not keep a command alive that has closed well
    threading.Thread(target=_end_in_time, args=(number,), daemon=True).start()
    print("interlink: stopping; a second signal stops at once", file=sys.stderr)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def _end_in_time(number: int) -> None:
    time.sleep(GRACE_S)
    kill_children()
    time.sleep(CLOSE_S)
    _stop_now(number, None)


def _stop_now(number: int, frame: FrameType | None) -> None:
    kill_children()
    os._exit(128 + number)


def kill_children() -> None:
    """Kill all descendants of this process that are still alive."""
    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
