"""Reading a section of a training recipe: a key that nobody knows is a mistake, never ignored."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from ...schemas.errors import UsageError


def check_keys(section: str, content: object, record: type) -> Mapping[str, Any]:
    """Return what a section holds, once every key is a field of `record` and none is missing.

    Args:
        section: its name, for messages.
        content: what was parsed.
        record: a dataclass.

    Raises:
        UsageError: it is no mapping, a key is unknown, or one without a default is missing.
    """
    if not isinstance(content, Mapping):
        raise UsageError(f"{section} is {content!r}, it must be a mapping")
    fields = {field.name: field for field in dataclasses.fields(record)}
    for name in content:
        if name not in fields:
            raise UsageError(f"{section}.{name} is unknown; its keys are {', '.join(fields)}")
    for name, field in fields.items():
        has_default = (field.default, field.default_factory) != (dataclasses.MISSING,) * 2
        if name not in content and not has_default:
            raise UsageError(f"{section}.{name} is missing; it has no default")
    return content
