"""Attempts at a part: which began and died, at which records, and what the next one does about it.

An attempt leaves a note in its folder while it lives, and takes it away however it ends, but for
the death of its process. So a note whose process is gone tells of a death; whoever ends a process
on purpose sees to it that the notes go (`drop_own_notes`, `drop_notes`). The attempt after a death
marks in its note which records it has in hand, and records at which `MAX_DEATHS` attempts died are
not run again. An attempt at a part without deaths writes one note and marks nothing.
"""

import dataclasses
import datetime
import logging
import os
import threading
import uuid
import weakref
from collections.abc import Sequence
from types import FrameType, TracebackType

from ..machine.process import this_process
from ..storage.store import Store
from .attempt_notes import ATTEMPT_NAME, BEGUN_NAME, Note, read_note, take_away

logger = logging.getLogger(__name__)

MAX_DEATHS = 3
"""Attempts that may die at a record. Two could be bad luck, and each more restarts an engine."""
DROP_S = 1.0
"""Patience with a store that keeps the notes of a process that is about to end."""


def drop_own_notes() -> None:
    """Take away the notes of this process's live attempts, before it ends without a word.

    Nobody marks anything after it. Returns within `DROP_S`, whatever the store does.
    """
    _is_ending.set()
    drop = threading.Thread(target=lambda: [end() for end in list(_live.values())], daemon=True)
    drop.start()
    drop.join(DROP_S)


def end_without_death(number: int, frame: FrameType | None) -> None:
    """End this process at once, as a signal's handler, in a way that accuses no record."""
    drop_own_notes()
    os._exit(128 + number)


_live: "dict[str, weakref.finalize[..., Attempt]]" = {}
"""What takes each note of this process away, by the attempt's name."""
_is_ending = threading.Event()


class Attempt:
    """One attempt at a part. Use as a context around it.

    Args:
        store: the run.
        part_folder: the part's folder in its step.
        dead: notes of the attempts that died before this one.
        names: what lay in the part's folder before.

    Attributes:
        name: its name; unlike any other.
        folder: its own folder under the run's root.
    """

    def __init__(
        self,
        store: Store,
        part_folder: str,
        dead: Sequence[Note] = (),
        *,
        names: Sequence[str] = (),
    ) -> None:
        self.name = uuid.uuid4().hex[:12]
        self.folder = f"{part_folder}/{self.name}"
        self._part_folder = part_folder
        self._store = store
        self._dead = list(dead)
        self._others = [name for name in names if ATTEMPT_NAME.fullmatch(name)]
        self._may_be_committed = False
        self._note = Note(
            attempt=self.name,
            **dataclasses.asdict(this_process()),
            at=_now(),
            is_marking=bool(dead),
        )
        # Engines end workers, and workers their threads, in the midst of a part: that is no death.
        # The note alone goes: until the very end the thread may commit what else lies there.
        self._at_exit = weakref.finalize(self, take_away, store, self._note_path, os.getpid())

    def __enter__(self) -> "Attempt":
        if self._dead:
            logger.warning(
                "%d attempts at %s died; this one marks what it has in hand",
                len(self._dead),
                self._part_folder,
            )
        _live[self.name] = self._at_exit
        self._put(self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._at_exit.detach()
        _live.pop(self.name, None)
        is_nothing_left = error is not None and not self._may_be_committed
        take_away(self._store, self.folder if is_nothing_left else self._note_path, os.getpid())

    def before_commit(self) -> None:
        """Say that from here on a commit may name the attempt's files, whatever goes wrong."""
        self._may_be_committed = True

    def bury_others(self) -> None:
        """Remove what other attempts left, but for the live, once this one is committed."""
        for folder in (f"{self._part_folder}/{name}" for name in self._others):
            note = read_note(self._store, folder)
            if note is None or not note.is_alive:
                self._store.remove(folder)

    def mark(self, stage: str, record_ids: Sequence[str], *, is_batch: bool) -> None:
        """Note which records are in hand, if an attempt at this part has died before.

        Args:
            stage: the stage that has them.
            record_ids: their ids.
            is_batch: whether they are several that could be run one by one.
        """
        self._mark(stage, tuple(record_ids), is_batch=is_batch)

    def mark_none(self) -> None:
        """Note that no record is in hand."""
        self._mark(None, (), is_batch=False)

    def has_death_at(self, stage: str, record_ids: Sequence[str]) -> bool:
        """Tell whether an attempt died with any of these records in hand."""
        return any(n.stage == stage and set(n.record_ids) & set(record_ids) for n in self._dead)

    def evidence(self, stage: str, record_id: str) -> list[Note] | None:
        """Return the deaths at a record if they are too many to run it again, else None.

        A record is never condemned by deaths of batches alone. Of attempts without marks, the last
        before the marks began counts where the first one with marks died.
        """
        deaths = [n for n in self._dead if n.stage == stage and record_id in n.record_ids]
        if all(note.is_batch for note in deaths):
            return None
        marking = [note for note in self._dead if note.is_marking]
        unmarked = [note for note in self._dead if not note.is_marking]
        if unmarked and marking[0] in deaths:
            deaths.insert(0, unmarked[-1])
        return deaths if len(deaths) >= MAX_DEATHS else None

    @property
    def _note_path(self) -> str:
        return f"{self.folder}/{BEGUN_NAME}"

    def _mark(self, stage: str | None, record_ids: tuple[str, ...], *, is_batch: bool) -> None:
        if not self._dead:
            return
        note = dataclasses.replace(
            self._note, at=_now(), stage=stage, record_ids=record_ids, is_batch=is_batch
        )
        self._put(note)

    def _put(self, note: Note) -> None:
        if not _is_ending.is_set():
            self._store.put(self._note_path, note.to_json())


def tell_deaths(deaths: Sequence[Note], *, step: str, record_id: str) -> str:
    """Say in words why a record is not run again, and what to do."""
    told = ", ".join(f"{note.host} at {note.at}" for note in deaths[-MAX_DEATHS:])
    first = "" if deaths[0].is_marking else " (the first before it noted what it had)"
    return (
        f"{len(deaths)} attempts died with it in hand{first}, on {told}; it is not run again. "
        f"See what it does alone: interlink replay RUN {record_id} --step {step}"
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
