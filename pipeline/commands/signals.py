"""Being told to stop: Ctrl-C and SIGTERM end the command as exceptions, within seconds."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import psutil

from ..parts.attempts import drop_own_notes

GRACE_S = 10.0
"""Time that engines have to close. Ray's actors get 5 s of it, and a driver whose raylet is killed
dies at once, silently; Beam's runner waits for ever for a worker that is inside a part."""

CLOSE_S = 10.0
"""Time that this process then has to end by itself. A library may swallow an exception that a
signal raises in its midst, and the command would go on as if nobody had asked it to stop."""

TERM_S = 1.0
"""Time that children then have between SIGTERM and SIGKILL."""

MARGIN_S = 3.0
"""Time beyond these that a supervisor gives its job, which counts for itself."""

ONE_SIGNAL_S = 0.1
"""What comes so soon after the first is the same signal: sent to all processes of a batch system's
step, it reaches a job from there and from its supervisor."""


def stop_on_signals() -> None:
    """Let SIGINT raise `KeyboardInterrupt` and SIGTERM `SystemExit`, so that all is closed.

    What then still runs of this process's children is killed after `GRACE_S`, and this process ends
    after another `CLOSE_S`; the commits allow it at any time.
    A second signal does so at once.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def pass_signals_on(stop: Callable[[int], None]) -> None:
    """Hand the first SIGINT or SIGTERM to `stop`, and end with all descendants at the second.

    Whoever is still there after the time that a job has to end by itself is killed, this process
    with it.
    """

    def first(number: int, frame: FrameType | None) -> None:
        _note(number, GRACE_S + CLOSE_S + MARGIN_S)
        stop(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, first)


def stop_without_signal() -> None:
    """Stop this process as SIGTERM does, from any thread, however long the main one is busy."""
    os.kill(os.getpid(), signal.SIGTERM)
    _end_in_time(signal.SIGTERM, GRACE_S, CLOSE_S)


def stopped_by() -> signal.Signals | None:
    """Return the signal that told this process to stop, if one did.

    Ray 2.60 replaces a `SystemExit` that passes through `ray.wait` by one with code 1.
    """
    return _received[0] if _received else None


_received: list[signal.Signals] = []


def _stop(number: int, frame: FrameType | None) -> None:
    _received.append(signal.Signals(number))
    _note(number, GRACE_S, CLOSE_S)
    with contextlib.suppress(OSError):  # whoever reads may be gone already
        print("interlink: stopping; a second signal stops at once", file=sys.stderr)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def _note(number: int, *patience_s: float) -> None:
    """Take the next signal for the second one, and end in time without one."""
    first = time.monotonic()

    def second(number: int, frame: FrameType | None) -> None:
        if time.monotonic() - first > ONE_SIGNAL_S:
            _stop_now(number)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, second)
    # a daemon: it must not keep a command alive that has closed well
    threading.Thread(target=_end_in_time, args=(number, *patience_s), daemon=True).start()


def _end_in_time(number: int, *patience_s: float) -> None:
    """Kill what is left of this process's children after each time, and then end it."""
    for seconds in patience_s:
        time.sleep(seconds)
        kill_children()
    _stop_now(number)


def _stop_now(number: int) -> None:
    drop_own_notes()
    kill_children()
    os._exit(128 + number)


def kill_children() -> None:
    """End all descendants of this process: by SIGTERM, and what is left after `TERM_S` by SIGKILL.

    The first lets workers say that none of their records killed them.
    """
    children = psutil.Process().children(recursive=True)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.terminate()
    end = time.monotonic() + TERM_S
    while time.monotonic() < end and any(map(_is_alive, children)):
        time.sleep(0.02)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def _is_alive(process: psutil.Process) -> bool:
    """Tell without waiting for it, as `psutil.wait_procs` does: its exit code is another's."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
