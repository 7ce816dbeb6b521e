"""YAML of recipes: mistakes come out as one line."""

import pytest

from interlink.pipeline.recipes.yaml_text import overrule, parse_yaml, read_mapping
from interlink.schemas.errors import UsageError


def test_what_yaml_says_comes_back():
    assert parse_yaml("a: {b: [1, x]}\nc: null", "it") == {"a": {"b": [1, "x"]}, "c": None}


def test_a_mistake_is_told_with_its_place():
    with pytest.raises(UsageError, match=r"^it is no YAML in line 2, column 2: expected '.' or"):
        parse_yaml("a: [1\nb: 2", "it")


def test_a_character_that_yaml_does_not_allow_is_told_in_one_line():
    with pytest.raises(UsageError, match=r"^it is no YAML: unacceptable character #x0000[^\n]*$"):
        parse_yaml("a: \0", "it")


def test_a_key_that_stands_twice_is_refused():
    with pytest.raises(UsageError, match="line 3, column 1: the key 'scan' stands there twice"):
        parse_yaml("scan: {}\ncut: {}\nscan: {}\n", "it")


def test_the_same_key_in_two_sections_is_allowed():
    assert parse_yaml("a: {x: 1}\nb: {x: 1}", "it") == {"a": {"x": 1}, "b": {"x": 1}}


def test_one_setting_changes_one_key_of_a_copy():
    content = {"cut": {"mode": "copy"}, "limit": 3}
    assert overrule(content, "cut.preset=fast") == {
        "cut": {"mode": "copy", "preset": "fast"},
        "limit": 3,
    }
    assert overrule(content, "a.b.c=[1, x]")["a"] == {"b": {"c": [1, "x"]}}
    assert content == {"cut": {"mode": "copy"}, "limit": 3}
    with pytest.raises(UsageError, match=r"--set 'limit' must be key=value"):
        overrule(content, "limit")
    with pytest.raises(UsageError, match="'limit' has no keys of its own"):
        overrule(content, "limit.most=2")


def test_a_recipe_is_read_as_a_mapping(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("a: 1")
    assert read_mapping(path, "a: 1") == {"a": 1}
    path.write_text("[1]")
    with pytest.raises(UsageError, match="must be a YAML mapping such as `a: 1`"):
        read_mapping(path, "a: 1")
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="is no text in UTF-8"):
        read_mapping(path, "a: 1")
    with pytest.raises(UsageError, match="cannot read the recipe"):
        read_mapping(tmp_path, "a: 1")
