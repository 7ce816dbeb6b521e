"""Writes the tables of recipe keys into `training.md`, and the README's table of what learns.

Run `python docs/make_training.py` after a recipe's record or a preset has changed; a test holds
both pages against it.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path

from make_format import member_docs

from interlink.model.cosmo.config import CosmoConfig
from interlink.model.cosmo.counts import count_parameters, share_table
from interlink.model.cosmo.shapes import build_on_meta
from interlink.model.data.policy import TextPolicy, TextWeight
from interlink.model.data.windows import Budgets
from interlink.model.recipe import (
    BatchOptions,
    CheckpointOptions,
    EvaluationOptions,
    OptimizerOptions,
    TrainRecipe,
    read_preset,
)

PAGE = Path(__file__).with_name("training.md")
README = Path(__file__).parent.parent / "README.md"

SECTIONS: dict[str, type] = {
    "recipe": TrainRecipe,
    "model": CosmoConfig,
    "text": TextPolicy,
    "text-weight": TextWeight,
    "budgets": Budgets,
    "batch": BatchOptions,
    "optimizer": OptimizerOptions,
    "evaluation": EvaluationOptions,
    "checkpoint": CheckpointOptions,
}
"""Sections of a recipe, by the name of their marker."""
SHARES = ("faithful-2b", "cosmo-2b")
"""Presets of the README's table: their bases' shapes are known, nothing is fetched."""

_MARKER = re.compile(r"(<!-- (keys|shares) ?(\S*) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Write all tables anew."""
    for page in (PAGE, README):
        page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")


def fill(page: str) -> str:
    """Return a page with each table between its markers replaced by what the code says.

    Raises:
        KeyError: a marker names no section.
    """
    tables: dict[str, Callable[[str], str]] = {
        "keys": lambda name: _keys_table(SECTIONS[name]),
        "shares": lambda _: f"\n{_shares()}\n",
    }
    return _MARKER.sub(lambda match: match[1] + tables[match[2]](match[3]) + match[4], page)


def names(page: str) -> list[str]:
    """Return the names of the sections that a page has markers for."""
    return [match[3] for match in _MARKER.finditer(page) if match[2] == "keys"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Key:
    """One line of a table of keys."""

    name: str
    type: str
    default: str
    meaning: str


def keys(section: type) -> Iterator[Key]:
    """Yield the keys of a section in the order of their declaration."""
    docs = member_docs(section)
    hints = typing.get_type_hints(section)
    for field in dataclasses.fields(section):
        yield Key(
            name=field.name,
            type=_type_name(hints[field.name]),
            default=_default(field),
            meaning=docs.get(field.name, _see_below(hints[field.name])),
        )


def _keys_table(section: type) -> str:
    lines = ["", "| key | type | default | meaning |", "|---|---|---|---|"]
    for key in keys(section):
        # A bar would end the cell.
        cells = (f"`{key.name}`", key.type, key.default, key.meaning)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, "", ""])


def _shares() -> str:
    models = {
        name: build_on_meta(CosmoConfig.from_mapping(read_preset(name)["model"])) for name in SHARES
    }
    return share_table({name: count_parameters(model) for name, model in models.items()})


def _see_below(hint: object) -> str:
    return "See below." if dataclasses.is_dataclass(hint) else ""


def _type_name(hint: object) -> str:
    """Return a type in the words of whoever writes YAML."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return "section"
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_type_name(a) for a in arguments)
    if origin is tuple:
        inner = [_type_name(a) for a in arguments if a is not Ellipsis]
        return f"list of {inner[0]}" if Ellipsis in arguments else f"[{', '.join(inner)}]"
    if origin is not None and issubclass(origin, Mapping):
        return f"{_type_name(arguments[0])}: {_type_name(arguments[1])}"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"TextKind": "text kind", "Flag": "flag"}[hint.__name__]
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return "null" if hint is type(None) else names[hint]  # type: ignore[index]


def _default(field: "dataclasses.Field[object]") -> str:
    if field.default_factory is not dataclasses.MISSING:
        made = field.default_factory()
        return "its defaults" if dataclasses.is_dataclass(made) else f"`{_plain(made)}`"
    if field.default is dataclasses.MISSING:
        return "none: state it"
    return f"`{_plain(field.default)}`"


def _plain(value: object) -> str:
    """Return a value as YAML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(_plain(each) for each in value)}]"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else f"{value:.4f}"
    return "null" if value is None else str(value)


if __name__ == "__main__":
    main()
