from pathlib import Path

import pytest

from interlink.pipeline.sources.manifest import read_sources
from interlink.schemas import ids
from interlink.schemas.errors import UsageError
from interlink.schemas.source import GivenSpan, Source


@pytest.fixture
def manifest(tmp_path):
    """Writes a manifest and returns its path: `manifest("a.csv", "url", "x")`, line by line."""

    def write(name: str, *lines: str) -> Path:
        path = tmp_path / "lists" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_every_column_has_its_field(manifest):
    header = "url,source_id,sha256,start_s,end_s,caption,group,title,license,lang,split"
    values = f"http://x/a.mp4,id1,{'AB' * 32},1,2.5,hi,chan,T,CC BY 4.0,en,eval"
    path = manifest("a.csv", header + ",duration_s,num_bytes,views", values + ",60.5,1000,12")
    assert read_sources(path) == [
        Source(
            source_id="id1",
            uri="http://x/a.mp4",
            sha256="ab" * 32,
            spans=(GivenSpan(start_us=1_000_000, end_us=2_500_000, captions=("hi",)),),
            group="chan",
            title="T",
            license="CC BY 4.0",
            language="en",
            split="eval",
            duration_us=60_500_000,
            num_bytes=1000,
            metadata={"views": "12"},
        )
    ]


def test_lines_with_one_uri_are_one_source_with_spans_in_time_order(manifest):
    path = manifest(
        "a.jsonl",
        '{"url": "http://x/a", "start_s": 5, "end_s": 6, "caption": "late", "title": "first"}',
        '{"url": "http://x/b"}',
        '{"url": "http://x/a", "start_s": 1, "end_s": 3, "caption": "soon", "title": "other"}',
        '{"url": "http://x/a", "start_s": 1, "end_s": 2}',
        '{"url": "http://x/a", "start_s": 5, "end_s": 6, "captions": ["late", "again"]}',
        '{"url": "http://x/a", "caption": "all of it"}',
    )
    first, second = read_sources(path)
    assert [(s.start_us, s.end_us, s.captions) for s in first.spans] == [
        (1_000_000, 2_000_000, ()),
        (1_000_000, 3_000_000, ("soon",)),
        (5_000_000, 6_000_000, ("late", "again")),
    ]
    assert (first.title, first.captions) == ("first", ("all of it",))
    assert second.uri == "http://x/b"


def test_relative_paths_start_at_the_manifest_and_ids_do_not_depend_on_its_folder(
    manifest, tmp_path, monkeypatch
):
    manifest("a.txt", "cooking/a.mp4", "/abs/b.mp4", "./c.mp4")
    monkeypatch.chdir(tmp_path)
    first, second, third = read_sources("lists/a.txt")
    assert first.uri == str(tmp_path / "lists" / "cooking" / "a.mp4")
    assert first.source_id == ids.source_id("cooking/a.mp4")
    assert second.uri == "/abs/b.mp4"
    assert third.uri == str(tmp_path / "lists" / "c.mp4")
    assert [s.group for s in (first, second, third)] == ["cooking", "abs", "lists"]


def test_a_web_address_tells_no_group_but_a_bucket_does(manifest):
    path = manifest("a.txt", "https://x/chan/a.mp4", "s3://bucket/chan/a.mp4", "s3://bucket/b.mp4")
    assert [s.group for s in read_sources(path)] == [None, "chan", "bucket"]


def test_a_folder_gives_its_media_files_sorted(tmp_path):
    for name in ("b/2.mkv", "a/1.MP4", "a/x.txt", "3.webm", ".hidden/4.mp4", "a/._1.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = read_sources(tmp_path)
    assert [s.uri for s in found] == [
        str(tmp_path / name) for name in ("3.webm", "a/1.MP4", "b/2.mkv")
    ]
    assert [s.group for s in found] == [tmp_path.name, "a", "b"]


def test_one_file_one_url_or_several_places_will_do(tmp_path, manifest):
    (tmp_path / "a.mp4").touch()
    path = manifest("b.txt", "http://x/b.mp4", "http://x/c.mp4")
    found = read_sources([tmp_path / "a.mp4", str(path), "https://x/watch?v=1", "http://x/b.mp4"])
    uris = [str(tmp_path / "a.mp4"), "http://x/b.mp4", "http://x/c.mp4", "https://x/watch?v=1"]
    assert [s.uri for s in found] == uris


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["url,start_s,end_s", "x,2,1"], r"a.csv, line 2: end 1 s must be after start 2 s"),
        (["url,start_s,end_s", "x,2,2"], r"line 2: end 2 s must be after start 2 s"),
        (["url,start_s,end_s", "x,2,"], r"line 2: has start but no end; give both or none"),
        (["url,end_us", "x,2"], r"line 2: has end but no start; give both or none"),
        (["url,start_s,end_s", "x,a,1"], r"line 2: start_s='a' must be a number that is 0 or mo"),
        (["url,sha256", "x,12"], r"line 2: sha256='12' must be 64 hexadecimal digits"),
        (["url,split", "x,test"], r"line 2: split='test' must be train or eval"),
        (["url,title", ",x"], r"line 2: fills none of the columns url, uri, path"),
        (["url,num_bytes", "x,1.5"], r"line 2: num_bytes=1.5 must be a whole number"),
        (["url", "a\x07b"], r"line 2: 'a\\x07b' holds a character that no path or URL can hold"),
        (["url"], r"a.csv names nothing"),
        (
            ["url,source_id", "x,1", "http://y,2", "http://z,1"],
            r"line 4: source_id='1' already names .*/x \(.*line 2\); give http://z an id of its",
        ),
    ],
)
def test_a_mistake_names_file_line_value_and_what_is_allowed(manifest, lines, message):
    with pytest.raises(UsageError, match=message):
        read_sources(manifest("a.csv", *lines))


def test_a_place_that_is_not_there_or_of_no_known_kind_is_an_error(tmp_path, manifest):
    with pytest.raises(UsageError, match=r"there is no file or folder .*no.csv"):
        read_sources(tmp_path / "no.csv")
    with pytest.raises(UsageError, match=r"notes.md is neither a manifest \(.txt, .* nor a media"):
        read_sources(manifest("notes.md"))
    with pytest.raises(UsageError, match=r"no media file under .*/lists: looked for .3gp, .avi"):
        read_sources(tmp_path / "lists")
    with pytest.raises(UsageError, match="the list of sources names nothing"):
        read_sources([])
