"""Values of a training recipe as YAML gives them, each taken only as what its field wants."""

import dataclasses
import os
import re
from typing import Any, TypeVar

import pydantic

from ..schemas.errors import UsageError
from ..schemas.view import Rule
from .data.section import check_keys

Section = TypeVar("Section")

_STRICT = pydantic.ConfigDict(strict=True, allow_inf_nan=False)
_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")
"""A number that YAML 1.1, which wants a point and a sign in it, takes for text: `1e-3`, `2.5e4`."""


def read_section(name: str, content: object, record: type[Section]) -> Section:
    """Read a section into its record.

    Args:
        name: of the section.
        content: what was parsed.
        record: a dataclass whose fields are annotated with types, not with their names.

    Raises:
        UsageError: a key is unknown or missing, or a value is not allowed.
    """
    values = check_keys(name, content, record)
    hints = {f.name: f.type for f in dataclasses.fields(record)}  # type: ignore[arg-type]
    return record(**{key: read_value(f"{name}.{key}", v, hints[key]) for key, v in values.items()})


def read_value(place: str, value: object, kind: Any) -> Any:  # noqa: ANN401  (any annotation)
    """Return a value as its field wants it: `true` is no number, and a number is no text.

    Raises:
        UsageError: it is not allowed; the message calls it `place`.
    """
    if isinstance(value, list):
        value = tuple(value)
    elif kind is float and isinstance(value, str) and _EXPONENT.fullmatch(value):
        value = float(value)
    try:
        return pydantic.TypeAdapter(kind, config=_STRICT).validate_python(value)
    except pydantic.ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise UsageError(f"{place}={value!r} is not allowed: {problem}") from error


def read_rules(content: object) -> tuple[Rule, ...]:
    """Read conditions on documents, each with the keys of a `Rule`.

    Raises:
        UsageError: a key is unknown or missing, or a rule is not allowed.
    """
    if not isinstance(content, list | tuple):
        raise UsageError(f"rules is {content!r}, it must be a list")
    rules = []
    for number, row in enumerate(content):
        values = check_keys(f"rules[{number}]", row, Rule)
        try:
            rules.append(Rule(**values))
        except ValueError as error:
            raise UsageError(f"rules[{number}]: {error}") from error
    return tuple(rules)


def read_folder(name: str, value: str) -> str:
    """Return a folder of this machine's file system, `~` expanded.

    Raises:
        UsageError: it is empty, or a URL; the message calls it `name`.
    """
    if not value.strip():
        raise UsageError(f"{name}={value!r} must name a folder")
    if "://" in value:
        raise UsageError(
            f"{name}={value!r} is a URL, and must be a folder: checkpoints are written to a file "
            "system, such as that of a mounted bucket"
        )
    return os.path.expanduser(value)  # noqa: PTH111  (which would drop a leading `./`)
