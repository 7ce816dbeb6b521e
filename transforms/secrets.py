"""Secrets by reference, and masks over what was read; what they are for is said elsewhere.

A recipe names where a secret stands, as `env:NAME` or `file:/path`. Only the worker that needs it
reads it, and from then on `mask` hides it in all that this process stores or logs.
"""

import html
import json
import logging
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from ..schemas.errors import EnvironmentFault

MASK = "***"
MIN_MASKED_CHARS = 6
"""Shorter values, such as a cookie's `1`, would mask half of what there is to read."""

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/[^\0\n]+")


def check_reference(name: str, reference: str) -> None:
    """Refuse what is no reference, such as the secret itself; the error does not repeat it.

    Args:
        name: what the reference is for.
        reference: `env:NAME` or `file:/path`.

    Raises:
        ValueError: with what to write instead.
    """
    if not _REFERENCE.fullmatch(reference):
        raise ValueError(
            f"{name} must say where the secret stands, not what it is: env:NAME for a variable of "
            "the workers' environment, or file:/path for a file that they can read"
        )


def read_secret(reference: str) -> str:
    """Return what a reference means, without white space around it.

    Raises:
        EnvironmentFault: nothing stands there; it names the reference alone.
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        text = os.environ.get(place, "")
    else:
        try:
            text = Path(place).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise EnvironmentFault(f"cannot read the secret {reference}: {reason}") from None
    if not text.strip():
        raise EnvironmentFault(
            f"the secret {reference} is empty on this machine; set it where the workers run"
        )
    return text.strip()


def hide(*secrets: str) -> None:
    """Let `mask` know secrets, in the forms in which others may write them back.

    All that this process logs is masked from now on.
    """
    global _hidden
    known = set(_hidden)
    for secret in secrets:
        if len(secret) >= MIN_MASKED_CHARS:
            known |= _forms(secret)
    if known != set(_hidden):
        # The longest first: a secret may hold another one.
        _hidden = tuple(sorted(known, key=lambda form: (-len(form), form)))
        if not isinstance(logging.getLogRecordFactory(), _MaskedRecords):
            logging.setLogRecordFactory(_MaskedRecords(logging.getLogRecordFactory()))


def mask(text: str) -> str:
    """Return `text` with `***` for each secret that this process has read."""
    for form in _hidden:
        text = text.replace(form, MASK)
    return text


_hidden: tuple[str, ...] = ()


def _forms(secret: str) -> set[str]:
    """Return a secret as it may stand in a URL, a page or a quoted message."""
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }


class _MaskedRecords:
    """Makes log records that hold no secret, whatever handler writes them."""

    def __init__(self, make: Any) -> None:  # noqa: ANN401  (any factory of log records)
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401
        record: logging.LogRecord = self._make(*args, **kwargs)
        said = record.getMessage()
        masked = mask(said)
        if masked != said:
            record.msg, record.args = masked, None
        if record.exc_info and record.exc_text is None:
            record.exc_text = mask(logging.Formatter().formatException(record.exc_info))
        return record
