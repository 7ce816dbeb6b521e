"""Plans whose working files are gone: once published, what takes the room is needed no more.

```
freed/001.json       whence it was published, and what stays; written before anything goes
freed/001-done.json  how much went; missing where it was interrupted, and is taken up again
```

Commits, outcomes and records always stay, but for the last step's under `none`: its records are the
documents, which the dataset holds, as hard links or copies.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..schemas.errors import UsageError
from .curate import step_keys
from .dataset.funnel import funnel_path
from .parts.commit import KEPT_NAME, OUTCOMES_NAME, Commit, read_commits
from .parts.part import step_folder
from .parts.plan import plan_parts
from .parts.workspace import MEDIA_NAME, CommittedFile
from .plans.published import read_published
from .plans.run_files import at_once
from .recipes.recipe import Retain
from .step import Step
from .step_run import StepReport
from .storage.store import Store

FREED_FOLDER = "freed"
_FRAMES_STEP = "scan"
"""The step whose media file holds the frame set and the sound."""


@dataclass(frozen=True, kw_only=True)
class _FreedPlan:
    """A plan of which only records are left."""

    plan: int
    retain: Retain
    steps: list[StepReport]
    """What all its steps did, without commits."""


def free_plan(store: Store, plan: int, last_folder: str, retain: Retain) -> None:
    """Remove the working files of a plan that is noted as published.

    Args:
        store: the run.
        plan: number of the plan.
        last_folder: the last step's folder, from which it was published.
        retain: `none` of the media; the `frames` and the sound of the scan; or `all`.
    """
    if retain == "all":
        return
    content = {"folder": last_folder, "retain": retain}
    store.put_if_absent(_path(plan), json.dumps(content).encode())
    _remove_files(store, _read(store, plan))


def freed_numbers(store: Store) -> list[int]:
    """Return the numbers of the plans that are freed, in order."""
    stems = (name.removesuffix(".json") for name in store.names(FREED_FOLDER))
    return sorted(int(stem) for stem in stems if stem.isdecimal())


def freed_reports(
    store: Store, dataset: Store, plans: Sequence[int], steps: Sequence[Step]
) -> dict[int, list[StepReport]]:
    """Return what the steps did on plans that are freed, by plan; what was interrupted is done.

    Args:
        store: the run.
        dataset: where the documents are wanted.
        plans: numbers of the plans in question; most will not be freed.
        steps: steps of today's recipe, from the first on.

    Raises:
        UsageError: one would have to be done again: the recipe or the dataset is another one.
    """
    names = set(store.names(FREED_FOLDER))
    reports = {}
    for plan in plans:
        if _path(plan).rpartition("/")[2] not in names:
            continue
        freed = _read(store, plan)
        if _path(plan, "-done").rpartition("/")[2] not in names:
            _remove_files(store, freed)
        _check(store, dataset, freed, steps)
        reports[plan] = freed.steps[: len(steps)]
    return reports


def _check(store: Store, dataset: Store, freed: _FreedPlan, steps: Sequence[Step]) -> None:
    is_whole = len(steps) == len(freed.steps)
    if is_whole and not dataset.exists(funnel_path(freed.plan)):
        raise UsageError(
            f"plan {freed.plan:03d} was published elsewhere and freed (retain: {freed.retain}), so "
            f"its documents cannot be brought to {dataset.display()}; name the dataset that has "
            "them as `dataset:`, or give this recipe a `run:` of its own, which fetches again"
        )
    for step, key, report in zip(steps, step_keys(steps), freed.steps, strict=False):
        if report.folder != step_folder(step, key):
            raise UsageError(
                f"plan {freed.plan:03d} was published and freed (retain: {freed.retain}), but this "
                f"recipe would do its step {step.name!r} again, from files that are gone; go back "
                f"to the recipe in {store.display('recipe.yaml')}, or give this one a `run:` of "
                "its own, which fetches the sources again and may have the same `dataset:`"
            )


def _remove_files(store: Store, freed: _FreedPlan) -> None:
    parts = plan_parts(store, freed.plan)
    num_files = num_bytes = 0
    for report in freed.steps:
        is_last = report is freed.steps[-1]
        for commit in read_commits(store, report.folder, parts):
            gone = list(_not_kept(commit, freed.retain, is_last=is_last)) if commit else []
            at_once(lambda file: store.remove_file(file.path), gone)
            num_files += len(gone)
            num_bytes += sum(file.num_bytes for file in gone)
    content = {"files": num_files, "bytes": num_bytes}
    store.put_if_absent(_path(freed.plan, "-done"), json.dumps(content).encode())


def _not_kept(commit: Commit, retain: Retain, *, is_last: bool) -> Iterator[CommittedFile]:
    for file in commit.files:
        name = file.path.rpartition("/")[2]
        if name == OUTCOMES_NAME:
            continue
        if name == KEPT_NAME and not (is_last and retain == "none"):
            continue
        if name == MEDIA_NAME and commit.step == _FRAMES_STEP and retain == "frames":
            continue
        yield file


def _read(store: Store, plan: int) -> _FreedPlan:
    row = store.read_json(_path(plan))
    steps = read_published(store, plan, row["folder"])
    return _FreedPlan(plan=plan, retain=row["retain"], steps=steps)


def _path(plan: int, suffix: str = "") -> str:
    return f"{FREED_FOLDER}/{plan:03d}{suffix}.json"
