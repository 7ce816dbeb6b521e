"""The page's types in TypeScript and the records in Python are the same, field by field."""

import dataclasses
import re
import types
import typing
from enum import StrEnum
from pathlib import Path

import pytest

from interlink.pipeline.audit.site import data
from interlink.schemas import audit

SOURCE = (Path(__file__).parents[4] / "site" / "src" / "types.ts").read_text()
INTERFACES = {
    name: dict(re.findall(r"^  (\w+): (.+);$", body, re.MULTILINE))
    for name, body in re.findall(r"export interface (\w+) \{\n(.*?)\n\}", SOURCE, re.DOTALL)
}
RECORDS = {
    "Audit": data.SiteAudit,
    "Claim": data.SiteClaim,
    "ClaimVerdict": audit.ClaimVerdict,
    "Item": data.SiteItem,
    "Media": data.SiteMedia,
    "Rating": audit.Rating,
    "Source": data.SiteSource,
    "Text": data.SiteText,
    "Word": data.SiteWord,
}
NAMES = {record: name for name, record in RECORDS.items()}
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean"}
CHOICES = {
    frozenset(audit.SIDES): "Side",
    frozenset(audit.PREFERENCES): "Preference",
    frozenset(audit.Verdict): "ClaimVerdictName",
    frozenset(audit.ClipVerdict): "ClipVerdictName",
}
# The page always fills what a rating made elsewhere may lack.
FILLED = {("Rating", "seconds"), ("Rating", "rated_at")}


def script_type(hint):
    """Return the TypeScript of a Python type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return " | ".join(script_type(one) for one in arguments)
    if origin is tuple:
        return f"{script_type(arguments[0])}[]"
    if origin is typing.Literal:
        return CHOICES[frozenset(arguments)]
    if hint is type(None):
        return "null"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return CHOICES.get(frozenset(hint), "string")
    return PLAIN.get(hint) or NAMES.get(hint, getattr(hint, "__name__", ""))


@pytest.mark.parametrize("name", sorted(INTERFACES))
def test_the_page_and_the_writer_agree_on_each_field(name):
    record = RECORDS.get(name) or getattr(data, name)
    hints = typing.get_type_hints(record)
    expected = {field.name: script_type(hints[field.name]) for field in dataclasses.fields(record)}
    for field in expected:
        if (name, field) in FILLED:
            expected[field] = expected[field].removesuffix(" | null")
    assert INTERFACES[name] == expected


def test_every_record_of_the_page_has_its_interface():
    records = {
        NAMES.get(value, name)
        for name, value in vars(data).items()
        if dataclasses.is_dataclass(value)
    }
    assert records <= set(INTERFACES)


def test_nothing_tells_a_rater_what_an_item_is_for():
    fields = {field for interface in INTERFACES.values() for field in interface}
    assert not fields & {"role", "of_item", "pool", "stratum", "change", "reason", "model"}
