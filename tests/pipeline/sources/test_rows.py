import sys

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlink.pipeline.sources.rows import read_rows
from interlink.schemas.errors import EnvironmentFault, UsageError


@pytest.fixture
def rows(tmp_path):
    """Writes a manifest and reads its rows: `rows("a.csv", b"url\\nx")`."""

    def run(name: str, data: bytes):
        (tmp_path / name).write_bytes(data)
        return [
            (row.place.rsplit("/", 1)[-1], row.columns) for row in read_rows(str(tmp_path / name))
        ]

    return run


def test_text_skips_blank_lines_and_comments_and_knows_its_line_numbers(rows):
    data = b"\xef\xbb\xbf# list\r\n\r\n  a.mp4 \r\nhttp://x/b#c\r\n"
    assert rows("a.txt", data) == [
        ("a.txt, line 3", {"uri": "a.mp4"}),
        ("a.txt, line 4", {"uri": "http://x/b#c"}),
    ]


def test_csv_takes_quotes_line_ends_in_cells_and_a_byte_order_mark(rows):
    data = b'\xef\xbb\xbfURL , caption\r\na,"one, ""two""\r\nthree"\r\n\r\n,\r\nb,\r\n'
    assert rows("a.csv", data) == [
        ("a.csv, line 2", {"url": "a", "caption": 'one, "two"\r\nthree'}),
        ("a.csv, line 6", {"url": "b"}),
    ]


def test_tsv_is_split_at_tabs(rows):
    assert rows("a.tsv", b"uri\ttitle\na\tb, c\n") == [
        ("a.tsv, line 2", {"uri": "a", "title": "b, c"})
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.ndjson"])
def test_json_lines_keep_their_types(rows, name: str):
    data = b'{"Url": "a", "captions": ["x", "y"]}\n\n{"url": "b", "start_s": 1.5}'
    assert rows(name, data) == [
        (f"{name}, line 1", {"url": "a", "captions": ["x", "y"]}),
        (f"{name}, line 3", {"url": "b", "start_s": 1.5}),
    ]


def test_parquet_keeps_its_types(tmp_path):
    table = pa.table({"URL": ["a", "b"], "start_s": [0.5, None], "captions": [["x"], []]})
    pq.write_table(table, tmp_path / "a.parquet")
    found = list(read_rows(str(tmp_path / "a.parquet")))
    assert [row.columns for row in found] == [
        {"url": "a", "start_s": 0.5, "captions": ["x"]},
        {"url": "b", "start_s": None, "captions": []},
    ]
    assert found[1].place.endswith("a.parquet, row 2")


def test_a_manifest_may_lie_behind_an_fsspec_url():
    files = fsspec.filesystem("memory")
    files.pipe("/lists/a.txt", b"x.mp4\n")
    assert next(read_rows("memory://lists/a.txt")).columns == {"uri": "x.mp4"}
    files.rm("/lists", recursive=True)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"ok\nb\xe4r\n", r"a.txt, line 2: byte 0xe4 at column 2 is not UTF-8; save"),
        ("a.txt", "x".encode("utf-16"), r"a.txt is UTF-16; save it as UTF-8"),
        ("a.csv", b"url\nb\xe4r\n", r"a.csv, line 2: byte 0xe4 at column 2 is not UTF-8"),
        ("a.csv", b"link,title\nx,y\n", r"no column url, uri or path; its columns are: link, ti"),
        ("a.csv", b"url,a,A\n", r"has the column 'a' twice"),
        ("a.csv", b"url,a\nx\n", r"a.csv, line 2 has 1 cells, but 2 columns"),
        ("a.csv", b'url\n"x\ny\n', r"a.csv, line 3: unexpected end of data"),
        ("a.jsonl", b'{"url": "a"}\n{url}\n', r"a.jsonl, line 2 is not JSON .*one object a line"),
        ("a.json", b'[{"url": "a"}]', r"a.json, line 1 is a JSON list; write one object a line"),
        ("a.parquet", b"PAR1 but not", r"cannot read .*a.parquet as Parquet: "),
    ],
)
def test_what_a_format_does_not_allow_names_file_line_and_remedy(rows, name, data, message):
    with pytest.raises(UsageError, match=message):
        rows(name, data)


def test_a_manifest_that_cannot_be_opened_is_one_clear_sentence(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"cannot read the manifest .*no.csv: No such file"):
        list(read_rows(str(tmp_path / "no.csv")))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UsageError, match=r"cannot read the manifest .*: Is a directory"):
        list(read_rows(str(tmp_path / "folder.csv")))
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(EnvironmentFault, match=r"cannot open the manifest gs://x/a.csv: "):
        list(read_rows("gs://x/a.csv"))


def test_a_long_manifest_is_read_as_a_stream(tmp_path):
    with (tmp_path / "a.txt").open("w") as file:
        file.writelines(f"http://x/{number}.mp4\n" for number in range(200_000))
        file.write("# end\n")
    stream = read_rows(str(tmp_path / "a.txt"))
    assert next(stream).columns["uri"] == "http://x/0.mp4"
    assert sum(1 for _ in stream) == 199_999
