"""Arrow schemas are derived from the annotations of records, in one place."""

import dataclasses
from enum import StrEnum
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlink.schemas.arrow import (
    Float32,
    Int16,
    Int32,
    LargeBinary,
    LargeString,
    Unit,
    arrow_schema,
    from_plain,
    from_table,
    to_plain,
    to_table,
)
from interlink.schemas.clip import Clip
from interlink.schemas.document import Document
from interlink.schemas.outcome import Outcome
from interlink.schemas.reference import Media
from interlink.schemas.source import GivenSpan, Source
from interlink.schemas.video import Video


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    x_us: Annotated[int, Unit("us")]
    label: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    name: str
    long_text: Annotated[str, LargeString()]
    whole: int
    middle: Annotated[int, Int32(), Unit("px")]
    small: Annotated[int, Int16()]
    real: float
    single: Annotated[float | None, Float32(), Unit("share")]
    is_on: bool
    data: bytes
    big_data: Annotated[bytes, LargeBinary()]
    color: Color
    mode: Literal["a", "b"]
    points: tuple[Point, ...] = ()
    nested: tuple[tuple[int, ...], ...] = ()
    one: Point | None = None
    pairs: dict[str, str] = dataclasses.field(default_factory=dict)


def everything(**changes) -> Everything:
    values = {
        "name": "ü",
        "long_text": "t",
        "whole": 2**62,
        "middle": -5,
        "small": 7,
        "real": 0.1,
        "single": 0.5,
        "is_on": True,
        "data": b"\x00\xff",
        "big_data": b"",
        "color": Color.BLUE,
        "mode": "b",
        "points": (Point(x_us=1), Point(x_us=2, label="l")),
        "nested": ((1, 2), ()),
        "one": Point(x_us=3),
        "pairs": {"z": "1", "a": "2"},
    }
    return Everything(**(values | changes))


def test_each_annotation_has_its_arrow_type():
    point = pa.struct(
        [
            pa.field("x_us", pa.int64(), nullable=False),
            pa.field("label", pa.string(), nullable=True),
        ]
    )
    expected = {
        "name": pa.string(),
        "long_text": pa.large_string(),
        "whole": pa.int64(),
        "middle": pa.int32(),
        "small": pa.int16(),
        "real": pa.float64(),
        "single": pa.float32(),
        "is_on": pa.bool_(),
        "data": pa.binary(),
        "big_data": pa.large_binary(),
        "color": pa.string(),
        "mode": pa.string(),
        "points": pa.list_(pa.field("element", point, nullable=False)),
        "nested": pa.list_(
            pa.field(
                "element", pa.list_(pa.field("element", pa.int64(), nullable=False)), nullable=False
            )
        ),
        "one": point,
        "pairs": pa.map_(pa.string(), pa.string()),
    }
    schema = arrow_schema(Everything)
    assert {field.name: field.type for field in schema} == expected
    assert [field.name for field in schema if field.nullable] == ["single", "one"]


def test_units_stand_in_the_metadata_at_any_depth():
    schema = arrow_schema(Everything)
    assert schema.field("middle").metadata == {b"unit": b"px"}
    assert schema.field("single").metadata == {b"unit": b"share"}
    assert schema.field("whole").metadata is None
    assert schema.field("points").type.value_type.field("x_us").metadata == {b"unit": b"us"}


@pytest.mark.parametrize(
    "record",
    [
        everything(),
        everything(points=(), nested=(), one=None, pairs={}, single=None),
    ],
)
def test_records_go_through_a_table_and_back(record):
    [back] = from_table(to_table([record], Everything), Everything)
    assert back == record
    assert isinstance(back.color, Color)
    assert isinstance(back.points, tuple)
    assert from_plain(to_plain(record), Everything) == record


def test_no_records_give_an_empty_table_of_the_same_schema():
    table = to_table([], Everything)
    assert table.num_rows == 0
    assert table.schema == arrow_schema(Everything)
    assert from_table(table, Everything) == []


def test_columns_that_are_not_known_are_ignored_and_missing_ones_take_their_default():
    table = to_table([everything()], Everything)
    table = table.append_column("later", pa.array([1])).drop_columns(["pairs"])
    assert from_table(table, Everything) == [everything(pairs={})]


def test_a_missing_value_cannot_be_written_where_none_is_allowed():
    table = to_table([everything(name=None)], Everything)
    with pytest.raises(pa.ArrowInvalid, match="declared non-nullable but contains nulls"):
        pq.write_table(table, pa.BufferOutputStream())


@pytest.mark.parametrize("hint", [set, int | str, list[int], object])
def test_types_that_arrow_cannot_hold_are_refused(hint):
    record = dataclasses.make_dataclass("Odd", [("field", hint)])
    with pytest.raises(TypeError, match=r"(which|that) (has no Arrow type|Arrow cannot hold)"):
        arrow_schema(record)


@pytest.mark.parametrize("record", [Source, Video, Clip, Document, Outcome, Media])
def test_every_record_of_ours_has_a_schema(record):
    schema = arrow_schema(record)
    assert schema.names == [field.name for field in dataclasses.fields(record)]
    assert to_table([], record).schema == schema


def test_times_carry_their_unit_in_every_record():
    def walk(fields, path):
        for field in fields:
            name = f"{path}.{field.name}"
            inner = field.type
            while pa.types.is_list(inner):
                inner = inner.value_type
            if field.name.endswith("_us"):
                assert inner == pa.int64(), name
                assert (field.metadata or {}).get(b"unit") == b"us", name
            if pa.types.is_struct(inner):
                walk(inner, name)

    for record in (Source, Video, Clip, Document, Media):
        walk(arrow_schema(record), record.__name__)


def test_a_source_with_spans_and_metadata_goes_through(tmp_path):
    source = Source(
        source_id="s",
        uri="u",
        spans=(GivenSpan(start_us=0, end_us=1, captions=("a", "b")),),
        metadata={"views": "10"},
    )
    pq.write_table(to_table([source], Source), tmp_path / "s.parquet")
    assert from_table(pq.read_table(tmp_path / "s.parquet"), Source) == [source]
