"""`docs/format.md` says what the schemas say, of every column and every member of a closed list."""

import dataclasses
import importlib.util
from pathlib import Path

import pytest

_PATH = Path(__file__).parents[2] / "docs" / "make_format.py"
_SPEC = importlib.util.spec_from_file_location("interlink_make_format", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
make_format = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(make_format)

PAGE = make_format.PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_script_writes():
    assert make_format.fill(PAGE) == PAGE, "run python docs/make_format.py"


def test_every_table_has_its_place_once():
    tables = make_format.TABLES | make_format.JSON_TABLES | make_format.LISTS
    assert sorted(make_format.names(PAGE)) == sorted(tables)


@pytest.mark.parametrize("record_type", make_format.TABLES.values())
def test_every_column_has_a_meaning_and_a_line(record_type):
    for column in make_format.columns(record_type):
        assert column.meaning.endswith("."), f"{column.path} has no docstring below it"
        assert f"| `{column.path}` | {column.type} |" in PAGE


@pytest.mark.parametrize("record_type", make_format.JSON_TABLES.values())
def test_every_field_of_the_manifest_has_a_meaning(record_type):
    docs = make_format.member_docs(record_type)
    assert set(docs) == {field.name for field in dataclasses.fields(record_type)}


@pytest.mark.parametrize("members", make_format.LISTS.values())
def test_every_member_of_a_closed_list_has_a_meaning(members):
    assert set(make_format.member_docs(members)) == {member.name for member in members}


def test_times_have_units():
    for record_type in make_format.TABLES.values():
        for column in make_format.columns(record_type):
            if column.path.endswith("_us"):
                assert column.unit == "us", f"{column.path} has no unit"


def test_the_operators_of_rules_are_all_named():
    from interlink.schemas.view import OPS

    assert all(f"`{op}`" in PAGE for op in OPS)
