"""`interlink fsck`: are the files of a dataset or a run what was committed?"""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from ...schemas.errors import BudgetExceededError, UsageError
from ..dataset.fsck.dataset import check_dataset
from ..dataset.fsck.finding import Fault, Finding
from ..dataset.fsck.notes import remove_notes
from ..dataset.fsck.repair import Repair, restore_files, withdraw_parts
from ..dataset.fsck.run import check_run
from ..dataset.funnel import FUNNEL_FOLDER
from ..dataset.versions import manifest_versions
from ..parts.plan import plan_numbers
from ..plans.run_files import DIGESTS_NAME
from ..publish.takedown_places import find_runs
from ..storage.store import Store
from .console import make_console, plain_text

_SHOWN = 50
"""Findings that are listed."""


def fsck(
    place: Annotated[
        str, typer.Argument(metavar="DATASET|RUN", help="Folder or URL of a dataset, or of a run.")
    ],
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Read everything: digests, pages, rows, clip files."),
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Bring files of a dataset back from its run; withdraw damaged parts of a run.",
        ),
    ] = False,
    runs: Annotated[
        list[str] | None,
        typer.Option(
            "--run", metavar="RUN", help="The run that made it; left out, the one that it lies in."
        ),
    ] = None,
) -> None:
    """Look whether the files of a dataset or a run are what was committed.

    Of a dataset, all that its versions name must be there with its size; of a run, all that its
    commits name. --deep reads every byte of it, of plans and of funnels, and tells shard and row
    group of what is damaged. Files that nothing names are listed: readers never see them, and
    `interlink gc` removes them. What has no digest, such as cards and logs, is not looked into.

    --repair copies files of a dataset from the commits of its run where these are sound. Of a run
    it removes damaged notes that the next run writes again, and withdraws the commits of damaged
    parts, and of the steps after them, so that the next run does them again: models and networks
    may then answer otherwise. Ends with 5 if anything is wrong, and stays so.
    """
    console, store = make_console(), Store(place)
    is_dataset = _is_dataset(store)
    findings = _look(console, store, is_dataset=is_dataset, deep=deep)
    damaged = [finding for finding in findings if finding.fault.is_damage]
    if damaged and repair:
        repairs = list(_repair(store, damaged, runs or (), is_dataset=is_dataset))
        for one in repairs:
            console.print(f"repaired {store.display(one.path)}: {one.what}", soft_wrap=True)
        if repairs:
            console.print("looking again")
            findings = _look(console, store, is_dataset=is_dataset, deep=deep)
            damaged = [finding for finding in findings if finding.fault.is_damage]
    _print_end(console, store, findings, is_dataset=is_dataset, deep=deep)
    if damaged:
        remedy = _remedy(place, damaged, is_dataset=is_dataset, repair=repair)
        raise BudgetExceededError(f"{len(damaged)} things are wrong with {place}: {remedy}")


def _is_dataset(store: Store) -> bool:
    """Tell a dataset from a run.

    Raises:
        UsageError: it is neither.
    """
    if manifest_versions(store):
        return True
    if plan_numbers(store):
        return False
    raise UsageError(
        f"{store.display()} is neither a dataset (it would hold _manifest/v000001.json) nor a run "
        "(plans/001.parquet)"
    )


def _look(console: Console, store: Store, *, is_dataset: bool, deep: bool) -> list[Finding]:
    check = check_dataset if is_dataset else check_run
    findings: list[Finding] = []
    for finding in check(store, deep=deep):
        findings.append(finding)
        if len(findings) <= _SHOWN:
            where = plain_text(store.display(finding.path))
            text = f"{finding.fault.value:8} {where}: {plain_text(finding.what)}"
            console.print(text, soft_wrap=True)
    if len(findings) > _SHOWN:
        console.print(f"and {len(findings) - _SHOWN} more")
    return findings


def _repair(
    store: Store, damaged: list[Finding], runs: tuple[str, ...] | list[str], *, is_dataset: bool
) -> Iterator[Repair]:
    if is_dataset:
        yield from restore_files(store, damaged, find_runs(store, runs))
    else:
        yield from remove_notes(store, damaged)
        # Which steps follow each other stands there: the next run says it again.
        if all(one.path != DIGESTS_NAME for one in damaged):
            yield from withdraw_parts(store, damaged)


def _print_end(
    console: Console, store: Store, findings: list[Finding], *, is_dataset: bool, deep: bool
) -> None:
    counts = Counter(finding.fault for finding in findings)
    told = ", ".join(f"{number} {fault.value}" for fault, number in counts.items()) or "nothing"
    what = "dataset" if is_dataset else "run"
    named = "its versions name and of funnels" if is_dataset else "its commits name and of plans"
    read = f"every byte of what {named} was read"
    how = read if deep else "only sizes were looked at; --deep reads every byte"
    console.print(f"{what:8} {store.display()}: {told} to tell; {how}", soft_wrap=True)
    if Fault.STRAY in counts:
        console.print(f"next: interlink gc {store.url} --dry-run", soft_wrap=True)


def _remedy(place: str, damaged: list[Finding], *, is_dataset: bool, repair: bool) -> str:
    if is_dataset and all(one.path.startswith(f"{FUNNEL_FOLDER}/") for one in damaged):
        return "do what is said of each"
    if repair and is_dataset:
        return (
            "mend its run first (`interlink fsck RUN --deep --repair`), then run it again, then "
            f"`interlink fsck {place} --deep --repair` once more"
        )
    if repair and not is_dataset and any(one.part is not None for one in damaged):
        return (
            "run it once more, then repair again; what cannot be done again must come from a backup"
        )
    if repair:
        return "what cannot be done again must come from a backup"
    return f"`interlink fsck {place} --repair` mends what can be"
