"""Files with a row for each item lose the rows of items that are gone, whatever their form."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlink.pipeline.audit.takedown.rows import CleanRows, Items, clean_rows, find_files

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
FORMS |= {
    "lines.json": FORMS["r.jsonl"],
    "lines.txt": FORMS["r.jsonl"],
    "sheet.txt": lambda rows: csv_of(rows, "\t"),
}
LONG = "a long note " * 20_000


@pytest.mark.parametrize("name", FORMS)
def test_rows_of_items_that_are_gone_are_left_out_and_others_stay(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(FORMS[name](ROWS))
    cleaned = clean_rows(path, ITEMS)
    expected = [ROWS[0], ROWS[2]]
    assert cleaned.content is not None
    assert cleaned.unread is None
    if name.endswith(".parquet"):
        assert pq.read_table(io.BytesIO(cleaned.content)).to_pylist() == expected
    else:
        assert cleaned.content == FORMS[name](expected)
    path.write_bytes(cleaned.content)
    assert clean_rows(path, ITEMS) == CleanRows(content=None, unread=None)


@pytest.mark.parametrize("end", "\u2028\u2029\x85\x0b\x0c\x1c\r")
@pytest.mark.parametrize("name", ["r.jsonl", "r.csv"])
def test_a_note_with_the_end_of_a_line_in_it_is_of_one_row(name, end, tmp_path):
    is_raw = name == "r.csv" or end in "\u2028\u2029\x85"  # JSON writes the others as escapes
    row = ROWS[1] | {"note": f"two{end}lines"}
    rows = [ROWS[0], row]
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows).encode()
    data = csv_of(rows) if name == "r.csv" else lines
    assert (end.encode() in data) == is_raw
    (tmp_path / name).write_bytes(data)
    cleaned = clean_rows(tmp_path / name, ITEMS)
    assert cleaned == CleanRows(content=FORMS[name]([ROWS[0]]), unread=None)


def test_a_cell_may_be_as_long_as_those_that_are_imported(tmp_path):
    (tmp_path / "r.csv").write_bytes(csv_of([ROWS[0], ROWS[1] | {"note": LONG}]))
    cleaned = clean_rows(tmp_path / "r.csv", ITEMS)
    assert cleaned == CleanRows(content=csv_of([ROWS[0]]), unread=None)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("r.csv", b"x,y\n1,2\n"),
        ("r.csv", b""),
        ("r.json", b'{"report": 1}'),
        ("r.parquet", parquet_of([{"clip_id": "gone"}])),
        ("r.jsonl", b""),
        ("notes.txt", "what we looked for\n".encode("utf-8-sig")),
        ("notes.txt", "für uns\n".encode("cp1252")),
    ],
)
def test_what_holds_no_such_rows_is_left_alone(name, data, tmp_path):
    (tmp_path / name).write_bytes(data)
    assert clean_rows(tmp_path / name, ITEMS) == CleanRows(content=None, unread=None)


GONE_IN_CP1252 = "item_id,note\ngone,für dich\n".encode("cp1252")
GONE_IN_UTF16 = "item_id\tnote\ngone\tfür dich\n".encode("utf-16")


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("r.jsonl", b'{"item_id": "i1"}\n{"item_id": "go', "line 2 is no JSON"),
        ("r.jsonl", b"\xff\xfe", "line 1 is no JSON"),
        ("r.jsonl", b"[" * 100_000, "line 1 is no JSON"),
        ("r.json", b"no json", "line 1 is no JSON"),
        ("r.json", b'[{"data":\n{"item_id": "gone"}}', "line 1 is no JSON"),
        ("r.csv", GONE_IN_CP1252, "can't decode byte"),
        ("r.txt", GONE_IN_CP1252, "can't decode byte"),
        ("r.txt", GONE_IN_UTF16, "can't decode byte"),
        ("r.csv", b"sep=;\nitem_id;note\ngone;x\n", "does not name the columns"),
        ("r.csv", b'item_id,note\ni1,"open\ngone,x\n', "unexpected end of data"),
        ("r.csv", b"note,item_id\ncut, off,gone\n", "another number of cells"),
        ("r.csv", b"item_id,note\ngone," + b"x" * (5 << 20), "field limit"),
        ("r.parquet", b"no parquet", "magic bytes"),
        ("r.XLSX", b"PK", "it is a workbook"),
    ],
)
def test_what_cannot_be_looked_into_is_told_with_what_to_do(name, data, why, tmp_path):
    (tmp_path / name).write_bytes(data)
    cleaned = clean_rows(tmp_path / name, ITEMS)
    assert cleaned.content is None
    assert cleaned.unread is not None
    assert why in cleaned.unread
    assert "look yourself, then delete it" in cleaned.unread


def test_rows_that_can_be_read_go_also_beside_one_that_cannot(tmp_path):
    (tmp_path / "r.jsonl").write_bytes(b'{"item_id": "gone"}\n{"item_id": "i1"}\n{"item_id": "go')
    cleaned = clean_rows(tmp_path / "r.jsonl", ITEMS)
    assert cleaned.content == b'{"item_id": "i1"}\n{"item_id": "go'
    assert "line 3 is no JSON" in (cleaned.unread or "")


def test_files_are_found_at_any_depth_but_for_those_that_are_known(tmp_path):
    (tmp_path / "export" / "csv").mkdir(parents=True)
    for name in (
        "export/csv/sheet.csv",
        "ratings.jsonl",
        "items.parquet",
        "sheet.xlsx",
        "README.md",
    ):
        (tmp_path / name).write_text("x")
    found = find_files(tmp_path, without={tmp_path / "items.parquet"})
    assert [p.relative_to(tmp_path).as_posix() for p in found] == [
        "export/csv/sheet.csv",
        "ratings.jsonl",
        "sheet.xlsx",
    ]
