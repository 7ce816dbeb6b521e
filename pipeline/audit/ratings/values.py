"""From the plain values of a row to a `Rating`, or to one sentence about what is wrong with it."""

import contextlib
import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from ....schemas.audit import (
    PREFERENCES,
    SEVERITIES,
    SIDES,
    ClaimVerdict,
    ClipVerdict,
    ErrorType,
    Preference,
    Rating,
    Side,
    Verdict,
)

MAX_NOTE_CHARS, MAX_NAME_CHARS = 20_000, 200
_MAX_SECONDS = 10_000_000
Label = TypeVar("Label", bound=enum.StrEnum)


class ClaimError(ValueError):
    """A claim of a rating has a value that is missing or not allowed.

    Attributes:
        number: its place in the list of claims, from 0.
    """

    def __init__(self, number: int, what: str) -> None:
        super().__init__(what)
        self.number = number


def rating_of(row: Mapping[str, Any]) -> Rating:
    """Return the rating that a row holds.

    Args:
        row: plain values by name, as from JSON; keys that a rating does not have are ignored.

    Raises:
        ClaimError: a value of a claim is missing or not allowed; the text names it and what is.
        ValueError: another value is.
    """
    claims = row.get("claims")
    if claims is not None and not isinstance(claims, list | tuple):
        raise ValueError(f"claims={_short(claims)} must be a list")
    return Rating(
        audit_id=_text(row, "audit_id"),
        item_id=_text(row, "item_id"),
        rater=_text(row, "rater"),
        clip_verdict=_label(row, "clip_verdict", ClipVerdict),
        claims=tuple(_claim(number, claim) for number, claim in enumerate(claims or ())),
        preferred=cast("Preference | None", _among(row, "preferred", PREFERENCES)),
        note=_text(row, "note", MAX_NOTE_CHARS) if row.get("note") not in (None, "") else "",
        seconds=_seconds(row.get("seconds")),
        rated_at=_time(row.get("rated_at")),
    )


def clean(text: str) -> str:
    """Return text that can be stored: no lone surrogates and no NUL."""
    return (
        text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    )


def _claim(number: int, claim: object) -> ClaimVerdict:
    try:
        if not isinstance(claim, Mapping):
            raise ValueError(f"{_short(claim)} must be an object")
        side = _among(claim, "side", SIDES)
        if side is None:
            raise ValueError("side is missing")
        verdict = _label(claim, "verdict", Verdict)
        types = _error_types(claim.get("error_types"))
        severity = _whole(claim, "severity") if claim.get("severity") is not None else None
        if severity is not None and severity not in SEVERITIES:
            raise ValueError(f"severity={severity} must be one of {_listed(SEVERITIES)}")
        if verdict is not Verdict.WRONG and (types or severity is not None):
            raise ValueError(
                f"error types and severity belong to 'wrong', not to {verdict.value!r}"
            )
        return ClaimVerdict(
            side=cast("Side", side),
            claim=_whole(claim, "claim"),
            verdict=verdict,
            error_types=types,
            severity=severity,
        )
    except ValueError as error:
        raise ClaimError(number, f"{_claim_name(number, claim)}: {error}") from error


def _claim_name(number: int, claim: object) -> str:
    """Return what to call a claim: by side and number where it has them, else by its place."""
    if isinstance(claim, Mapping) and claim.get("side") in SIDES:
        with contextlib.suppress(ValueError):
            return f"claim {_whole(claim, 'claim')} of side {claim['side']!r}"
    return f"claims[{number}]"


def _error_types(names: object) -> tuple[ErrorType, ...]:
    if names is None:
        return ()
    if not isinstance(names, list | tuple):
        raise ValueError(f"error_types={_short(names)} must be a list")
    found = [_label({"error_types": name}, "error_types", ErrorType) for name in names]
    return tuple(dict.fromkeys(found))


def _text(row: Mapping[str, Any], name: str, max_chars: int = MAX_NAME_CHARS) -> str:
    value = row.get(name)
    if value is None:
        raise ValueError(f"{name} is missing")
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name}={_short(value)} must be a text that is not blank")
    if len(value) > max_chars:
        raise ValueError(f"{name} has {len(value)} characters, at most {max_chars} are allowed")
    return clean(value).strip()


def _label(row: Mapping[str, Any], name: str, labels: type[Label]) -> Label:
    value = row.get(name)
    if value is None or value == "":
        raise ValueError(f"{name} is missing")
    if not isinstance(value, str) or value not in set(labels):
        raise ValueError(f"{name}={_short(value)} must be one of {_listed(labels)}")
    return labels(value)


def _among(row: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    if value not in allowed:
        raise ValueError(f"{name}={_short(value)} must be one of {_listed(allowed)}")
    return str(value)


def _whole(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # pandas makes 2.0 of 2 where another row has none
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name}={_short(value)} must be a whole number")
    return value


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"seconds={_short(value)} must be a number")
    if not 0 <= value < _MAX_SECONDS:  # NaN is neither
        raise ValueError(f"seconds={_short(value)} must lie in [0, {_MAX_SECONDS})")
    return float(value)


def _time(value: object) -> str | None:
    if value is None or value == "":
        return None
    try:
        if not isinstance(value, str):
            raise ValueError("not a text")
        datetime.fromisoformat(value)
    except ValueError as error:
        example = "2026-11-24T13:00:00+00:00"
        raise ValueError(f"rated_at={_short(value)} must be a time such as {example}") from error
    return value


def _listed(options: Iterable[object]) -> str:
    return ", ".join(str(option) for option in options)


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
