"""The errors that a caller may want to catch, under one base.

```
InterlinkError           exit 1
├── UsageError           exit 2   a recipe, argument or manifest is wrong
├── EnvironmentFault     exit 3   the machine is: disk full, extra missing, store unusable
├── IncompleteError      exit 4   stopped before the end; run again to go on
├── BudgetExceededError  exit 5   too many failures, or a gate was crossed
└── RecordError                   one record failed, with a code of the closed list
```
"""

from .outcome import ErrorCode


class InterlinkError(Exception):
    """Base of all errors raised on purpose; the command line prints them without a traceback."""

    exit_code: int = 1


class UsageError(InterlinkError):
    """A recipe, an argument or an input manifest is wrong; the text names value and remedy."""

    exit_code = 2


class EnvironmentFault(InterlinkError):  # noqa: N818  (the design's word; no record is to blame)
    """The machine is at fault (disk full, package missing, store unusable), never a record.

    Raised inside a transform it stops the run; the record in hand is not blamed.
    """

    exit_code = 3


class IncompleteError(InterlinkError):
    """The run stopped before every record was accounted for; running it again goes on."""

    exit_code = 4


class BudgetExceededError(InterlinkError):
    """Too many records failed, or a gate was crossed."""

    exit_code = 5


class RecordError(InterlinkError):
    """One record cannot be processed; it becomes a dead letter under `code`.

    Attributes:
        code: why, from the closed list; its class decides whether the record is tried again.
        value: the number that decided, if there is one.
        wait_until_us: when to try again, in microseconds since 1970 in UTC, where that was told.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        value: float | None = None,
        wait_until_us: int | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.value = value
        self.wait_until_us = wait_until_us

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
