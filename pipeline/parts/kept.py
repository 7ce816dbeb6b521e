"""What finished parts kept, read back from their commits."""

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import pyarrow.parquet as pq

from ...schemas.outcome import Outcome
from ..storage.records_file import read_records
from ..storage.store import Store
from .commit import KEPT_NAME, OUTCOMES_NAME, Commit

Record = TypeVar("Record")

_SOURCE_ID = re.compile(r"(video\.)?source\.source_id")


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


def read_owners(store: Store, commit: Commit) -> dict[str, str]:
    """Return the source of each record that a part kept, by the record's id; reads ids alone."""
    file = commit.file(KEPT_NAME)
    if file is None:
        return {}
    parquet = pq.ParquetFile(io.BytesIO(store.read(file.path)))
    first = parquet.schema_arrow.names[0]  # a record's id is its first field
    sources = [path for path in _column_paths(parquet) if _SOURCE_ID.fullmatch(path)]
    table = parquet.read(columns=[first, *sources], use_threads=False)
    ids = table.column(first).to_pylist()
    if not sources:
        return dict(zip(ids, ids, strict=True))
    path = sources[0].split(".")
    return {
        name: _inside(row, path)
        for name, row in zip(ids, table.column(path[0]).to_pylist(), strict=True)
    }


def _column_paths(file: pq.ParquetFile) -> list[str]:
    return [file.schema.column(index).path for index in range(len(file.schema))]


def _inside(value: Any, path: list[str]) -> str:  # noqa: ANN401  (a nested row)
    for name in path[1:]:
        value = value[name]
    return str(value)


def _read(store: Store, commit: Commit, name: str, record_type: type[Record]) -> Iterator[Record]:
    file = commit.file(name)
    if file is None:
        raise FileNotFoundError(f"the commit of part {commit.part} in {commit.step} has no {name}")
    # Such files hold no pixels: of a remote store one call is better than ranges.
    yield from read_records(io.BytesIO(store.read(file.path)), record_type)
