"""What can be removed because nothing needs it: strays, old versions, attempts without a commit."""

import time
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from ..parts.attempts import BEGUN_NAME
from ..storage.scratch import remove_dead_scratch
from ..storage.store import Store
from .fsck.dataset import OURS
from .listing import StoredFile, is_unfinished, list_files
from .run_commits import current_folders, step_folders
from .unfinished import dead_scratch_folders, unfinished_attempts
from .version_files import VersionFiles
from .versions import manifest_path
from .work_folder import dead_work_folders

_SMALL_FOLDERS = ("plans", "jobs", "published", "freed", "retries", "keys")
"""Folders of a run besides its steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """Something that nothing needs."""

    place: str
    """Its path under the store's root, or on this machine."""
    why: str
    """Why it is not needed."""
    num_files: int
    """Its files."""
    num_bytes: int
    """Their size."""
    is_local: bool = False
    """Whether `place` is a path of this machine, outside of the store."""


def dataset_garbage(
    dataset: Store, *, older_than_s: float, keep_versions: int | None = None
) -> Iterator[Garbage]:
    """Yield what a dataset does not need, in the order in which to remove it.

    Files that any version names are needed, so that whoever trains on it can go on.

    Args:
        dataset: where the dataset lies.
        older_than_s: leave what was written later than so many seconds ago: somebody may be about
            to name it.
        keep_versions: drop all versions but the newest so many, at least 1, and then what only
            they name.

    Raises:
        EnvironmentFault: a version cannot be read.
    """
    files = VersionFiles(dataset)
    manifests = list(files.manifests())
    num_dropped = 0 if keep_versions is None else max(0, len(manifests) - keep_versions)
    dropped, kept = manifests[:num_dropped], manifests[num_dropped:]
    stored = {file.path: file for folder in OURS for file in list_files(dataset, folder)}
    for manifest in dropped:  # first of all: a version that is there must have its files
        file = stored.pop(manifest_path(manifest.version))
        yield _file(file, "an older version, to be dropped")
    needed = {path for manifest in kept for path in files.paths(manifest)}
    was_needed = {path for manifest in dropped for path in files.paths(manifest)}
    limit_s = time.time() - older_than_s
    for path, file in stored.items():
        if path in needed:
            continue
        if path in was_needed:
            yield _file(file, "only dropped versions name it")
        elif file.written_s < limit_s:
            yield _file(file, "no version names it")
    others = [f for folder in ("funnel", "card") for f in list_files(dataset, folder)]
    yield from _unfinished(dataset, others, limit_s)


def run_garbage(run: Store, *, older_than_s: float, with_steps: bool = False) -> Iterator[Garbage]:
    """Yield what a run does not need.

    What a live attempt writes is needed, and so is all that is committed.

    Args:
        run: the run.
        older_than_s: leave what was written later than so many seconds ago.
        with_steps: also the steps of recipes before the newest, which would then have to be done
            again if one went back to them.
    """
    limit_s = time.time() - older_than_s
    current = current_folders(run)
    for folder in step_folders(run):
        files = list_files(run, folder)
        attempts = [a for part in run.names(folder) for a in unfinished_attempts(run, folder, part)]
        is_earlier = bool(current) and folder not in current
        if with_steps and is_earlier and not any(attempt.is_alive for attempt in attempts):
            yield _whole(folder, files, "a step of an earlier recipe")
            continue
        yield from _unfinished_files(files, limit_s)
        yield from _late_notes(files, {attempt.path for attempt in attempts}, limit_s)
        for attempt in attempts:
            if not attempt.is_alive and attempt.written_s < limit_s:
                yield Garbage(
                    place=attempt.path,
                    why="an attempt that never came to a commit",
                    num_files=attempt.num_files,
                    num_bytes=attempt.num_bytes,
                )
    for path in dead_scratch_folders(run):
        if path.stat().st_mtime < limit_s:
            yield _local(path, "scratch of an attempt that never finished")
    others = [f for folder in _SMALL_FOLDERS for f in list_files(run, folder)]
    yield from _unfinished(run, others, limit_s)


def remove_garbage(store: Store, found: Sequence[Garbage]) -> None:
    """Remove what was found, in its order."""
    for one in found:
        if one.is_local:
            remove_dead_scratch(Path(one.place))
        else:
            store.remove(one.place)


def _unfinished(store: Store, files: Sequence[StoredFile], limit_s: float) -> Iterator[Garbage]:
    """Yield what killed processes left half written: at the root, and among some files."""
    root = [name for name in store.names("") if is_unfinished(name)]
    at_root = [file for name in root for file in list_files(store, name)]
    yield from _unfinished_files([*at_root, *files], limit_s)
    for path in dead_work_folders(store):
        yield _local(path, "work of a process that was killed")


def _late_notes(
    files: Sequence[StoredFile], unfinished: Set[str], limit_s: float
) -> Iterator[Garbage]:
    """Yield notes of attempts that were killed between their commit and their end."""
    for file in files:
        attempt, _, name = file.path.rpartition("/")
        if name == BEGUN_NAME and attempt not in unfinished and file.written_s < limit_s:
            yield _file(file, "note of an attempt that was killed after its commit")


def _unfinished_files(files: Sequence[StoredFile], limit_s: float) -> Iterator[Garbage]:
    for file in files:
        if is_unfinished(file.path) and file.written_s < limit_s:
            yield _file(file, "half written by a process that was killed")


def _file(file: StoredFile, why: str) -> Garbage:
    return Garbage(place=file.path, why=why, num_files=1, num_bytes=file.num_bytes)


def _whole(folder: str, files: Sequence[StoredFile], why: str) -> Garbage:
    num_bytes = sum(file.num_bytes for file in files)
    return Garbage(place=folder, why=why, num_files=len(files), num_bytes=num_bytes)


def _local(path: Path, why: str) -> Garbage:
    sizes = [file.stat().st_size for file in path.rglob("*") if file.is_file()]
    return Garbage(
        place=str(path), why=why, num_files=len(sizes), num_bytes=sum(sizes), is_local=True
    )
