"""What readers of files of ratings find: rows of plain values, mistakes, and what is no rating."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from ....schemas.audit import ClaimVerdict, Rating

RATING_KEYS = frozenset(field.name for field in fields(Rating))
CLAIM_KEYS = frozenset(field.name for field in fields(ClaimVerdict))
_JUDGEMENTS = ("clip_verdict", "preferred", "note")
_CLAIM_JUDGEMENTS = ("verdict", "error_types", "severity")


class Why(StrEnum):
    """Why something is no rating, and no mistake either. Closed list."""

    NOT_JUDGED = "not judged"
    """Exported to be judged, and left empty."""
    DRAFT = "drafts"
    """Not handed in."""
    CANCELLED = "skipped"
    """The rater skipped it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, and where."""

    place: str
    """File and line."""
    what: str
    """One sentence."""

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What is passed over, and counted."""

    why: Why
    """The reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rating, not yet checked."""

    place: str
    """File and line."""
    values: dict[str, Any]
    """Plain values, as from JSON."""
    claim_places: list[str] = field(default_factory=list)
    """File and line of each claim; empty where they stand in the row's own."""

    def problem(self, what: str, *, claim: int | None = None) -> Problem:
        """Return a problem of this row, or of the claim with a place in its list of claims."""
        if claim is None or not self.claim_places:
            return Problem(place=self.place, what=what)
        return Problem(place=self.claim_places[claim], what=what)


Found = Row | Problem | LeftOut


def judged(row: Row) -> Row | LeftOut:
    """Return a row of a sheet without the claims that were left empty, or that all of it was.

    A claim without the key `verdict` is a mistake, and stays.
    """
    given = row.values.get("claims")
    claims = given
    if isinstance(given, list):
        claims = [claim for claim in given if not _is_empty(claim)]
    if claims or any(row.values.get(name) not in (None, "") for name in _JUDGEMENTS):
        return replace(row, values=row.values | {"claims": claims})
    return LeftOut(why=Why.NOT_JUDGED)


def name_rater(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows with the rater's name, where one was named for all: people write it once."""
    held = list(rows)
    names = {row.values.get("rater") for row in held} - {None, ""}
    for row in held:
        is_open = len(names) == 1 and row.values.get("rater") in (None, "")
        yield replace(row, values=row.values | {"rater": next(iter(names))}) if is_open else row


def _is_empty(claim: object) -> bool:
    return (
        isinstance(claim, Mapping)
        and "verdict" in claim
        and all(claim.get(name) in (None, "", [], ()) for name in _CLAIM_JUDGEMENTS)
    )
