"""A run held against its commits: what they name must be there, as it was committed."""

import hashlib
from collections.abc import Iterator, Mapping

import pyarrow.parquet as pq

from ....schemas.errors import UsageError
from ...parts.commit import DONE_NAME, KEPT_NAME, Commit, TornCommitError, read_commit
from ...parts.plan import plan_numbers, plan_path
from ...parts.workspace import MEDIA_NAME
from ...storage.store import Store
from ..listing import is_unfinished, list_files
from ..run_commits import freed_plans, plan_of, step_folders
from ..run_strays import is_note, planned_parts, stray_files
from ..unfinished import unfinished_attempts
from .files import check_bytes, check_size
from .finding import Fault, Finding
from .notes import check_notes


def check_run(run: Store, *, deep: bool = False) -> Iterator[Finding]:
    """Yield what is wrong with a run, or worth a word.

    Args:
        run: the run.
        deep: read everything, and not only look whether it is there with its size.

    Raises:
        UsageError: there is no run.
    """
    if not plan_numbers(run):
        raise UsageError(f"there is no plan in {run.display()}; name the `run:` of a recipe")
    planned = planned_parts(run, deep=deep)
    for number, why in planned.unread.items():
        what = f"the plan cannot be read: {why}"
        yield Finding(path=plan_path(number), fault=Fault.BYTES, what=what)
    yield from check_notes(run)
    freed = freed_plans(run)
    for folder in step_folders(run):
        sizes: dict[str, dict[str, int]] = {}
        for file in list_files(run, folder):
            part = file.path.removeprefix(f"{folder}/").split("/", 1)[0]
            sizes.setdefault(part, {})[file.path] = file.num_bytes
        names = [name for name in run.names(folder) if not is_note(name)]
        strays = set(planned.strays(names))
        for part in names:
            if part in strays or is_unfinished(part):
                what = "no plan has such a part" if part in strays else "half written"
                yield Finding(path=f"{folder}/{part}", fault=Fault.STRAY, what=what)
                continue
            is_freed = plan_of(part) in freed
            yield from _check_part(run, folder, part, sizes.get(part, {}), deep, is_freed)


def _check_part(
    run: Store, folder: str, part: str, sizes: Mapping[str, int], deep: bool, is_freed: bool
) -> Iterator[Finding]:
    try:
        commit = read_commit(run, folder, part)
    except TornCommitError as error:
        done = f"{folder}/{part}/{DONE_NAME}"
        what = f"the commit cannot be read: {error.__cause__}"
        yield Finding(path=done, fault=Fault.BYTES, what=what, part=part, folder=folder)
        return
    if commit is not None:
        for path, fault, what in _check_files(run, commit, sizes, deep, is_freed):
            yield Finding(path=path, fault=fault, what=what, part=part, folder=folder)
        for path in stray_files(folder, commit, sizes):
            what = "the commit of its part does not name it"
            yield Finding(path=path, fault=Fault.STRAY, what=what, part=part, folder=folder)
    for attempt in unfinished_attempts(run, folder, part):
        what = "an attempt at work" if attempt.is_alive else "an attempt that never finished"
        yield Finding(path=attempt.path, fault=Fault.STRAY, what=what, part=part, folder=folder)


def _check_files(
    run: Store, commit: Commit, sizes: Mapping[str, int], deep: bool, is_freed: bool
) -> Iterator[tuple[str, Fault, str]]:
    is_sound = True
    for file in commit.files:
        wrong = check_size(file.path, file.num_bytes, sizes)
        if is_freed and wrong is not None and wrong[0] is Fault.MISSING:
            continue  # it was removed once the plan was published
        faults = [wrong] if wrong else []
        if deep and file.path in sizes:
            faults += check_bytes(run, file.path, file.sha256)
        for fault, what in faults:
            is_sound = False
            yield file.path, fault, what
    if deep and is_sound:
        for path, what in _check_content(run, commit, sizes):
            yield path, Fault.CONTENT, what


def _check_content(
    run: Store, commit: Commit, sizes: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    kept, media = commit.file(KEPT_NAME), commit.file(MEDIA_NAME)
    if kept is not None and kept.path in sizes:
        with run.open(kept.path) as file:
            num_rows = pq.read_metadata(file).num_rows
        if num_rows != commit.num_kept:
            yield kept.path, f"has {num_rows} records, {commit.num_kept} were committed"
    if media is not None and media.path in sizes:
        with run.open(media.path) as opened:
            file = pq.ParquetFile(opened, page_checksum_verification=True)
            for group in range(file.num_row_groups):
                for number, row in enumerate(file.read_row_group(group).to_pylist()):
                    is_emptied = not row["sha256"] and not row["bytes"]  # taken down
                    if not is_emptied and row["sha256"] != _digest(row["bytes"]):
                        yield media.path, f"row group {group}, row {number}: other bytes"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
