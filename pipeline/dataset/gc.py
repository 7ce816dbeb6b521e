"""What can be removed because nothing needs it: strays, old versions, attempts without a commit."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..parts.attempt_notes import BEGUN_NAME
from ..parts.commit import read_commit
from ..parts.stop_note import STOP_PREFIX
from ..storage.disk_guard import read_pause
from ..storage.scratch import remove_dead_scratch
from ..storage.store import Store
from .fsck.dataset import OURS
from .listing import StoredFile, is_unfinished, list_files
from .run_commits import current_folders, step_folders
from .run_strays import is_note, planned_parts, stray_files
from .unfinished import dead_scratch_folders, unfinished_attempts
from .version_files import VersionFiles
from .versions import manifest_path
from .work_folder import dead_work_folders

_SMALL_FOLDERS = ("plans", "jobs", "published", "freed", "retries", "keys")
"""Folders of a run besides its steps."""
_DROPPED = "an older version, to be dropped"


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
        older_than_s: leave files that were written, or linked, later than so many seconds ago:
            somebody may be about to name them.
        keep_versions: drop all versions but the newest so many, at least 1, whatever their age, and
            then what only they name, once that is old enough.

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
        yield _file(file, _DROPPED)
    needed = {path for manifest in kept for path in files.paths(manifest)}
    was_needed = {path for manifest in dropped for path in files.paths(manifest)}
    limit_s = time.time() - older_than_s
    for path, file in stored.items():
        if path not in needed and file.written_s < limit_s:
            who = "only dropped versions name" if path in was_needed else "no version names"
            yield _file(file, f"{who} it")
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
    folders = {folder: list_files(run, folder) for folder in step_folders(run)}
    planned = planned_parts(run)  # read last: whoever makes a part has its plan
    for folder, files in folders.items():
        by_name = _by_name(folder, files)
        attempts = [a for name in by_name for a in unfinished_attempts(run, folder, name)]
        alive = {attempt.path.split("/")[2] for attempt in attempts if attempt.is_alive}
        is_earlier = bool(current) and folder not in current
        if with_steps and is_earlier and not alive:
            yield _whole(folder, files, "a step of an earlier recipe")
            continue
        yield from _unfinished_files(files, limit_s)
        strays = set(planned.strays(by_name))
        for name in strays - alive:
            if all(file.written_s < limit_s for file in by_name[name]):
                yield _whole(f"{folder}/{name}", by_name[name], "no plan has such a part")
        for name in by_name.keys() - strays:
            yield from _within(run, folder, name, by_name[name], limit_s)
        for attempt in attempts:
            is_old = not attempt.is_alive and attempt.written_s < limit_s
            if is_old and attempt.path.split("/")[2] not in strays:
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


def remove_dataset_garbage(
    dataset: Store, found: Sequence[Garbage], *, older_than_s: float
) -> list[Garbage]:
    """Remove what was found in a dataset, but for what has come to be needed since.

    Files are named by their content, so a run that publishes may find one there that no version, or
    only a dropped one, names, and name it. So once the old manifests are gone, and nothing else,
    the versions and the ages are read again. On a local disk such a run links the file anew, which
    makes it young. What remains is a run that finds a file before it goes and commits its version
    after that second look: on a local disk only if it links the file after that look too, or longer
    before than `older_than_s`; on other stores always, where the file is old enough. Its version
    then lacks the file, which `interlink fsck --repair` brings back from the run.

    Args:
        dataset: where the dataset lies.
        found: what `dataset_garbage` gave.
        older_than_s: as it was told.

    Returns:
        What was removed.
    """
    manifests = [one for one in found if one.why == _DROPPED]
    remove_garbage(dataset, manifests)
    still = {one.place for one in dataset_garbage(dataset, older_than_s=older_than_s)}
    others = [one for one in found if one.place in still]
    remove_garbage(dataset, others)
    return manifests + others


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


def _by_name(folder: str, files: Sequence[StoredFile]) -> dict[str, list[StoredFile]]:
    """Return the files under a step's folder by the name in it under which they lie."""
    found: dict[str, list[StoredFile]] = {}
    for file in files:
        name = file.path.removeprefix(f"{folder}/").split("/", 1)[0]
        if not is_unfinished(name):
            found.setdefault(name, []).append(file)
    return found


def _within(
    run: Store, folder: str, name: str, files: Sequence[StoredFile], limit_s: float
) -> Iterator[Garbage]:
    """Yield what nothing needs of one part, or a note in a step's folder that says nothing more."""
    old = {file.path: file for file in files if file.written_s < limit_s}
    if is_note(name):
        path = f"{folder}/{name}"
        if path in old and name.startswith(STOP_PREFIX):
            yield _file(old[path], "note of a stop that no driver was left to read")
        elif path in old and read_pause(run, path) is None:
            yield _file(old[path], "note of a worker that waits no more")
        return
    commit = read_commit(run, folder, name)
    for path in stray_files(folder, commit, old) if commit else ():
        is_begun = path.endswith(f"/{BEGUN_NAME}")
        why = "the commit of its part does not name it"
        late = "note of an attempt that was killed after its commit"
        yield _file(old[path], late if is_begun else why)


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
