"""What a takedown will do and has done, as text for people."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from ...schemas.denied import Denied
from ...schemas.manifest import Tombstone
from ..audit.takedown.verify import left_in_audit
from ..dataset.dry_store import DryStore
from ..dataset.takedown.resolve import Resolved
from ..dataset.takedown.run_files import RunChanges
from ..publish.takedown import Takedown, take_down
from ..storage.store import Store
from .console import plain_text

_MAX_VERSIONS = 5
"""Older versions that are listed."""


def counted(stones: Sequence[Tombstone]) -> list[str]:
    """Return how many of each kind there are, such as `3 sources`."""
    counts = Counter(stone.kind.value if stone.kind else "id" for stone in stones)
    return [_count(number, kind) for kind, number in counts.items()]


def print_resolved(console: Console, resolved: Resolved, before: Sequence[Tombstone]) -> None:
    """Tell what a request means, and of what nothing is here.

    Args:
        console: where to.
        resolved: what it means.
        before: the tombstones that there are already.
    """
    known = {(stone.kind, stone.id) for stone in before}
    new = [stone for stone in resolved.tombstones if (stone.kind, stone.id) not in known]
    told = ", ".join(counted(new)) or "nothing more than earlier tombstones name"
    console.print(f"to take down: {told}", soft_wrap=True)
    known_ids = {stone.id for stone in before}
    for one in resolved.unknown:
        if one.ids.isdisjoint(known_ids):
            text = f"nothing is here of {one.kind} {plain_text(one.value)}"
            console.print(f"{text}: it is kept out from now on", soft_wrap=True)


def print_plan(
    console: Console,
    store: Store,
    stones: Sequence[Tombstone],
    runs: Sequence[Store],
    audits: Sequence[Path],
) -> None:
    """Tell what a takedown would change, by doing it to stores that only note it.

    Args:
        console: where to.
        store: the dataset.
        stones: the tombstones.
        runs: its runs.
        audits: folders of its audits.
    """
    dry, dry_runs = DryStore(store.url), [DryStore(run.url) for run in runs]
    done = take_down(dry, stones, runs=dry_runs, is_dry=True)
    text = f"dataset  {dry.display()}: {_to_change(dry)}, and its card to write again"
    console.print(text, soft_wrap=True)
    for run, changes in zip(dry_runs, done.runs, strict=True):
        text = f"run      {run.display()}: {_to_change(run)}"
        if changes.num_scratch:
            text += f", and {_count(changes.num_scratch, 'scratch folder')}"
        console.print(text, soft_wrap=True)
    denied = Denied.of(done.manifest.tombstones)
    for folder in audits:
        num_left = sum(not one.is_unread for one in left_in_audit(folder, denied))
        places = _count(num_left, "file")
        console.print(f"audit    {folder}: {places} to change", soft_wrap=True)
    console.print("nothing was changed")


def _to_change(dry: DryStore) -> str:
    written, removed = _count(len(set(dry.written)), "file"), len(set(dry.removed))
    return f"{written} to write, {removed} to remove"


def print_done(console: Console, store: Store, done: Takedown) -> None:
    """Tell what a takedown has done, and what is left to do."""
    for line in (*_of_dataset(store, done), *_of_runs(done.runs)):
        console.print(line, soft_wrap=True)
    for audit in done.folders:
        console.print(
            f"audit    {audit.folder}: {_count(audit.num_items, 'item')} removed, "
            f"{_count(len(audit.files), 'other file')} changed or removed",
            soft_wrap=True,
        )
        for path, what in audit.unread:
            console.print(f"         {plain_text(str(path))}: {what}", soft_wrap=True)


def _of_dataset(store: Store, done: Takedown) -> Iterator[str]:
    shards, removed = done.shards, done.removed
    state = "" if done.is_new else ", as before"
    yield f"dataset  {store.display()}: version {done.manifest.version}{state}"
    yield (
        f"         {_count(shards.num_documents, 'document')} fewer, "
        f"{_count(shards.num_rewritten, 'shard')} written again, {shards.num_emptied} emptied; "
        f"{_count(len(removed.paths), 'earlier file')} of shards removed"
    )
    yield (
        f"         {_count(done.num_funnel_rows, 'row')} of the funnel changed; "
        f"{_count(done.audits.num_ratings, 'published rating')} removed"
    )
    if removed.versions:
        named = [str(version) for version in removed.versions[-_MAX_VERSIONS:]]
        told = ", ".join(["..."] * (len(removed.versions) > _MAX_VERSIONS) + named)
        yield f"         earlier versions can no longer be read whole: {told}"


def _of_runs(runs: Sequence[RunChanges]) -> Iterator[str]:
    for run in runs:
        num_files = sum(part.num_files for part in run.parts)
        num_media = sum(part.num_media for part in run.parts)
        yield f"run      {run.run.display()}: {_count(len(run.parts), 'part')} of steps cleaned"
        yield (
            f"         {_count(num_files, 'fetched file')} and "
            f"{_count(run.num_attempts, 'unfinished folder')} removed, {num_media} pictures, "
            f"sounds and clips emptied, {_count(run.num_sources, 'source')} of plans told by id "
            "alone"
        )
        if run.num_alive:
            yield (
                f"         {_count(run.num_alive, 'attempt')} at these parts may be at work: give "
                "this command again when the run has ended"
            )
        for name in run.named:
            yield f"         its recipe still names {plain_text(name)}: take it out of there"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
