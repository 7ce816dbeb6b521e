"""Files with a row for each item lose the rows of items that are gone, whatever their form."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlink.pipeline.audit.takedown.rows import Items, clean_rows, find_files

ITEMS = Items(audit_id="a", item_ids=frozenset({"i1", "i2"}))
ROWS = [
    {"audit_id": "a", "item_id": "i1", "note": 'stays, "quoted"'},
    {"audit_id": "a", "item_id": "gone", "note": "a secret"},
    {"audit_id": "b", "item_id": "gone", "note": "of another audit"},
]


def csv_of(rows: list[dict], delimiter: str = ",") -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, ROWS[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return ("\ufeff" + buffer.getvalue()).encode()


def parquet_of(rows: list[dict]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


FORMS = {
    "r.jsonl": lambda rows: "".join(json.dumps(row) + "\n" for row in rows).encode(),
    "r.csv": csv_of,
    "r.tsv": lambda rows: csv_of(rows, "\t"),
    "tasks.json": lambda rows: json.dumps([{"data": row} for row in rows], indent=1).encode(),
    "r.parquet": parquet_of,
}


@pytest.mark.parametrize("name", FORMS)
def test_rows_of_items_that_are_gone_are_left_out_and_others_stay(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(FORMS[name](ROWS))
    cleaned = clean_rows(path, ITEMS)
    expected = [ROWS[0], ROWS[2]]
    if name.endswith(".parquet"):
        assert pq.read_table(io.BytesIO(cleaned)).to_pylist() == expected
    else:
        assert cleaned == FORMS[name](expected)
    path.write_bytes(cleaned)
    assert clean_rows(path, ITEMS) is None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("r.jsonl", b'{"item_id": "i1"}\n{"item_id": "go'),
        ("r.jsonl", b"\xff\xfe"),
        ("r.csv", b"x,y\n1,2\n"),
        ("r.json", b'{"report": 1}'),
        ("r.json", b"no json"),
        ("r.parquet", b"no parquet"),
        ("r.parquet", parquet_of([{"clip_id": "gone"}])),
        ("r.jsonl", b""),
    ],
)
def test_what_holds_no_such_rows_is_left_alone(name, data, tmp_path):
    (tmp_path / name).write_bytes(data)
    assert clean_rows(tmp_path / name, ITEMS) is None


def test_files_are_found_at_any_depth_but_for_those_that_are_known(tmp_path):
    (tmp_path / "export" / "csv").mkdir(parents=True)
    for name in ("export/csv/sheet.csv", "ratings.jsonl", "items.parquet", "README.md"):
        (tmp_path / name).write_text("x")
    found = find_files(tmp_path, without={tmp_path / "items.parquet"})
    assert [p.relative_to(tmp_path).as_posix() for p in found] == [
        "export/csv/sheet.csv",
        "ratings.jsonl",
    ]
