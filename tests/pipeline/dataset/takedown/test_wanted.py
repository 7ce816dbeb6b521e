"""What is asked to be taken down, on the command line or in a list."""

import json

import pytest

from interlink.pipeline.dataset.takedown.wanted import Wanted, read_wanted
from interlink.schemas.errors import UsageError
from interlink.schemas.ids import group_key, source_id
from interlink.schemas.manifest import TombstoneKind

SHA256 = "0123456789abcdef" * 4


def test_a_list_fills_one_column_in_each_line(tmp_path):
    path = tmp_path / "names.csv"
    path.write_text(
        "source,group,clip,hash,reason\nhttps://host/a.mp4,,,,ticket 1\n,cooks,,,\n,,c1,,\n"
        f",,,{SHA256},\n"
    )
    found = [(one.kind.value, one.value, one.reason) for one in read_wanted(str(path), "asked")]
    assert found == [
        ("source", "https://host/a.mp4", "ticket 1"),
        ("group", "cooks", "asked"),
        ("clip", "c1", "asked"),
        ("video", SHA256, "asked"),
    ]
    lines = tmp_path / "names.jsonl"
    lines.write_text(json.dumps({"source": "a", "reason": "b"}) + "\n")
    assert [one.value for one in read_wanted(str(lines), None)] == ["a"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("source,group,reason\na,b,r\n", r"line 2: fills source and group of .*; fill one"),
        ("source,reason\n,r\n", r"line 2: fills none of source, group, clip, hash"),
        ("source\na\n", r"line 2: has no reason; fill the column, or give --reason"),
        ("hash,reason\nabc,r\n", r"line 2: 'abc' is no hash: give the sha256 of the file"),
        ("name,reason\na,r\n", r"has no column source, group, clip or hash"),
    ],
)
def test_a_line_that_cannot_be_meant_is_told_with_its_place(tmp_path, content, message):
    path = tmp_path / "names.csv"
    path.write_text(content)
    with pytest.raises(UsageError, match=message):
        list(read_wanted(str(path), None))


def test_a_list_of_another_form_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"must end with one of \.csv, \.tsv, \.jsonl"):
        list(read_wanted(str(tmp_path / "names.txt"), "asked"))


def test_a_thing_without_a_name_or_a_reason_is_refused():
    with pytest.raises(UsageError, match="needs a name and a reason"):
        Wanted(kind=TombstoneKind.SOURCE, value=" ", reason="r")
    with pytest.raises(UsageError, match="needs a name and a reason"):
        Wanted(kind=TombstoneKind.SOURCE, value="a", reason="")


def test_it_says_which_ids_its_tombstone_may_have():
    ids = {
        kind: Wanted(kind=TombstoneKind(kind), value=value, reason="r").ids
        for kind, value in (("source", "a.mp4"), ("group", "/data/cooks"), ("video", SHA256))
    }
    assert ids["source"] == {"a.mp4", source_id("a.mp4")}
    assert ids["group"] == {group_key("cooks")}
    assert ids["video"] == {SHA256[:32]}
