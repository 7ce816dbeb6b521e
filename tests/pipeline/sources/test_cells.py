import pytest

from interlink.pipeline.sources.cells import Cells
from interlink.pipeline.sources.rows import Row
from interlink.schemas.errors import UsageError


def cells(**columns) -> Cells:
    return Cells(Row("list.csv, line 7", columns))


def test_blank_cells_are_not_there():
    row = cells(title="  ", group=None, captions=[], a={})
    assert row.text("title") is None
    assert row.texts("captions") == ()
    assert row.rest() == {}


@pytest.mark.parametrize(
    ("columns", "time_us"),
    [
        ({"start_s": "1.5"}, 1_500_000),
        ({"start_s": 0.1}, 100_000),
        ({"start_s": "8.3333333"}, 8_333_333),
        ({"start_s": 3}, 3_000_000),
        ({"start_us": "7"}, 7),
        ({"start_us": 2.0}, 2),
        ({}, None),
    ],
)
def test_a_time_is_given_in_seconds_or_microseconds(columns, time_us):
    assert cells(**columns).time_us("start") == time_us


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf", "1:30", True, [1]])
def test_what_is_no_number_names_place_value_and_what_is_allowed(value):
    message = r"list.csv, line 7: start_s=.* must be a number that is 0 or more"
    with pytest.raises(UsageError, match=message):
        cells(start_s=value).time_us("start")


def test_a_time_must_be_given_once_whole_and_inside_a_video():
    with pytest.raises(UsageError, match="fills both start_s and start_us; fill one"):
        cells(start_s=1, start_us=1).time_us("start")
    with pytest.raises(UsageError, match=r"start_us=1.5 must be a whole number"):
        cells(start_us="1.5").time_us("start")
    with pytest.raises(UsageError, match="is no time inside a video"):
        cells(start_s="1e30").time_us("start")


def test_texts_are_a_list_a_json_list_or_one_text():
    assert cells(captions=["a", None, " b "]).texts("caption", "captions") == ("a", "b")
    assert cells(captions='["a", "b"]').texts("captions") == ("a", "b")
    assert cells(caption="[music] starts").texts("caption") == ("[music] starts",)
    assert cells(caption="a", captions=["b"]).texts("caption", "captions") == ("a", "b")


def test_a_choice_is_checked_and_lower_case():
    assert cells(split="Train").matching("split", "train|eval", "train or eval") == "train"
    with pytest.raises(UsageError, match="split='test' must be train or eval"):
        cells(split="test").matching("split", "train|eval", "train or eval")


def test_two_different_cells_for_one_thing_are_an_error():
    assert cells(url="a", path="a").one_of("url", "uri", "path") == "a"
    with pytest.raises(UsageError, match="fills both url and path; fill one"):
        cells(url="a", path="b").one_of("url", "uri", "path")


def test_what_nobody_took_is_metadata_as_text():
    row = cells(url="x", likes=3, tags=["b", "a"], live=False, who={"b": 1, "a": "ä"}, note=" n ")
    assert row.text("url") == "x"
    assert row.rest() == {
        "likes": "3",
        "live": "false",
        "note": " n ",
        "tags": '["b", "a"]',
        "who": '{"a": "ä", "b": 1}',
    }


def test_text_that_utf8_cannot_hold_is_replaced():
    assert cells(title="a\ud800b").text("title") == "a?b"
