"""What finished parts kept, read back from their commits."""

import io
from collections.abc import Iterable, Iterator
from typing import TypeVar

from ..schemas.outcome import Outcome
from .commit import KEPT_NAME, OUTCOMES_NAME, Commit
from .records_file import read_records
from .store import Store

Record = TypeVar("Record")


def read_kept(
    store: Store, commits: Iterable[Commit], record_type: type[Record]
) -> Iterator[Record]:
    """Yield the records that parts of one step kept, in the order of the parts.

    Args:
        store: the run.
        commits: the step's commits.
        record_type: the step's output type.
    """
    for commit in commits:
        yield from _read(store, commit, KEPT_NAME, record_type)


def read_outcomes(store: Store, commits: Iterable[Commit]) -> Iterator[Outcome]:
    """Yield the outcomes of one step, in the order of the parts."""
    for commit in commits:
        yield from _read(store, commit, OUTCOMES_NAME, Outcome)


def _read(store: Store, commit: Commit, name: str, record_type: type[Record]) -> Iterator[Record]:
    file = commit.file(name)
    if file is None:
        raise FileNotFoundError(f"the commit of part {commit.part} in {commit.step} has no {name}")
    # Such files hold no pixels: of a remote store one call is better than ranges.
    yield from read_records(io.BytesIO(store.read(file.path)), record_type)
