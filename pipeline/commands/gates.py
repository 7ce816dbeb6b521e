"""`--fail-if`: numbers that must not cross a line, for scripts that go on only if they hold."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

import typer

from ...schemas.errors import BudgetExceededError
from ..audit.statistics.gates import Gate, parse_gate

FailIf = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if", metavar="GATE", help="Such as 'wrong > 0.1'; then the exit code is 5."
    ),
]
"""The option, which may be given several times."""


def read_gates(
    texts: Sequence[str] | None, names: Collection[str], *, of: str = "the report"
) -> tuple[Gate, ...]:
    """Read gates before any work is done.

    Args:
        texts: the gates.
        names: the numbers that there are.
        of: what has them, for people.

    Raises:
        UsageError: one cannot be read, or names a number that is none of `names`.
    """
    return tuple(parse_gate(text, names=names, of=of) for text in texts or ())


def check_gates(gates: Sequence[Gate], values: Mapping[str, float | None]) -> list[str]:
    """Return a line for each gate, for people.

    Raises:
        BudgetExceededError: a gate is crossed; the text has the lines of all of them.
    """
    lines = [f"gate {gate.explain(values[gate.name])}" for gate in gates]
    if any(gate.is_crossed(values[gate.name]) for gate in gates):
        raise BudgetExceededError("\n  ".join(["a gate is crossed:", *lines]))
    return lines
