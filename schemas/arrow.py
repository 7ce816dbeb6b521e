"""The Arrow schema of a record type, derived from its annotations, and records to tables and back.

| annotation                     | Arrow type                            |
|--------------------------------|---------------------------------------|
| `str`, `StrEnum`, `Literal`    | `string`; `Annotated[str, LargeString()]` is `large_string` |
| `int`                          | `int64`; `Int32()`, `Int16()` narrow it |
| `float`                        | `float64`; `Float32()` narrows it     |
| `bool`, `bytes`                | `bool`, `binary` (`LargeBinary()` is `large_binary`) |
| `tuple[T, ...]`                | `list<T>`                             |
| `dict[str, str]`               | `map<string, string>`                 |
| a record                       | `struct`                              |
| `T | None`                     | nullable                              |

`Unit("us")` in an annotation stands in the Parquet field metadata under `unit`.
"""

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pyarrow as pa

Record = TypeVar("Record")


@dataclasses.dataclass(frozen=True)
class Unit:
    """The unit of a number, such as `us`, `s`, `px`, `bytes`, `hz`, `share`."""

    symbol: str


@dataclasses.dataclass(frozen=True)
class Int16:
    """Store the integer in 16 bits."""


@dataclasses.dataclass(frozen=True)
class Int32:
    """Store the integer in 32 bits."""


@dataclasses.dataclass(frozen=True)
class Float32:
    """Store the number in 32 bits."""


@dataclasses.dataclass(frozen=True)
class LargeString:
    """Store the text with 64-bit offsets."""


@dataclasses.dataclass(frozen=True)
class LargeBinary:
    """Store the bytes with 64-bit offsets."""


_NARROW: dict[type, pa.DataType] = {
    Int16: pa.int16(),
    Int32: pa.int32(),
    Float32: pa.float32(),
    LargeString: pa.large_string(),
    LargeBinary: pa.large_binary(),
}
_SCALARS: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bytes: pa.binary(),
}


@functools.cache
def _schema(record_type: Any) -> pa.Schema:  # noqa: ANN401  (any record class)
    return pa.schema(_fields(record_type))


def arrow_schema(record_type: type) -> pa.Schema:
    """Derive the schema of a record type.

    Raises:
        TypeError: a field has a type that Arrow cannot hold.
    """
    schema: pa.Schema = _schema(record_type)
    return schema


def to_table(records: Iterable[Record], record_type: type[Record]) -> pa.Table:
    """Turn records into one table; an empty iterable gives an empty table of the same schema."""
    rows = [_to_plain(record) for record in records]
    return pa.Table.from_pylist(rows, schema=arrow_schema(record_type))


def from_table(table: pa.Table, record_type: type[Record]) -> list[Record]:
    """Turn the rows of a table into records; columns that the type does not know are ignored."""
    build: Callable[[Any], Record] = _builder(record_type)
    return [build(row) for row in table.to_pylist(maps_as_pydicts="strict")]


def to_plain(record: object) -> dict[str, Any]:
    """Turn a record into nested dicts and lists of plain values, as for JSON."""
    plain: dict[str, Any] = _to_plain(record)
    return plain


def from_plain(row: dict[str, Any], record_type: type[Record]) -> Record:
    """Build a record from what `to_plain` made of it."""
    build: Callable[[Any], Record] = _builder(record_type)
    return build(row)


def _fields(record_type: Any) -> list[pa.Field]:  # noqa: ANN401  (any record class)
    hints = typing.get_type_hints(record_type, include_extras=True)
    return [_field(f.name, hints[f.name], record_type) for f in dataclasses.fields(record_type)]


def _field(name: str, hint: object, owner: type) -> pa.Field:
    base, nullable, notes = _unwrap(hint)
    narrow = [_NARROW[type(note)] for note in notes if type(note) in _NARROW]
    units = [note.symbol for note in notes if isinstance(note, Unit)]
    metadata = {"unit": units[0]} if units else None
    arrow_type = narrow[0] if narrow else _arrow_type(base, f"{owner.__name__}.{name}")
    return pa.field(name, arrow_type, nullable=nullable, metadata=metadata)


def _arrow_type(hint: Any, where: str) -> pa.DataType:  # noqa: ANN401  (a type expression)
    origin = typing.get_origin(hint)
    if origin is tuple:
        element = _field("element", typing.get_args(hint)[0], tuple)
        return pa.list_(element)
    if origin is dict:
        return pa.map_(pa.string(), pa.string())
    if origin is typing.Literal:
        return pa.string()
    if isinstance(hint, type):
        if issubclass(hint, enum.StrEnum):
            return pa.string()
        if dataclasses.is_dataclass(hint):
            return pa.struct(_fields(hint))
        if hint in _SCALARS:
            return _SCALARS[hint]
    raise TypeError(f"{where} has type {hint!r}, which has no Arrow type; see schemas/arrow.py")


def _unwrap(hint: Any) -> tuple[Any, bool, list[object]]:  # noqa: ANN401  (a type expression)
    """Strip `Annotated` and `| None` off, in any nesting: base type, nullable, annotations."""
    notes: list[object] = []
    nullable = False
    while True:
        if typing.get_origin(hint) is typing.Annotated:
            hint, *more = typing.get_args(hint)
            notes.extend(more)
        elif isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
            rest = [arg for arg in typing.get_args(hint) if arg is not type(None)]
            if len(rest) != 1:
                raise TypeError(f"{hint!r} is a union of several types, which Arrow cannot hold")
            hint, nullable = rest[0], True
        else:
            return hint, nullable, notes


def _to_plain(value: Any) -> Any:  # noqa: ANN401  (walks any record)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    if isinstance(value, enum.StrEnum):
        return value.value
    return value


_builders: dict[Any, Callable[[Any], Any]] = {}


def _builder(hint: Any) -> Callable[[Any], Any]:  # noqa: ANN401  (a type expression)
    """Return what turns a plain value into one of type `hint`."""
    if hint not in _builders:
        base, nullable, _ = _unwrap(hint)
        build = _plain_builder(base)
        _builders[hint] = (lambda v: None if v is None else build(v)) if nullable else build
    return _builders[hint]


def _plain_builder(base: Any) -> Callable[[Any], Any]:  # noqa: ANN401  (a type expression)
    if typing.get_origin(base) is tuple:
        item = _builder(typing.get_args(base)[0])
        return lambda value: tuple(item(v) for v in value)
    if isinstance(base, type) and issubclass(base, enum.StrEnum):
        return base
    if isinstance(base, type) and dataclasses.is_dataclass(base):
        hints = typing.get_type_hints(base, include_extras=True)
        parts = {f.name: _builder(hints[f.name]) for f in dataclasses.fields(base)}
        return lambda row: base(**{n: parts[n](row[n]) for n in parts if n in row})
    if typing.get_origin(base) is dict:
        return dict
    return lambda value: value
