"""Views keep the documents that they say, and say what they cannot do."""

import pytest

from interlink.pipeline.storage.records_file import file_schema
from interlink.schemas.arrow import arrow_schema, to_table
from interlink.schemas.document import Document
from interlink.schemas.view import DEFAULT_VIEWS, OPS, Rule, View


@pytest.fixture
def table(make_documents, make_clips):
    """Three documents: of `a` and `b`, and of `b` without captions and with one clip."""
    from dataclasses import replace

    from interlink.schemas.clip import Flag

    silent = replace(make_clips(1, name="c")[0], captions=(), flags=(Flag.NO_AUDIO,))
    documents = [*make_documents("a", "b"), *make_clips.assemble([silent], eval_share=1.0)]
    return to_table(documents, Document)


def _kept(table, *rules):
    view = View(name="test", rules=tuple(Rule(column=c, op=o, value=v) for c, o, v in rules))
    kept = table.filter(view.expression(table.schema))
    ids = table.column("document_id").to_pylist()
    return [ids.index(i) for i in kept.column("document_id").to_pylist()]


@pytest.mark.parametrize(
    ("column", "op", "value", "kept"),
    [
        ("num_clips", "==", 3, [0, 1]),
        ("num_clips", "!=", 3, [2]),
        ("num_clips", "<", 3, [2]),
        ("num_clips", "<=", 1, [2]),
        ("num_clips", ">", 1, [0, 1]),
        ("num_clips", ">=", 3, [0, 1]),
        ("split", "in", ["eval", "test"], [2]),
        ("split", "not_in", ("eval",), [0, 1]),
        ("flags", "has", "no_audio", [2]),
        ("flags", "has", "no_aud", []),
        ("flags", "lacks", "no_audio", [0, 1]),
        ("scores.sharpness", "is_null", None, [0, 1, 2]),
        ("scores.motion", "not_null", None, [0, 1, 2]),
        ("scores.motion", ">=", 1, [0, 1]),
        ("source.license", "==", "CC-BY-4.0", [0, 1, 2]),
        ("integrity", "==", "complete", [0, 1]),
    ],
)
def test_each_operator_keeps_what_it_says(table, column, op, value, kept):
    assert _kept(table, (column, op, value)) == kept


def test_a_null_fulfils_no_comparison(table):
    for op, value in (("==", 1.0), ("!=", 1.0), ("<", 1.0), ("in", (1.0,)), ("not_in", (1.0,))):
        assert _kept(table, ("scores.sharpness", op, value)) == []


def test_all_rules_must_hold_and_none_keep_everything(table):
    assert _kept(table, ("num_clips", "==", 3), ("split", "==", "eval")) == []
    assert _kept(table) == [0, 1, 2]


def test_the_default_views_divide_the_documents(table):
    schema = arrow_schema(Document)
    sizes = [table.filter(view.expression(schema)).num_rows for view in DEFAULT_VIEWS]
    assert sum(sizes) == table.num_rows


def test_a_view_suits_the_schema_of_files_too(table):
    view = View(name="v", rules=(Rule(column="scores.motion", op=">", value=0.5),))
    assert str(view.expression(file_schema(Document))) == str(view.expression(table.schema))


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("licence", r"no column 'licence': documents have \['clips'"),
        ("source.licence", r"no column 'source.licence': 'source' has \['creator'"),
        ("split.x", r"no column 'split.x': 'split' has \[\]"),
        ("clips.flags", "lies inside the list 'clips'; rules apply to whole documents"),
    ],
)
def test_an_unknown_column_is_named_with_those_there_are(column, text):
    view = View(name="v", rules=(Rule(column=column, op="==", value="x"),))
    with pytest.raises(ValueError, match=text):
        view.expression(arrow_schema(Document))


@pytest.mark.parametrize(
    ("column", "op", "value", "text"),
    [
        ("num_clips", "==", "three", "'three' cannot be compared with a column of type int32"),
        ("split", "has", "x", "takes a list of texts, 'split' is not one"),
    ],
)
def test_a_value_must_suit_its_column(column, op, value, text):
    view = View(name="v", rules=(Rule(column=column, op=op, value=value),))
    with pytest.raises(ValueError, match=text):
        view.expression(arrow_schema(Document))


@pytest.mark.parametrize(
    ("op", "value", "text"),
    [
        ("like", "x", "op='like' of column 'split' must be one of"),
        ("in", "train", "op 'in' takes a list of values, not 'train'"),
        ("is_null", "x", "op 'is_null' takes no value, not 'x'"),
        ("==", None, "op '==' takes one value, not None"),
        ("<", (1, 2), r"op '<' takes one value, not \(1, 2\)"),
    ],
)
def test_a_rule_must_make_sense(op, value, text):
    with pytest.raises(ValueError, match=text):
        Rule(column="split", op=op, value=value)


def test_a_view_survives_as_plain_values():
    rules = (
        Rule(column="split", op="in", value=("a", "b")),
        Rule(column="scores.motion", op=">", value=0.5),
        Rule(column="source.license", op="not_null"),
    )
    view = View(name="v", rules=rules)
    assert View.from_plain(view.to_plain()) == view
    assert len(OPS) == 12
