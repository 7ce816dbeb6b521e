"""`interlink diff`: what differs between two versions of a dataset, or between two datasets."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from ...schemas.errors import UsageError
from ...schemas.manifest import Manifest
from ..dataset.diff import Changes, VersionDiff, diff_versions
from ..dataset.versions import manifest_versions, read_manifest
from ..storage.store import Store
from .console import make_console, number_table, plain_text

_SHOWN = 20
"""Sources and names that are listed."""
_Side = tuple[Store, Manifest]


def diff(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Folder or URL of a dataset.")],
    first: Annotated[
        str | None,
        typer.Argument(
            metavar="V1|DATASET2",
            help="A version of it; left out, the one before V2. Or another dataset.",
        ),
    ] = None,
    second: Annotated[
        str | None,
        typer.Argument(metavar="V2", help="Another version of it; left out, the newest."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="All of it as JSON, with every id.")
    ] = False,
) -> None:
    """Say which documents were added, removed or changed, and which views, takedowns and audits.

    Documents are matched by document_id and compared by content_sha256, so that a file that was
    only written again, by another version of pyarrow, holds no change.
    """
    before, after = _sides(dataset, first, second)
    found = diff_versions(before, after)
    if as_json:
        named = {"first": _name(before), "second": _name(after)}
        typer.echo(json.dumps(named | asdict(found), indent=1))
        return
    _print(make_console(), before, after, found)


def _sides(dataset: str, first: str | None, second: str | None) -> tuple[_Side, _Side]:
    store = Store(dataset)
    if first is not None and not first.isdecimal():
        if second is not None:
            raise UsageError(f"{second}: of two datasets the newest versions are compared")
        other = Store(first)
        return (store, read_manifest(store)), (other, read_manifest(other))
    if second is not None and not second.isdecimal():
        raise UsageError(f"V2={second} must be a number of a version")
    newer = read_manifest(store, int(second) if second else None)
    if first is None:
        earlier = [v for v in manifest_versions(store) if v < newer.version]
        if not earlier:
            raise UsageError(f"{dataset} has one version alone; name another dataset")
        first = str(earlier[-1])
    return (store, read_manifest(store, int(first))), (store, newer)


def _name(side: _Side) -> str:
    return f"{side[0].display()} version {side[1].version}"


def _print(console: Console, before: _Side, after: _Side, found: VersionDiff) -> None:
    for sign, side in (("-", before), ("+", after)):
        number = side[1].num_documents
        console.print(f"{sign} {_name(side)}: {number} documents", soft_wrap=True)
    if found.is_same_content:
        console.print("every byte of documents and clip files is the same")
    else:
        console.print(
            f"shards     {found.num_equal_shards} equal in every byte, {found.num_first_shards} "
            f"others before, {found.num_second_shards} others after",
            soft_wrap=True,
        )
        told = _told(found.documents)
        equal = f"{found.num_equal_documents} equal in files that are not"
        console.print(f"documents  {told}, {equal}", soft_wrap=True)
    _print_sources(console, found)
    if found.not_compared:
        parts = ", ".join(found.not_compared[:_SHOWN])
        console.print(
            f"not compared, as a file is gone: {len(found.not_compared)} parts, {parts}",
            soft_wrap=True,
        )
    for name, changes in (
        ("views", found.views),
        ("takedowns", found.tombstones),
        ("audits", found.audits),
    ):
        if not changes.is_empty:
            console.print(f"{name:10} {_told(changes)}")
            _print_names(console, changes)


def _print_sources(console: Console, found: VersionDiff) -> None:
    if not found.sources:
        return
    table = number_table("source", "added", "removed", "changed")
    for source in found.sources[:_SHOWN]:
        counts = (source.num_added, source.num_removed, source.num_changed)
        table.add_row(plain_text(source.source_id), *(str(n) if n else "·" for n in counts))
    console.print(table)
    if len(found.sources) > _SHOWN:
        console.print(f"and {len(found.sources) - _SHOWN} more sources; --json has all")


def _print_names(console: Console, changes: Changes) -> None:
    lines = [
        f"  {sign} {plain_text(name)}"
        for sign, names in (("+", changes.added), ("-", changes.removed), ("*", changes.changed))
        for name in names
    ]
    for line in lines[:_SHOWN]:
        console.print(line, soft_wrap=True)
    if len(lines) > _SHOWN:
        console.print(f"  and {len(lines) - _SHOWN} more; --json has all")


def _told(changes: Changes) -> str:
    return (
        f"{len(changes.added)} added, {len(changes.removed)} removed, "
        f"{len(changes.changed)} changed"
    )
