"""Refuses a recipe in which a secret is written out: the recipe is stored with every run."""

import re
from collections.abc import Iterator, Mapping

from ...schemas.errors import UsageError
from ..redact import KEYS

SECRET_PLACES = ("fetch.cookies", "fetch.proxy", "fetch.headers")
"""Where references stand; what is wrongly there may be the secret itself and is never repeated."""

_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s:@]*:[^/?#\s@]+@")
_SECRET_OPTION = re.compile(
    r"(?i)^--?[a-z0-9_.-]*(?:secret|password|passwd|token|api[_-]?key)[a-z0-9_.-]*="
)


def refuse_plain_secrets(content: Mapping[str, object], origin: str) -> None:
    """Raise for a value that holds a password or a key.

    Args:
        content: what a recipe says.
        origin: what to call it in an error.

    Raises:
        UsageError: with the place and what to do; the value is not repeated.
    """
    for place, text in _texts(content, ""):
        if holds_password(text):
            raise UsageError(
                f"{origin}: {place} holds a URL with a password, and a recipe is stored with its "
                "run. Give a proxy as fetch.proxy=env:NAME, a login as fetch.headers or "
                "fetch.cookies, and a cloud's keys in the cloud's own way, on the workers"
            )
        if KEYS.search(text) or _SECRET_OPTION.search(text):
            raise UsageError(
                f"{origin}: {place} holds what looks like a key, and a recipe is stored with its "
                "run. Put it into a variable or a file of the workers, and where the recipe needs "
                "it write env:NAME or file:/path"
            )


def holds_password(text: str) -> bool:
    """Tell whether a text holds a URL with a user's password."""
    return _PASSWORD.search(text) is not None


def _texts(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield each text of a recipe with its dotted place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{place}[{number}]")
