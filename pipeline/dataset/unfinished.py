"""What attempts at parts left behind that never came to a commit, and who of them still works."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..parts.attempt_notes import ATTEMPT_NAME, BEGUN_NAME, Note
from ..parts.commit import DONE_NAME, Commit, read_commit
from ..plans.run_files import last_recipe
from ..storage.scratch import is_dead_scratch, scratch_place
from ..storage.store import Store
from .listing import list_files

FOREIGN_DEATH_S = 86_400.0
"""An attempt of another host, of which nobody can tell whether it lives, counts as dead after this
time without a file: a part holds two hours of video at most."""
_BEGIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """The folder of an attempt that no commit names."""

    path: str
    """The folder under the run's root."""
    is_alive: bool
    """Whether its process lives, or may live on another host."""
    num_files: int
    """Files in it."""
    num_bytes: int
    """Their size."""
    written_s: float
    """When the last of them was written, in seconds since 1970."""


def unfinished_attempts(run: Store, folder: str, part: str) -> Iterator[Unfinished]:
    """Yield the attempts at a part that no commit names.

    Args:
        run: the run.
        folder: the step's folder.
        part: the part.
    """
    names = [name for name in run.names(f"{folder}/{part}") if ATTEMPT_NAME.fullmatch(name)]
    for name in names:
        found = _look_at(run, f"{folder}/{part}/{name}")
        # Read after the look: an attempt that ends well commits before it takes its note away.
        commit = read_commit(run, folder, part)
        if commit is None or name != commit.attempt:
            yield found


def dead_scratch_folders(run: Store) -> list[Path]:
    """Return the scratch folders on this machine of attempts that do not live.

    Other runs may have theirs in the same place: the dead ones among them are returned too.
    """
    places = {scratch_place(run), _scratch_of_recipe(run)}
    return sorted(
        path
        for place in places
        if place is not None and place.is_dir()
        for path in place.iterdir()
        if ATTEMPT_NAME.fullmatch(path.name) and is_dead_scratch(path)
    )


def is_committed_file(commit: Commit, path: str) -> bool:
    """Tell whether a commit names a file, or is it."""
    return path.endswith(f"/{DONE_NAME}") or any(file.path == path for file in commit.files)


def _look_at(run: Store, path: str) -> Unfinished:
    files = list_files(run, path)
    written_s = max((file.written_s for file in files), default=0.0)
    return Unfinished(
        path=path,
        is_alive=_is_alive(run, path, written_s),
        num_files=len(files),
        num_bytes=sum(file.num_bytes for file in files),
        written_s=written_s,
    )


def _is_alive(run: Store, path: str, written_s: float) -> bool:
    age_s = time.time() - written_s
    try:
        row = json.loads(run.read(f"{path}/{BEGUN_NAME}"))
        note = Note(**row | {"record_ids": tuple(row["record_ids"])})
    except FileNotFoundError:
        return age_s < _BEGIN_S  # it has ended, or has not yet come to write its note
    except (ValueError, TypeError, KeyError):
        return age_s < FOREIGN_DEATH_S  # torn, or of another version
    return note.is_alive or (note.host != socket.gethostname() and age_s < FOREIGN_DEATH_S)


def _scratch_of_recipe(run: Store) -> Path | None:
    scratch = (last_recipe(run) or {}).get("scratch")
    return Path(scratch) if scratch else None
