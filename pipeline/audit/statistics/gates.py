"""Gates: `wrong > 0.1` fails a pipeline when the number crosses the line.

```
gate   = name comparison number ["%"]
name   = a letter, then letters, digits and "_", such as wrong_upper95
comparison = "<" | "<=" | ">" | ">="
number = 0.1 | .1 | 10 | -0.05 | 1e-3
```
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, cast

from ....schemas.errors import UsageError

Comparison = Literal["<", "<=", ">", ">="]

_GATE = re.compile(
    r"\s*(?P<name>[a-z][a-z0-9_]*)\s*(?P<comparison>[<>]=?)\s*"
    r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(?P<percent>%?)\s*",
    re.ASCII | re.IGNORECASE,
)
_MAX_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A line that a number of a report or a comparison must not cross."""

    name: str
    """The number's name."""
    comparison: Comparison
    """The gate is crossed where the number stands in this relation to `limit`."""
    limit: float
    """The line, as a share where the text has a percent sign."""

    def __str__(self) -> str:
        return f"{self.name} {self.comparison} {self.limit:g}"

    def is_crossed(self, value: float | None) -> bool:
        """Say whether the number crosses the line; an unknown number (None, NaN) does.

        A gate that passed because nothing was judged would let anything through.
        """
        if value is None or value != value:
            return True
        if self.comparison == "<":
            return value < self.limit
        if self.comparison == "<=":
            return value <= self.limit
        if self.comparison == ">":
            return value > self.limit
        return value >= self.limit

    def explain(self, value: float | None) -> str:
        """Return one line for people: the gate, the number, and whether it was crossed."""
        if value is None or value != value:
            return f"{self}: crossed, because {self.name} is not known"
        return f"{self}: {'crossed' if self.is_crossed(value) else 'held'}, at {value:.4g}"


def parse_gate(text: str, *, names: Collection[str], of: str = "the report") -> Gate:
    """Read a gate such as `wrong > 0.1`, `wrong_upper95 > 8%`.

    Args:
        text: the gate.
        names: the numbers that there are.
        of: what has them, for people.

    Raises:
        UsageError: it is not of the grammar above, or its name is none of `names`.
    """
    shown = text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}..."
    found = _GATE.fullmatch(text) if len(text) <= _MAX_CHARACTERS else None
    if found is None:
        raise UsageError(
            f"the gate {shown!r} cannot be read; write a number's name, one of < <= > >=, and a "
            "limit, such as 'wrong > 0.1' or 'wrong_upper95 > 8%'; repeat the option for more"
        )
    name = found["name"].lower()
    if name not in names:
        close = get_close_matches(name, sorted(names), n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UsageError(
            f"the gate {shown!r} names {name!r}, which {of} does not have; {hint}"
            f"it has {', '.join(sorted(names)) or 'no numbers'}"
        )
    limit = float(found["number"]) / (100 if found["percent"] else 1)
    if abs(limit) == float("inf"):
        raise UsageError(f"the gate {shown!r} has the limit {found['number']}, which is not finite")
    return Gate(name=name, comparison=cast(Comparison, found["comparison"]), limit=limit)
