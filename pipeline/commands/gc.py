"""`interlink gc`: remove what nothing needs from a run or a dataset."""

import re
from collections import defaultdict
from typing import Annotated

import typer
from rich.console import Console

from ...schemas.errors import UsageError
from ..dataset.gc import (
    Garbage,
    dataset_garbage,
    remove_dataset_garbage,
    remove_garbage,
    run_garbage,
)
from ..dataset.versions import manifest_versions
from ..parts.plan import plan_numbers
from ..storage.store import Store
from .console import make_console, number_table, plain_text

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_AGE = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_SHOWN = 30
"""Places that are listed."""


def gc(
    place: Annotated[
        str, typer.Argument(metavar="RUN|DATASET", help="Folder or URL of a run, or of a dataset.")
    ],
    older_than: Annotated[
        str,
        typer.Option(metavar="AGE", help="Leave what is younger, such as 12h or 7d: it is in use."),
    ] = "7d",
    keep_versions: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Of a dataset, drop all versions but the newest N, and what only they name.",
        ),
    ] = None,
    steps: Annotated[
        bool,
        typer.Option("--steps", help="Of a run, remove the steps of earlier recipes too."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
) -> None:
    """Remove what nothing needs: what killed processes left, and files that no version names.

    Of a run: attempts that never came to a commit, scratch folders, half-written files. What a
    live process works on stays, and so does all that is committed, unless --steps asks for the
    steps of earlier recipes: who goes back to one then does them again.

    Of a dataset: files that no version names. Shards from before their captions were written anew
    are named by older versions, on which somebody may train: --keep-versions drops these at once,
    and what only they name once it is old enough, as a run may be about to name it again.
    """
    age_s = _seconds(older_than)
    store = Store(place)
    is_dataset = bool(manifest_versions(store))
    if not is_dataset and not plan_numbers(store):
        raise UsageError(f"{place} is neither a run nor a dataset")
    if is_dataset and steps:
        raise UsageError("--steps is for a run; this is a dataset")
    if not is_dataset and keep_versions is not None:
        raise UsageError("--keep-versions is for a dataset; this is a run")
    if is_dataset:
        found = list(dataset_garbage(store, older_than_s=age_s, keep_versions=keep_versions))
    else:
        found = list(run_garbage(store, older_than_s=age_s, with_steps=steps))
    console = make_console()
    _print(console, store, found)
    if not dry_run and is_dataset:
        found = _remove_of_dataset(console, store, found, age_s)
    elif not dry_run:
        remove_garbage(store, found)
    _print_end(console, found, older_than, dry_run=dry_run)


def _print_end(console: Console, found: list[Garbage], older_than: str, *, dry_run: bool) -> None:
    num_bytes = sum(one.num_bytes for one in found)
    done = "would be removed" if dry_run else "removed"
    console.print(
        f"{sum(one.num_files for one in found)} files, {num_bytes / 1e6:.1f} MB {done}; "
        f"younger than {older_than} stays",
        soft_wrap=True,
    )


def _remove_of_dataset(
    console: Console, dataset: Store, found: list[Garbage], age_s: float
) -> list[Garbage]:
    removed = remove_dataset_garbage(dataset, found, older_than_s=age_s)
    num_left = len(found) - len(removed)
    if num_left:
        console.print(f"{num_left} of these were left: a run has just taken them up")
    return removed


def _seconds(age: str) -> float:
    found = _AGE.fullmatch(age.strip())
    if found is None:
        raise UsageError(f"--older-than {age} must be a number and s, m, h or d, such as 7d")
    return float(found[1]) * _UNITS_S[found[2]]


def _print(console: Console, store: Store, found: list[Garbage]) -> None:
    for one in found[:_SHOWN]:
        where = one.place if one.is_local else store.display(one.place)
        console.print(f"{plain_text(where)}: {one.why}", soft_wrap=True)
    if len(found) > _SHOWN:
        console.print(f"and {len(found) - _SHOWN} more")
    if not found:
        return
    table, by_reason = number_table("why", "places", "files", "MB"), defaultdict(list)
    for one in found:
        by_reason[one.why].append(one)
    for why, alike in by_reason.items():
        megabytes = sum(one.num_bytes for one in alike) / 1e6
        num_files = sum(one.num_files for one in alike)
        table.add_row(why, str(len(alike)), str(num_files), f"{megabytes:.1f}")
    console.print(table)
