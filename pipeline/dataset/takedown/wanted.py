"""What is asked to be taken down, as it is written: on the command line, or in a list."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ....schemas.errors import UsageError
from ....schemas.ids import ID_LENGTH, group_key, source_id
from ....schemas.manifest import TombstoneKind
from ....transforms.text.document_source import public_group
from ...sources.cells import Cells
from ...sources.rows import read_rows

LIST_COLUMNS = {
    "source": TombstoneKind.SOURCE,
    "group": TombstoneKind.GROUP,
    "clip": TombstoneKind.CLIP,
    "hash": TombstoneKind.VIDEO,
}
"""Columns of a list, of which each line fills one; `reason` may stand beside it."""
LIST_SUFFIXES = (".csv", ".tsv", ".jsonl")
"""Forms of a list."""
_DIGEST = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}([0-9a-f]{{{ID_LENGTH}}})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One thing to take down.

    Raises:
        UsageError: the value is none of its kind.
    """

    kind: TombstoneKind
    """What it is."""
    value: str
    """An id; of a source also its URI, of a group its name, of a video also the sha256 of its
    file."""
    reason: str
    """Why; stands in the manifest for all to read."""

    def __post_init__(self) -> None:
        if not self.value.strip() or not self.reason.strip():
            raise UsageError(f"a {self.kind} to take down needs a name and a reason")
        if self.kind is TombstoneKind.VIDEO and not _DIGEST.fullmatch(self.value):
            raise UsageError(
                f"{self.value!r:.80} is no hash: give the sha256 of the file (64 lower-case "
                f"hexadecimal digits), or a video_id (its first {ID_LENGTH})"
            )

    @property
    def ids(self) -> set[str]:
        """What the tombstone of it may have as its id."""
        if self.kind is TombstoneKind.GROUP:
            return {group_key(public_group(self.value))}
        if self.kind is TombstoneKind.VIDEO:
            return {self.value[:ID_LENGTH]}
        return {self.value, source_id(self.value)}


def read_wanted(path: str, reason: str | None) -> Iterator[Wanted]:
    """Yield what a list asks for.

    Args:
        path: a csv, tsv or jsonl file whose lines fill one of `LIST_COLUMNS` each.
        reason: of lines that give none.

    Raises:
        UsageError: the list cannot be read, or a line fills none or several of the columns, or has
            no reason.
    """
    if not path.lower().endswith(LIST_SUFFIXES):
        raise UsageError(f"--list {path} must end with one of {', '.join(LIST_SUFFIXES)}")
    for row in read_rows(path, tuple(LIST_COLUMNS)):
        cells = Cells(row)
        named = {name: text for name in LIST_COLUMNS if (text := cells.text(name)) is not None}
        why = cells.text("reason") or reason
        if len(named) != 1:
            raise cells.error(
                f"fills {' and '.join(named) or 'none'} of {', '.join(LIST_COLUMNS)}; fill one"
            )
        if why is None:
            raise cells.error("has no reason; fill the column, or give --reason")
        [(name, value)] = named.items()
        try:
            yield Wanted(kind=LIST_COLUMNS[name], value=value, reason=why)
        except UsageError as error:
            raise cells.error(str(error)) from error
