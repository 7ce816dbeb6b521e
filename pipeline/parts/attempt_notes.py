"""Notes of attempts, `_begun.json`: who is at a part, and who died at it with what in hand."""

import dataclasses
import json
import logging
import os
import re
from collections.abc import Sequence

from ...schemas.errors import EnvironmentFault
from ..machine.process import ProcessName
from ..storage.store import Store

logger = logging.getLogger(__name__)

BEGUN_NAME = "_begun.json"
ATTEMPT_NAME = re.compile(r"[0-9a-f]{12}")
"""What attempts are called, and their folders."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What `_begun.json` says of an attempt."""

    attempt: str
    """Its name, that of its folder."""
    host: str
    pid: int
    process_started_s: float
    """Start of the process, in seconds since the epoch: ids of processes are used again."""
    at: str
    """When it began, or took up what it has in hand; ISO 8601, UTC."""
    is_marking: bool
    """Whether an attempt before it died, so that it notes what it has in hand."""
    stage: str | None = None
    """The stage that has records in hand."""
    record_ids: tuple[str, ...] = ()
    """Ids of those records."""
    is_batch: bool = False
    """Whether they are several that could have been run one by one."""

    def to_json(self) -> bytes:
        """Return the content of the file."""
        return json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True).encode()

    @property
    def process(self) -> ProcessName:
        """The process that makes the attempt."""
        return ProcessName(host=self.host, pid=self.pid, process_started_s=self.process_started_s)

    @property
    def is_alive(self) -> bool:
        """Whether the process lives; one of another host counts as dead, as nobody can tell."""
        return self.process.is_alive


def dead_attempts(store: Store, part_folder: str, names: Sequence[str]) -> list[Note]:
    """Return the notes of attempts at a part that died, in the order of time.

    Args:
        store: the run.
        part_folder: the part's folder in its step.
        names: what lies in that folder.
    """
    return [note for note in _notes(store, part_folder, names) if not note.is_alive]


def open_notes(store: Store, part_folder: str) -> list[Note]:
    """Return the notes of attempts at a part that have not ended, in the order of time.

    They live, here or on another host, or died.
    """
    return _notes(store, part_folder, store.names(part_folder))


def drop_notes(store: Store, part_folder: str, process: ProcessName) -> None:
    """Take away the notes of a process that was killed on purpose, of its attempts at one part.

    A store that fails keeps them, with a warning.
    """
    try:
        for note in open_notes(store, part_folder):
            if note.process.is_same(process):
                take_away(store, f"{part_folder}/{note.attempt}/{BEGUN_NAME}", os.getpid())
    except (OSError, EnvironmentFault) as error:
        logger.warning("cannot list %s: %s", store.display(part_folder), error)


def read_note(store: Store, folder: str) -> Note | None:
    """Return the note in an attempt's folder; None if it ended, or the note cannot be read."""
    try:
        row = json.loads(store.read(f"{folder}/{BEGUN_NAME}"))
        return Note(**row | {"record_ids": tuple(row["record_ids"])})
    except FileNotFoundError:
        return None  # it ended
    except (ValueError, TypeError, KeyError):
        return None  # torn with its machine, or of another version: it accuses nobody


def take_away(store: Store, path: str, pid: int) -> None:
    """Remove a note, or an attempt's whole folder. A store that fails keeps it, with a warning.

    Args:
        store: the run.
        path: of the note or of the folder.
        pid: process that began the attempt; a fork of it, which ends too, removes nothing.
    """
    if os.getpid() != pid:
        return  # a fork that ends
    try:
        if path.endswith(f"/{BEGUN_NAME}"):
            store.remove_file(path)
        else:
            store.remove(path)
    # RuntimeError: at the interpreter's end, remote stores can start no more threads.
    except (OSError, RuntimeError, EnvironmentFault) as error:
        logger.warning("cannot remove %s: %s", store.display(path), error)


def _notes(store: Store, part_folder: str, names: Sequence[str]) -> list[Note]:
    attempts = filter(ATTEMPT_NAME.fullmatch, names)
    notes = [read_note(store, f"{part_folder}/{name}") for name in attempts]
    return sorted((note for note in notes if note is not None), key=lambda note: note.at)
