"""The few columns of a dataset that sampling needs, clip by clip: no pictures, no words' texts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ....schemas.arrow import arrow_schema, from_table
from ....schemas.clip import ClipScores
from ....schemas.document import DocumentScores
from ....schemas.manifest import Manifest
from ....schemas.text import TextKind, TextScores, TextStatus
from ....schemas.view import View
from ....schemas.view_filter import open_filter
from ...dataset.reader import read_tables
from ...storage.store import Store

_ROW = "row"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextColumns:
    """A text of a clip; fields as in `Caption`."""

    kind: TextKind
    text: str
    model: str | None
    revision: str | None
    status: TextStatus
    language: str | None
    scores: TextScores


@dataclass(frozen=True, slots=True, kw_only=True)
class WordColumns:
    """A spoken word; fields as in `Word`."""

    start_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipColumns:
    """A clip; fields as in `DocumentClip`."""

    clip_id: str
    start_us: int
    end_us: int
    texts: tuple[TextColumns, ...]
    words: tuple[WordColumns, ...]
    scores: ClipScores


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceColumns:
    """A source; fields as in `DocumentSource`."""

    source_id: str
    group: str
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentColumns:
    """A document; fields as in `Document`."""

    document_id: str
    video_id: str
    source: SourceColumns
    clips: tuple[ClipColumns, ...]
    scores: DocumentScores
    row: int = -1
    """Number of its row in the dataset version, from 0."""


def read_columns(
    dataset: Store, manifest: Manifest, view: View | None = None
) -> Iterator[DocumentColumns]:
    """Yield the documents of a version, one row group at a time.

    Raises:
        ValueError: the view does not suit the documents' columns.
        EnvironmentFault: what was judged cannot be read, and the view asks for it.
    """
    chosen = open_filter(view, manifest, dataset.read)
    for table in _numbered(dataset, manifest, chosen.columns):
        yield from from_table(chosen.apply(table), DocumentColumns)


def read_rows(dataset: Store, manifest: Manifest, rows: Iterable[int]) -> Iterator[DocumentColumns]:
    """Yield the documents at the given row numbers of a version, in order."""
    wanted = pa.array(sorted(set(rows)), pa.int64())
    for table in _numbered(dataset, manifest, []):
        mask = pc.is_in(table[_ROW], value_set=wanted)
        yield from from_table(table.filter(mask), DocumentColumns)


def _numbered(dataset: Store, manifest: Manifest, more: list[str]) -> Iterator[pa.Table]:
    columns = sorted({*_leaves(_stored_schema()), *more})
    row = 0
    for table in read_tables(dataset, manifest, columns):
        numbers = pa.array(range(row, row + table.num_rows), pa.int64())
        yield table.append_column(_ROW, numbers)
        row += table.num_rows


def _stored_schema() -> pa.Schema:
    schema = arrow_schema(DocumentColumns)
    return schema.remove(schema.get_field_index(_ROW))


def _leaves(fields: Iterable[pa.Field], prefix: str = "") -> Iterator[str]:
    """Yield the Parquet paths of the leaves of some fields."""
    for field in fields:
        path, kind = f"{prefix}{field.name}", field.type
        if pa.types.is_list(kind):
            path, kind = f"{path}.list.element", kind.value_type
        if pa.types.is_struct(kind):
            yield from _leaves(list(kind), f"{path}.")
        else:
            yield path
