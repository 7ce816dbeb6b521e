"""Mending what can be: a dataset's files from the run that made them, a run's parts anew."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from ....schemas.manifest import Shard
from ...parts.commit import DONE_NAME, KEPT_NAME, Commit, TornCommitError, read_commit
from ...storage.records_file import leaf_columns
from ...storage.store import Store
from ..rows import stored_digest
from ..run_commits import current_folders, freed_plans, plan_of, step_folders, step_name
from ..shard_lists import read_list
from ..versions import manifest_path, manifest_versions, read_manifest
from .finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What was done about findings."""

    path: str
    """The file or folder."""
    what: str
    """What was done."""


def restore_files(
    dataset: Store, findings: Iterable[Finding], runs: Sequence[Store]
) -> Iterator[Repair]:
    """Bring files of shards back from the commits of runs, and yield those that were.

    Args:
        dataset: where the dataset lies.
        findings: what is wrong with it.
        runs: runs that may have made it.
    """
    wanted = {one.path: one.part for one in findings if one.fault.is_damage}
    digests = {
        path: sha256
        for shard in _shards(dataset, wanted)
        for path, sha256 in (
            (shard.docs_path, shard.docs_sha256),
            (shard.media_path, shard.media_sha256),
        )
    }
    for path, part in sorted(wanted.items()):
        sha256 = digests.get(path)
        if part is None or sha256 is None:
            continue
        for run in runs:
            found = _find(run, part, sha256)
            if found is not None:
                dataset.remove(path)
                run.copy_to(found, dataset, path)
                yield Repair(path=path, what=f"restored from {run.display(found)}")
                break


def _shards(dataset: Store, damaged: Container[str]) -> Iterator[Shard]:
    """Yield the shards of all versions, but of manifests and lists that are damaged themselves."""
    for version in manifest_versions(dataset):
        if manifest_path(version) in damaged:
            continue
        for listed in read_manifest(dataset, version).shard_lists:
            if listed.path not in damaged:
                yield from read_list(dataset, listed)


def withdraw_parts(run: Store, findings: Iterable[Finding]) -> Iterator[Repair]:
    """Take back the commits of damaged parts, so that the next run does them again.

    So are those of later steps: what they refer to will lie elsewhere. Steps of earlier recipes
    stay where they refer to nothing of it. A plan whose working files were freed stays as it is:
    nothing could be done again.
    """
    freed = freed_plans(run)
    current = current_folders(run)
    damaged: dict[str, set[str]] = {}
    for one in findings:
        if not one.fault.is_damage or one.part is None or one.folder is None:
            continue
        if plan_of(one.part) not in freed:
            damaged.setdefault(one.part, set()).add(one.folder)
    for part, folders in sorted(damaged.items()):
        for folder in _with_later(run, part, folders, current):
            # The commit first: without it, what is left of the attempt is nothing to anybody.
            run.remove(f"{folder}/{part}/{DONE_NAME}")
            run.remove(f"{folder}/{part}")
            yield Repair(path=f"{folder}/{part}", what="withdrawn: the next run does it again")


def _find(run: Store, part: str, sha256: str) -> str | None:
    """Return a file that a part has committed and that still has its digest."""
    for folder in step_folders(run):
        commit = _commit(run, folder, part)
        for file in commit.files if commit else ():
            is_it = file.sha256 == sha256 and run.exists(file.path)
            if is_it and stored_digest(run, file.path) == sha256:
                return file.path
    return None


def _with_later(run: Store, part: str, damaged: set[str], current: Sequence[str]) -> list[str]:
    """Return the folders of damaged commits and of all that stand on one, the last step first."""
    rank = {step_name(folder): number for number, folder in enumerate(current)}
    withdrawn: list[str] = []
    for folder in sorted(step_folders(run), key=lambda folder: rank.get(step_name(folder), 0)):
        if not run.exists(f"{folder}/{part}/{DONE_NAME}"):
            continue
        # Of one recipe, a step must take what the one before it gave, or the numbers do not add up.
        follows = folder in current and not set(current).isdisjoint(withdrawn)
        if folder in damaged or follows or _stands_on(run, folder, part, withdrawn):
            withdrawn.append(folder)
    return withdrawn[::-1]


def _stands_on(run: Store, folder: str, part: str, withdrawn: Sequence[str]) -> bool:
    """Tell whether what a part kept refers to a file of a withdrawn commit of it."""
    commit = _commit(run, folder, part)
    kept = commit.file(KEPT_NAME) if commit else None
    if kept is None or not withdrawn:
        return False
    places = tuple(f"{other}/{part}/" for other in withdrawn)
    try:
        with run.open(kept.path) as opened:
            file = pq.ParquetFile(opened)
            columns = [name for name, _ in leaf_columns(file.schema_arrow) if _is_reference(name)]
            rows = file.read(columns=columns).to_pylist() if columns else []
    except (OSError, pa.ArrowException):
        return True  # it is damaged too
    return any(text.startswith(places) for text in _texts(rows))


def _is_reference(column: str) -> bool:
    return column.rsplit(".", 1)[-1] == "file"


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _commit(run: Store, folder: str, part: str) -> Commit | None:
    try:
        return read_commit(run, folder, part)
    except TornCommitError:
        return None
