"""Records in Parquet files: what a step keeps, and a part's documents, which are a dataset's shard.

Every file of records is written here with the same settings, so that equal records give equal bytes
within one version of pyarrow (which writes its own version into the footer).
"""

import json
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.arrow import arrow_schema, from_table, to_plain
from ...schemas.check import check_document
from ...schemas.document import Document, Image

Record = TypeVar("Record")

MAX_ROW_GROUP_BYTES = 16 << 20
"""A random 2 MiB document costs 35 ms out of row groups of 62 MiB and 6 ms out of 16 MiB."""

_NUMBER_BYTES = 8
_LENGTH_BYTES = 4


def write_records(path: Path, records: Sequence[Record], record_type: type[Record]) -> None:
    """Write records as one Parquet file.

    Documents are checked (`schemas.check.check_document`) and sorted by `document_id`; other
    records keep their order. Row groups hold at most 16 MiB as counted by `row_bytes`, or one row.

    Args:
        path: where to write, on this machine; an existing file is replaced.
        records: the rows; none at all give a file with the schema and no rows.
        record_type: their type, which decides the columns.

    Raises:
        ValueError: a document breaks an invariant of `docs/format.md`.
    """
    schema = file_schema(record_type)
    if record_type is Document:
        records = _checked(typing.cast("Sequence[Document]", records))  # type: ignore[assignment]
    leaves = list(leaf_columns(schema))
    pixels = [name for name, leaf_type in leaves if pa.types.is_binary(leaf_type)]
    others = [name for name, _ in leaves if name not in pixels]
    with pq.ParquetWriter(
        path,
        schema,
        # JPEG is compressed already: zstd gains nothing on it and costs reading time.
        compression={**dict.fromkeys(others, "zstd"), **dict.fromkeys(pixels, "none")},
        use_dictionary=others,
        write_statistics=others,
        write_page_index=True,
        write_page_checksum=True,
    ) as writer:
        for rows in _row_groups(records):
            table = pa.Table.from_pylist(rows, schema=schema)
            writer.write_table(table, row_group_size=len(rows))


def read_records(source: Path | IO[bytes], record_type: type[Record]) -> list[Record]:
    """Return all records of a file, in its order.

    Raises:
        OSError: a page does not have the checksum that was written with it.
    """
    return list(iter_records(source, record_type))


def iter_records(source: Path | IO[bytes], record_type: type[Record]) -> Iterator[Record]:
    """Yield the records of a file in its order, holding one row group at a time."""
    file = pq.ParquetFile(source, page_checksum_verification=True)
    for index in range(file.num_row_groups):
        yield from from_table(file.read_row_group(index), record_type)


def file_schema(record_type: type) -> pa.Schema:
    """Return the schema that files of `record_type` have.

    It is the type's own, but for types with pictures: `datasets` finds pictures by the features in
    the schema's metadata, and believes those only where every field is nullable
    (`Features.from_arrow_schema`, datasets 5.2).
    """
    schema = arrow_schema(record_type)
    if not any(_holds_images(field.type) for field in schema):
        return schema
    fields = [_nullable(field) for field in schema]
    features = {field.name: _feature(field.type) for field in schema}
    text = json.dumps({"info": {"features": features}}, separators=(",", ":"))
    return pa.schema(fields, metadata={"huggingface": text})


def leaf_columns(schema: pa.Schema) -> Iterator[tuple[str, pa.DataType]]:
    """Yield the Parquet path and type of every leaf, such as `gaps.list.element.start_us`."""
    for field in schema:
        yield from _leaves(field.name, field.type)


def row_bytes(value: object) -> int:
    """Count what a row of plain values takes before compression, an upper bound within a few bytes.

    Text and bytes count their length and 4 bytes, numbers 8, null nothing. It is counted here and
    not by Arrow, so that row groups end at the same rows under every version of pyarrow.
    """
    if isinstance(value, str):
        return len(value.encode()) + _LENGTH_BYTES
    if isinstance(value, bytes):
        return len(value) + _LENGTH_BYTES
    if isinstance(value, dict):
        return sum(map(row_bytes, value.values()))
    if isinstance(value, list):
        return sum(map(row_bytes, value))
    return 0 if value is None else _NUMBER_BYTES


def _checked(documents: Sequence[Document]) -> list[Document]:
    for document in documents:
        check_document(document)
    return sorted(documents, key=lambda document: document.document_id)


def _row_groups(records: Sequence[Any]) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    num_bytes = 0
    for record in records:
        row = to_plain(record)
        size = row_bytes(row)
        if rows and num_bytes + size > MAX_ROW_GROUP_BYTES:
            yield rows
            rows, num_bytes = [], 0
        rows.append(row)
        num_bytes += size
    if rows:
        yield rows


def _leaves(path: str, leaf_type: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
    if pa.types.is_struct(leaf_type):
        for field in leaf_type:
            yield from _leaves(f"{path}.{field.name}", field.type)
    elif pa.types.is_list(leaf_type):
        yield from _leaves(f"{path}.list.element", leaf_type.value_type)
    elif pa.types.is_map(leaf_type):
        yield from _leaves(f"{path}.key_value.key", leaf_type.key_type)
        yield from _leaves(f"{path}.key_value.value", leaf_type.item_type)
    else:
        yield path, leaf_type


_IMAGE_TYPE = pa.struct(list(arrow_schema(Image)))


def _holds_images(data_type: pa.DataType) -> bool:
    children = (data_type.field(index).type for index in range(data_type.num_fields))
    return data_type.equals(_IMAGE_TYPE) or any(map(_holds_images, children))


def _nullable(field: pa.Field) -> pa.Field:
    nested: pa.DataType = field.type
    if pa.types.is_struct(nested):
        nested = pa.struct([_nullable(child) for child in nested])
    elif pa.types.is_list(nested):
        nested = pa.list_(_nullable(nested.value_field))
    return pa.field(field.name, nested, metadata=field.metadata)


def _feature(feature_type: pa.DataType) -> dict[str, Any]:
    """Return the type in the notation of `datasets.Features.to_dict`."""
    if feature_type.equals(_IMAGE_TYPE):
        return {"_type": "Image"}
    if pa.types.is_struct(feature_type):
        return {child.name: _feature(child.type) for child in feature_type}
    if pa.types.is_list(feature_type):
        return {"feature": _feature(feature_type.value_type), "_type": "List"}
    return {"dtype": _DTYPES.get(feature_type, str(feature_type)), "_type": "Value"}


_DTYPES = {pa.float32(): "float32", pa.float64(): "float64"}
"""Where Arrow's name for a type is not the one that `datasets` uses."""
