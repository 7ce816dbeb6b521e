"""The committed parts of a run, step by step, of whatever recipe they are."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow.parquet as pq

from ..freed import FREED_FOLDER
from ..parts.commit import KEPT_NAME, Commit, read_commit
from ..plans.run_files import last_steps
from ..storage.store import Store

STEPS_FOLDER = "steps"
_FREED_NAME = re.compile(r"(\d{3,})\.json")


def step_folders(run: Store) -> list[str]:
    """Return the folders of all steps under the run's root, those of earlier recipes too."""
    return [f"{STEPS_FOLDER}/{name}" for name in run.names(STEPS_FOLDER)]


def step_name(folder: str) -> str:
    """Return the name of the step whose commits lie in a folder."""
    return folder.rsplit("/", 1)[-1].rpartition("-")[0]


def current_folders(run: Store) -> list[str]:
    """Return the folders of the steps of the newest recipe, in order; none before it began."""
    return [step.folder for step in last_steps(run)]


def freed_plans(run: Store) -> set[int]:
    """Return the plans of which working files were removed once they were published."""
    found = (_FREED_NAME.fullmatch(name) for name in run.names(FREED_FOLDER))
    return {int(match[1]) for match in found if match}


def plan_of(part: str) -> int:
    """Return the number of the plan that a part belongs to."""
    return int(part.split("-", 1)[0])


def first_step_folders(run: Store) -> list[str]:
    """Return the folders of the step that reads the plan; all folders before a run began."""
    current = current_folders(run)
    folders = step_folders(run)
    return [f for f in folders if not current or step_name(f) == step_name(current[0])]


def commits_of(run: Store, folder: str) -> Iterator[Commit]:
    """Yield what the parts of a step committed, in the order of the parts."""
    for part in run.names(folder):
        commit = read_commit(run, folder, part)
        if commit is not None:
            yield commit


def kept_columns(run: Store, commit: Commit, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return some columns of what a part kept; no row where it has other columns, or was freed."""
    kept = commit.file(KEPT_NAME)
    if kept is None or not run.exists(kept.path):
        return []
    with run.open(kept.path) as opened:
        file = pq.ParquetFile(opened, page_checksum_verification=True)
        if not {name.split(".")[0] for name in columns} <= set(file.schema_arrow.names):
            return []
        rows: list[dict[str, Any]] = file.read(columns=list(columns)).to_pylist()
    return rows
