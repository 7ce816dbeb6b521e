"""Where else a dataset's documents may be: the run that made it, folders of its audits."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from ...schemas.errors import UsageError
from ..audit.plan import ITEMS_NAME, PLAN_NAME
from ..parts.plan import plan_numbers
from ..storage.store import Store

AUDIT_FOLDER = "audit"
"""Where `interlink audit sample` and `interlink demo` put audits, if not told otherwise."""


def find_runs(dataset: Store, given: Iterable[str]) -> list[Store]:
    """Return the runs that are named; if none is, the one that the dataset lies in.

    Raises:
        UsageError: one that is named is no run.
    """
    runs = [Store(url) for url in given]
    for run in runs:
        if not plan_numbers(run):
            raise UsageError(f"there is no plan in {run.display()}; name the `run:` of a recipe")
    if runs:
        return runs
    around = dataset.url.rstrip("/").rpartition("/")[0]
    beside = Store(around or ".")
    return [beside] if plan_numbers(beside) else []


def find_audits(dataset: Store, runs: Iterable[Store], given: Iterable[Path]) -> list[Path]:
    """Return the folders of audits that are named, and those where audits usually lie.

    That is a folder `audit` in or beside the dataset, in a run, and in the working folder.

    Raises:
        UsageError: one that is named holds no audit.
    """
    named = [path.resolve() for path in given]
    for path in named:
        if not _is_audit(path):
            raise UsageError(f"there is no audit at {path}: it must hold {PLAN_NAME}")
    homes = [Path.cwd()]
    for store in (dataset, *runs):
        local = store.local_path("")
        if local is not None:
            homes += [local, local.parent]
    found = (audit for home in homes for audit in _audits_in(home / AUDIT_FOLDER))
    return list(dict.fromkeys([*named, *(path.resolve() for path in found)]))


def _audits_in(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from filter(_is_audit, [folder, *sorted(folder.iterdir())])


def _is_audit(folder: Path) -> bool:
    return (folder / PLAN_NAME).is_file() and (folder / ITEMS_NAME).is_file()
