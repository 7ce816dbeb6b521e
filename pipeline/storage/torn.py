"""Files that cannot be read, told by name: the disk, or who copied them, has damaged them."""

import contextlib
import json
from collections.abc import Iterator

import pyarrow as pa
import yaml

from ...schemas.errors import EnvironmentFault

_UNREADABLE = (pa.ArrowInvalid, json.JSONDecodeError, UnicodeDecodeError, yaml.YAMLError)


class TornFileError(EnvironmentFault, pa.ArrowException):  # type: ignore[misc]  # no types
    """A file of a run or a dataset cannot be read. Also an Arrow error, as which it often began.

    Args:
        place: the file, as it is printed.
        store: the run or the dataset, as it is printed.
        reason: why it cannot be read, in a line.
    """

    def __init__(self, place: str, store: str, reason: str) -> None:
        super().__init__(
            f"{place} cannot be read ({reason}): the file is damaged; see what `interlink fsck "
            f"{store} --deep` finds"
        )
        self.place, self.store, self.reason = place, store, reason

    def __reduce__(self) -> tuple[type["TornFileError"], tuple[str, str, str]]:
        return TornFileError, (self.place, self.store, self.reason)


@contextlib.contextmanager
def naming(place: str, store: str) -> Iterator[None]:
    """Tell which file it is that Arrow, or a parser of text, cannot read within the block.

    Args:
        place: the file, as it is printed.
        store: the run or the dataset, as it is printed.

    Raises:
        TornFileError: it cannot be read.
    """
    try:
        yield
    except TornFileError:
        raise
    except _UNREADABLE as error:
        raise TornFileError(place, store, first_line(error)) from error
    except OSError as error:  # as Arrow says of pages; of the machine's own it has a number
        if type(error) is not OSError or error.errno is not None:
            raise
        raise TornFileError(place, store, first_line(error)) from error


def first_line(error: Exception) -> str:
    """Return what an error says in its first line: Arrow adds lines that say nothing."""
    text = error.reason if isinstance(error, TornFileError) else str(error)
    lines = text.strip().splitlines()
    return lines[0] if lines else type(error).__name__
