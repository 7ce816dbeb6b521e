"""Writes the tables of `format.md`: columns and closed lists, from the records in `schemas/`.

Run `python docs/make_format.py` after a record has changed; a test holds the page against it.
"""

import ast
import dataclasses
import enum
import functools
import inspect
import re
import textwrap
import typing
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from interlink.schemas.arrow import arrow_schema
from interlink.schemas.audit import ClipVerdict, ErrorType, Pool
from interlink.schemas.audit_row import AuditedClip, AuditRow, DocumentAudit
from interlink.schemas.clip import Flag
from interlink.schemas.document import Document
from interlink.schemas.funnel import FunnelKind, FunnelRow
from interlink.schemas.manifest import (
    Manifest,
    Provenance,
    PublishedAudit,
    Shard,
    ShardList,
    Tombstone,
    TombstoneKind,
)
from interlink.schemas.outcome import (
    ERROR_CLASSES,
    Disposition,
    ErrorClass,
    ErrorCode,
    RejectionReason,
)
from interlink.schemas.reference import Media
from interlink.schemas.text import SegmentFlag, TextKind, TextStatus
from interlink.schemas.video import BoundaryKind
from interlink.schemas.view import Rule, View

PAGE = Path(__file__).with_name("format.md")

TABLES: dict[str, type] = {
    "document": Document,
    "media": Media,
    "funnel": FunnelRow,
    "shard": Shard,
    "audit-row": AuditRow,
    "audited-clip": AuditedClip,
    "document-audit": DocumentAudit,
}
"""Records that are rows of Parquet files, or columns that are joined to them."""

JSON_TABLES: dict[str, type] = {
    "manifest": Manifest,
    "shard-list": ShardList,
    "view": View,
    "rule": Rule,
    "tombstone": Tombstone,
    "published-audit": PublishedAudit,
    "provenance": Provenance,
}
"""Records that stand in the manifest's JSON."""

LISTS: dict[str, type[enum.StrEnum]] = {
    "text-kind": TextKind,
    "text-status": TextStatus,
    "flag": Flag,
    "boundary-kind": BoundaryKind,
    "segment-flag": SegmentFlag,
    "funnel-kind": FunnelKind,
    "disposition": Disposition,
    "rejection-reason": RejectionReason,
    "tombstone-kind": TombstoneKind,
    "error-class": ErrorClass,
    "error-code": ErrorCode,
    "clip-verdict": ClipVerdict,
    "error-type": ErrorType,
    "pool": Pool,
}
"""Closed lists."""

_MARKER = re.compile(r"(<!-- table (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Write the page's tables anew."""
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def fill(page: str) -> str:
    """Return the page with each table between its markers replaced by what the schemas say.

    Raises:
        KeyError: a marker names no table.
    """
    return _MARKER.sub(lambda match: f"{match[1]}{_table(match[2])}{match[3]}", page)


def names(page: str) -> list[str]:
    """Return the names of the tables that the page has markers for."""
    return [match[2] for match in _MARKER.finditer(page)]


@functools.cache
def member_docs(cls: type) -> dict[str, str]:
    """Return the string that stands below each field of a record, or member of a closed list."""
    body = typing.cast("ast.ClassDef", ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0])
    docs: dict[str, str] = {}
    for node, below in zip(body.body, body.body[1:], strict=False):
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.Assign):
            target = node.targets[0]  # type: ignore[assignment]
        is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(target, ast.Name) and is_text:
            docs[target.id] = " ".join(str(below.value.value).split())  # type: ignore[attr-defined]
    return docs


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """One line of a table of columns."""

    path: str
    type: str
    unit: str
    nullable: bool
    meaning: str


def columns(record_type: type, prefix: str = "") -> Iterator[Column]:
    """Yield every column of a record, nested ones after the one that holds them."""
    hints = typing.get_type_hints(record_type, include_extras=True)
    docs = member_docs(record_type)
    for field in arrow_schema(record_type):
        is_list = pa.types.is_list(field.type)
        path = f"{prefix}{field.name}{'[]' if is_list else ''}"
        nested = _record_in(hints[field.name])
        yield Column(
            path=path,
            type=_type_name(field.type, nested),
            unit=(field.metadata or {}).get(b"unit", b"").decode(),
            nullable=field.nullable,
            meaning=docs.get(field.name, ""),
        )
        if nested is not None:
            yield from columns(nested, f"{path}.")


def _table(name: str) -> str:
    if name in TABLES:
        return _column_table(TABLES[name])
    if name in JSON_TABLES:
        docs = member_docs(JSON_TABLES[name])
        rows = [f"| `{f.name}` | {docs[f.name]} |" for f in dataclasses.fields(JSON_TABLES[name])]
        return "\n".join(["", "| field | meaning |", "|---|---|", *rows, "", ""])
    return _list_table(LISTS[name])


def _column_table(record_type: type) -> str:
    lines = ["", "| column | type | unit | null | meaning |", "|---|---|---|---|---|"]
    for column in columns(record_type):
        null = "yes" if column.nullable else ""
        lines.append(
            f"| `{column.path}` | {column.type} | {column.unit} | {null} | {column.meaning} |"
        )
    return "\n".join([*lines, "", ""])


def _list_table(members: type[enum.StrEnum]) -> str:
    docs = member_docs(members)
    if members is not ErrorCode:
        rows = [f"| `{member.value}` | {docs[member.name]} |" for member in members]
        return "\n".join(["", "| value | meaning |", "|---|---|", *rows, "", ""])
    rows = [
        f"| `{code.value}` | {ERROR_CLASSES[code].value} | {docs[code.name]} |"
        for code in ErrorCode
    ]
    return "\n".join(["", "| value | class | meaning |", "|---|---|---|", *rows, "", ""])


def _type_name(arrow_type: pa.DataType, nested: type | None) -> str:
    if pa.types.is_list(arrow_type):
        return f"list of {_type_name(arrow_type.value_type, nested)}"
    return "struct" if nested is not None else str(arrow_type)


def _record_in(hint: object) -> type | None:
    """Return the record class inside a type expression, if there is one."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return hint
    found = (_record_in(argument) for argument in typing.get_args(hint))
    return next((record for record in found if record is not None), None)


if __name__ == "__main__":
    main()
