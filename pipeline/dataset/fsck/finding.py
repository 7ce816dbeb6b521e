"""What was found to be wrong with files, or worth a word."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What a finding is. Closed list."""

    MISSING = "missing"
    """A file that should be there is not."""
    SIZE = "size"
    """It is longer or shorter than it was."""
    BYTES = "bytes"
    """Its bytes are not those that were committed."""
    CONTENT = "content"
    """Its bytes are as committed, and what they say does not hold together."""
    STRAY = "stray"
    """Nothing names it: it is no part of anything."""
    OLDER = "older"
    """An older version lacks it, since something was taken down."""

    @property
    def is_damage(self) -> bool:
        """Whether something is wrong; else it is only worth a word."""
        return self not in (Fault.STRAY, Fault.OLDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found."""

    path: str
    """The file or folder, under the root of what was looked into."""
    fault: Fault
    """What kind of thing."""
    what: str
    """In words: where in the file, and what it should be."""
    part: str | None = None
    """The part that the file is of, where it is of one."""
    folder: str | None = None
    """Of a run, the folder of the step whose commit is concerned."""
