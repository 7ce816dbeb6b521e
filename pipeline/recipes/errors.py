"""What is wrong with a recipe, in words: the value, what is allowed, what to do."""

import dataclasses
import difflib
import reprlib
import types
import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from .secrets import SECRET_PLACES

_WANTED = {
    "string_type": "text; put it into quotes",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list, such as [a, b]",
    "dict_type": "a section with keys of its own",
    "dataclass_type": "a section with keys of its own",
    "model_type": "a section with keys of its own",
    "model_attributes_type": "a section with keys of its own",
    "invalid_key": "text, as all keys are",
}
"""What a value must be, by pydantic's name for what it is not."""

_BOUNDS = {
    "greater_than_equal": (">=", "ge"),
    "greater_than": (">", "gt"),
    "less_than_equal": ("<=", "le"),
    "less_than": ("<", "lt"),
}
_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}
_NOT_FOR_USERS = {"lineage"}
"""Parameters that the run fills in."""


def explain(detail: Any, recipe: type[BaseModel]) -> str:  # noqa: ANN401  (pydantic's own dict)
    """Say one problem that pydantic found.

    Args:
        detail: one of `ValidationError.errors()`.
        recipe: the model that it is about.
    """
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind in _UNKNOWN:
        return _unknown_key(detail["loc"], recipe)
    place, _ = _walk(detail["loc"], recipe)
    if place.startswith(SECRET_PLACES):
        given = _Hidden()
    if kind == "value_error":
        # A section's own check names the field that it is about; a field's check does not.
        return f"{place}{'=' + _show(given) if _is_plain(given) else ':'} {context['error']}"
    if kind == "missing":
        return f"{place} is missing; give it a value"
    if kind == "union_tag_not_found":
        key = str(context["discriminator"]).strip("'")
        return f"{place} needs a {key}, one of {_choices(detail['loc'], recipe)}"
    if kind == "union_tag_invalid":
        key = str(context["discriminator"]).strip("'")
        wanted = _choices(detail["loc"], recipe)
        return f"{place}.{key}={context['tag']!r} must be one of {wanted}"
    if kind == "literal_error":
        return f"{place}={_show(given)} must be one of {context['expected']}"
    if kind in _BOUNDS:
        sign, name = _BOUNDS[kind]
        return f"{place}={_show(given)} must be {sign} {context[name]:g}"
    if kind in _WANTED:
        return f"{place}={_show(given)} must be {_WANTED[kind]}"
    return f"{place}: {detail['msg']}"


def _unknown_key(location: Sequence[str | int], recipe: type[BaseModel]) -> str:
    place, _ = _walk(location, recipe)
    _, section = _walk(location[:-1], recipe)
    allowed = sorted(_keys(section))
    close = difflib.get_close_matches(str(location[-1]), allowed, n=1)
    hint = f", did you mean {close[0]!r}?" if close else "."
    return f"unknown key {place!r}{hint} Allowed here: {', '.join(allowed)}"


def _walk(location: Sequence[str | int], recipe: type[BaseModel]) -> tuple[str, Any]:
    """Return a place as a person writes it, and the type that stands there."""
    here: Any = recipe
    place = ""
    for step in location:
        if isinstance(step, int):
            place += f"[{step}]"
            here = next(iter(typing.get_args(here)), None)
        elif len(backends := _backends(here)) > 1:
            here = backends.get(str(step))  # in pydantic's path, but not in the recipe
            continue
        else:
            place += f".{step}" if place else str(step)
            here = _fields(here).get(str(step))
        here = _bare(here)
    return place, here


def _choices(location: Sequence[str | int], recipe: type[BaseModel]) -> str:
    return ", ".join(_backends(_walk(location, recipe)[1]))


def _backends(union: Any) -> dict[str, Any]:  # noqa: ANN401  (any annotation)
    """Return the sections that a union may be, by their `backend`."""
    members = typing.get_args(union) if isinstance(union, types.UnionType) else ()
    return {
        str(field.default): member
        for member in members
        if dataclasses.is_dataclass(member)
        for field in dataclasses.fields(member)
        if field.name == "backend"
    }


def _bare(annotation: Any) -> Any:  # noqa: ANN401  (any annotation)
    """Take metadata and `| None` off an annotation."""
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if isinstance(annotation, types.UnionType):
        members = [a for a in typing.get_args(annotation) if a is not types.NoneType]
        return members[0] if len(members) == 1 else annotation
    return annotation


def _fields(section: Any) -> dict[str, Any]:  # noqa: ANN401  (any annotation)
    """Return the annotations of a section's keys."""
    if not isinstance(section, type):
        return {}
    hints = typing.get_type_hints(section, include_extras=True)
    return {name: hints[name] for name in _keys(section)}


def _keys(section: Any) -> list[str]:  # noqa: ANN401  (any annotation)
    if isinstance(section, type) and issubclass(section, BaseModel):
        return list(section.model_fields)
    if not dataclasses.is_dataclass(section):
        return []
    return [f.name for f in dataclasses.fields(section) if f.name not in _NOT_FOR_USERS]


class _Hidden:
    """Stands for a value that may be a secret."""

    def __repr__(self) -> str:
        return "***"


def _is_plain(value: object) -> bool:
    return not isinstance(value, dict)


def _show(value: object) -> str:
    return reprlib.repr(value)
