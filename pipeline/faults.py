"""Fault points: named places at which the chaos tests make a run fail. Off in production.

Nothing happens unless the environment variable `INTERLINK_FAULTS` is set; workers inherit it. It
holds JSON: a `folder`, in which hits are counted in files so that the count holds across processes
and restarts, and `faults`, each the fields of a `Fault`. What may fail is drawn by the tests.
"""

import dataclasses
import errno
import fnmatch
import functools
import json
import os
import signal
import time
from pathlib import Path
from typing import Literal

VARIABLE = "INTERLINK_FAULTS"
FIRED_NAME = "fired.jsonl"
"""In the folder: a line for each fault that fired, with the process that it struck."""

Action = Literal["kill", "raise", "hang", "torn", "slow"]

_HANG_S = 3600.0
_SLOW_S = 0.2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong, where, and how often."""

    point: str
    """Name of the fault point, as in the code."""
    action: Action
    """`kill` is SIGKILL of the own process; `hang` sleeps until somebody kills it; `torn` leaves
    half of the file that was just written, then kills; `slow` sleeps 0.2 s."""
    subject: str = "*"
    """Which subjects are met, as a pattern of `fnmatch`."""
    nth: int = 1
    """The hit that is the first to fail, counted from 1 over all processes."""
    times: int = 1
    """Hits that fail, one after the other."""
    error: str = "EIO"
    """What `raise` raises, by its name in `errno`: `ECONNRESET` is a ConnectionResetError."""


def fault_point(name: str, subject: str = "", *, written: Path | None = None) -> None:
    """Let a fault strike here, if there is one for this place.

    Args:
        name: the place, `<room>.<moment>`.
        subject: what is being worked on: a path under the store, a step and part.
        written: the local file that was just written, which `torn` tears.

    Raises:
        OSError: as the fault says.
    """
    spec = os.environ.get(VARIABLE)
    if spec is None:
        return
    folder, faults = _parse(spec)
    for number, fault in enumerate(faults):
        if fault.point == name and fnmatch.fnmatchcase(subject, fault.subject):
            hit = _count(folder / f"{number}.hits")
            if fault.nth <= hit < fault.nth + fault.times:
                _note(folder, number, fault, subject)
                _strike(fault, subject, written)


def to_spec(folder: Path, faults: list[Fault]) -> str:
    """Return the value of `INTERLINK_FAULTS` that asks for these faults."""
    content = {"folder": str(folder), "faults": [dataclasses.asdict(fault) for fault in faults]}
    return json.dumps(content, separators=(",", ":"))


@functools.lru_cache(maxsize=1)
def _parse(spec: str) -> tuple[Path, tuple[Fault, ...]]:
    content = json.loads(spec)
    return Path(content["folder"]), tuple(Fault(**fault) for fault in content["faults"])


def _count(path: Path) -> int:
    """Count one more hit; appending keeps processes from counting the same one."""
    with path.open("ab", buffering=0) as file:
        file.write(b".")
        return file.tell()


def _note(folder: Path, number: int, fault: Fault, subject: str) -> None:
    line = {
        "fault": number,
        "point": fault.point,
        "action": fault.action,
        "subject": subject,
        "pid": os.getpid(),
    }
    with (folder / FIRED_NAME).open("ab", buffering=0) as file:
        file.write(json.dumps(line).encode() + b"\n")


def _strike(fault: Fault, subject: str, written: Path | None) -> None:
    if fault.action == "slow":
        time.sleep(_SLOW_S)
    elif fault.action == "hang":
        time.sleep(_HANG_S)
    elif fault.action == "raise":
        number = getattr(errno, fault.error)
        raise OSError(number, os.strerror(number), subject)
    else:
        if fault.action == "torn" and written is not None:
            os.truncate(written, written.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)
