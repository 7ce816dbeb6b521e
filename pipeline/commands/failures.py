"""`interlink failures`: what failed, how often, where, and whether to try it again."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from ...schemas.errors import UsageError
from ..plans.run_files import open_run
from ..watching.failures import BY, Failure, advice, count_by, is_worth_a_retry, read_failures
from .console import make_console, plain_text, plural, when
from .options import Json, RunPlace, run_at

_ROWS = 12
"""Rows of a table; the rest is told as a number."""
_DEFAULT_BY = (("code", "disposition"), ("host",), ("step", "stage"))


def failures(
    run: RunPlace,
    by: Annotated[
        str | None,
        typer.Option(metavar="|".join(BY), help="Count by this, or by several: code,host."),
    ] = None,
    code: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only this code, or several: dns,http_5xx.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Examples of each code.")] = 3,
    as_json: Json = False,
) -> None:
    """Count what failed, is deferred or was quarantined, and show examples of each code.

    Counts are of the recipe that was run last. A source that a retry took over counts in its newest
    plan alone. Hosts are those that the sources' URIs name.
    """
    fields = _fields(by)
    place = run_at(run)
    codes = set(code.split(",")) if code else None
    found = read_failures(open_run(place), codes=codes)
    if as_json:
        print(json.dumps(_as_json(found, fields or [BY], limit), indent=1))
        return
    console = make_console()
    if not found:
        console.print(f"nothing failed in {place}{f' with {code}' if code else ''}")
        return
    records = plural(len(found), "record")
    sources = plural(len({failure.source_id for failure in found}), "source")
    console.print(f"{place}: {records} of {sources}", soft_wrap=True)
    for names in fields or _DEFAULT_BY:
        console.print(_table(found, names))
    _print_examples(console, found, limit)
    _print_next(console, found, place)


def _fields(by: str | None) -> list[tuple[str, ...]]:
    """Return what was asked to count by; nothing if nothing was."""
    if by is None:
        return []
    names = tuple(by.split(","))
    for name in names:
        if name not in BY:
            raise UsageError(f"--by {name} must be one of {', '.join(BY)}")
    return [names]


def _table(found: Sequence[Failure], names: Sequence[str]) -> Table:
    is_by_code = names[0] == "code"
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    for name in ("records", "sources"):
        table.add_column(name, justify="right", no_wrap=True)
    if is_by_code:
        table.add_column("retry?")
    groups = count_by(found, names)
    for group in groups[:_ROWS]:
        cells = [*map(plain_text, group.values), str(group.records), str(group.sources)]
        table.add_row(*cells, *([advice(group.values[0])] if is_by_code else []))
    if len(groups) > _ROWS:
        rest = groups[_ROWS:]
        table.add_row(
            f"{len(rest)} more", *[""] * (len(names) - 1), str(sum(g.records for g in rest))
        )
    return table


def _print_examples(console: Console, found: Sequence[Failure], limit: int) -> None:
    for group in count_by(found, ["code"]):
        of_code = [failure for failure in found if failure.code == group.values[0]]
        for failure in of_code[:limit]:
            console.print(_headline(failure), soft_wrap=True)
            console.print(f"  {plain_text(failure.message or 'no message')}", soft_wrap=True)


def _headline(failure: Failure) -> str:
    where = f"{failure.step}: {failure.stage}" if failure.stage != failure.step else failure.step
    tries = f", tried {failure.attempts} times" if failure.attempts > 1 else ""
    wait = f", not before {_time(failure.wait_until_us)}" if failure.wait_until_us else ""
    name = f"{failure.record_id} ({failure.uri})"
    return plain_text(f"{failure.code} in {where}, part {failure.part}{tries}{wait}: {name}")


def _time(time_us: int) -> str:
    return when(datetime.fromtimestamp(time_us / 1e6, UTC).isoformat())


def _print_next(console: Console, found: Sequence[Failure], place: str) -> None:
    """Say what can be done about it."""
    is_worth = [is_worth_a_retry(failure.code, failure.disposition) for failure in found]
    if not all(is_worth):
        first = found[is_worth.index(False)]
        line = f"next: interlink replay {place} {first.record_id} --step {first.step} shows one"
        console.print(line, soft_wrap=True)
    if any(is_worth):
        console.print(f"next: interlink retry {place} plans them again", soft_wrap=True)


def _as_json(
    found: Sequence[Failure], fields: Sequence[Sequence[str]], limit: int
) -> dict[str, object]:
    counts = [
        dict(zip(names, group.values, strict=True))
        | {"records": group.records, "sources": group.sources}
        for names in fields
        for group in count_by(found, names)
    ]
    examples = [
        dataclasses.asdict(failure) | {"retry": advice(failure.code)}
        for group in count_by(found, ["code"])
        for failure in [f for f in found if f.code == group.values[0]][:limit]
    ]
    return {"records": len(found), "counts": counts, "examples": examples}
