"""Plans that are published, and what their steps did: a next run need not look at their parts.

`published/001-<key>.json` is written after the version of the dataset, with the key of the last
step's folder. It holds as long as that folder has all parts, and the dataset's newest version names
the very shards that it named then: a takedown, a repair, another recipe or another dataset makes it
void. Without it all is checked and published again, which changes nothing.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from ...schemas.manifest import Manifest
from ..parts.commit import read_commits
from ..parts.plan import plan_parts
from ..step_run import StepReport, add_counts
from ..storage.store import Store
from ..storage.torn import naming
from .stats import step_report, step_row

PUBLISHED_FOLDER = "published"


def note_published(
    store: Store, plan: int, reports: Sequence[StepReport], *, manifest: Manifest
) -> None:
    """Note that a plan is published.

    Args:
        store: the run.
        plan: number of the plan.
        reports: what all its steps did.
        manifest: the version of the dataset that names its shards.
    """
    content = {
        "shard_list": _shard_list(manifest, plan),
        "steps": [step_row(report) for report in reports],
    }
    store.put(_path(plan, reports[-1].folder), json.dumps(content, indent=1).encode())


def published_reports(
    store: Store, plans: Sequence[int], last_folder: str, *, manifest: Manifest | None
) -> dict[int, list[StepReport]]:
    """Return what the steps did on plans that need nothing more, by plan.

    Args:
        store: the run.
        plans: numbers of the plans in question.
        last_folder: today's folder of the last step under the run.
        manifest: the newest version of the dataset; None if there is none.
    """
    there = set(store.names(PUBLISHED_FOLDER)) if manifest else set()
    noted = [plan for plan in plans if _name(plan, last_folder) in there]
    num_parts = Counter(
        part.partition("-")[0] for part in (store.names(last_folder) if noted else ())
    )
    contents = store.read_all([_path(plan, last_folder) for plan in noted])
    reports = {}
    for plan, content in zip(noted, contents, strict=True):
        row = _note(content)
        steps = [_reused(step_report(step)) for step in row.get("steps", ())]
        is_whole = steps and steps[-1].num_parts == num_parts[f"{plan:03d}"]
        if is_whole and manifest and row["shard_list"] == _shard_list(manifest, plan):
            reports[plan] = steps
    return reports


def read_published(store: Store, plan: int, last_folder: str) -> list[StepReport]:
    """Return what the steps did on a plan that was published from this folder.

    Raises:
        FileNotFoundError: it was not.
    """
    rows = store.read_json(_path(plan, last_folder))["steps"]
    return [_reused(step_report(row)) for row in rows]


def forget_published(store: Store, freed: Collection[int]) -> None:
    """Remove the notes but those of freed plans: of any other plan a next run makes it again."""
    kept = {f"{plan:03d}" for plan in freed}
    for name in store.names(PUBLISHED_FOLDER):
        if name.partition("-")[0] not in kept:
            store.remove(f"{PUBLISHED_FOLDER}/{name}")


def recount_published(store: Store, freed: Collection[int]) -> None:
    """Count the stages in the notes of freed plans again, from what is committed now.

    Notes that count right stay as they are.
    """
    plans = {f"{plan:03d}": plan for plan in freed}
    for name in store.names(PUBLISHED_FOLDER) if plans else ():
        plan = plans.get(name.partition("-")[0])
        if plan is not None:
            _recount(store, f"{PUBLISHED_FOLDER}/{name}", plan)


def _recount(store: Store, path: str, plan: int) -> None:
    before = store.read(path)
    with naming(store.display(path), store.display()):
        note = json.loads(before)
    parts = plan_parts(store, plan)
    steps = []
    for row in note["steps"]:
        commits = [c for c in read_commits(store, row["folder"], parts) if c is not None]
        if len(commits) < len(parts):
            return  # of an earlier recipe, whose steps are gone
        steps.append(step_row(replace(step_report(row), stages=add_counts(commits))))
    content = json.dumps(note | {"steps": steps}, indent=1).encode()
    if content != before:
        store.put(path, content)


def _note(content: bytes | None) -> dict[str, Any]:
    """Return what a note says; nothing where it is damaged: the plan is then published again."""
    with contextlib.suppress(ValueError, TypeError):
        return dict(json.loads(content or b"{}"))
    return {}


def _path(plan: int, last_folder: str) -> str:
    return f"{PUBLISHED_FOLDER}/{_name(plan, last_folder)}"


def _name(plan: int, last_folder: str) -> str:
    return f"{plan:03d}-{last_folder.rpartition('-')[2]}.json"


def _shard_list(manifest: Manifest, plan: int) -> str | None:
    """Return the digest of the list of a plan's shards; None if it gave no document."""
    lists = {listed.plan: listed.sha256 for listed in manifest.shard_lists}
    return lists.get(f"{plan:03d}")


def _reused(report: StepReport) -> StepReport:
    return replace(
        report,
        num_reused=report.num_parts,
        wall_s=0.0,
        cpu_s=0.0,
        busy_s=0.0,
        busy_cpu_s=0.0,
        longest_s=0.0,
    )
