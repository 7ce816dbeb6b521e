"""Which sources form which part: written once, before any work, and never changed."""

import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.arrow import from_table, to_table
from ...schemas.ids import order_key
from ...schemas.source import Source
from ...transforms.fetch.limits import BYTES_PER_S
from ..storage.store import Store

MAX_PART_SOURCES = 32
PARTS_WANTED = 64
"""Parts that a small plan is divided into, so that a handful of workers have enough to share."""
MAX_PART_S = 2 * 3600.0
MIN_PART_S = 60.0

_RETRIES_FOLDER = "retries"
_PART_FIELD = pa.field("part", pa.int32(), nullable=False)


def plan_path(number: int) -> str:
    """Return the path of plan `number` under the run's root."""
    return f"plans/{number:03d}.parquet"


def part_name(plan: int, part: int) -> str:
    """Return the name of a part, such as `001-00042`."""
    return f"{plan:03d}-{part:05d}"


def divide(sources: Sequence[Source]) -> list[list[Source]]:
    """Divide sources into parts, in the order of a hash of their ids.

    Parts hold about equal work where the manifest tells seconds or bytes, a huge video alone;
    else `clamp(ceil(n / 64), 1, 32)` sources.
    """
    ordered = sorted(sources, key=lambda source: order_key(source.source_id))
    work = [_expected_s(source) for source in ordered]
    if not work or any(seconds is None for seconds in work):
        size = min(max(math.ceil(len(ordered) / PARTS_WANTED), 1), MAX_PART_SOURCES)
        return [ordered[i : i + size] for i in range(0, len(ordered), size)]
    known = [seconds for seconds in work if seconds is not None]
    limit_s = min(max(sum(known) / PARTS_WANTED, MIN_PART_S), MAX_PART_S)
    parts: list[list[Source]] = []
    filled_s = math.inf
    for source, seconds in zip(ordered, known, strict=True):
        if filled_s + seconds > limit_s or len(parts[-1]) == MAX_PART_SOURCES:
            parts.append([])
            filled_s = 0.0
        parts[-1].append(source)
        filled_s += seconds
    return parts


def plan_table(sources: Sequence[Source]) -> pa.Table:
    """Return a plan: a row for each source, sorted by part, the part's number in column `part`."""
    parts = divide(sources)
    table = to_table([source for part in parts for source in part], Source)
    numbers = [number for number, part in enumerate(parts) for _ in part]
    return table.add_column(0, _PART_FIELD, pa.array(numbers, pa.int32()))


def write_plan(store: Store, number: int, sources: Sequence[Source]) -> bool:
    """Commit a plan for `sources`, unless that plan exists already.

    Returns:
        Whether this call wrote it.
    """
    table = plan_table(sources)
    sink = pa.BufferOutputStream()
    # Small row groups: a worker reads its own part, not the whole plan.
    pq.write_table(table, sink, row_group_size=1024, compression="zstd", write_page_checksum=True)
    return store.put_if_absent(plan_path(number), sink.getvalue().to_pybytes())


def plan_numbers(store: Store) -> list[int]:
    """Return the numbers of the plans that a run has, in order."""
    names = store.names("plans")
    numbers = sorted(int(Path(name).stem) for name in names if name.endswith(".parquet"))
    # Some stores list what is new a little later; plans are numbered one after the other.
    while store.exists(plan_path(numbers[-1] + 1 if numbers else 1)):
        numbers.append(numbers[-1] + 1 if numbers else 1)
    return numbers


def plan_parts(store: Store, number: int) -> list[str]:
    """Return the names of the parts of a plan, in order."""
    with store.open(plan_path(number)) as file:
        footer = pq.read_metadata(file)
    if not footer.num_rows:
        return []
    last = footer.row_group(footer.num_row_groups - 1).column(0).statistics.max
    return [part_name(number, part) for part in range(last + 1)]


def plan_ids(store: Store, number: int) -> Iterator[str]:
    """Yield the ids of a plan's sources in the order of its parts, and read nothing else."""
    with store.open(plan_path(number)) as file:
        for batch in pq.ParquetFile(file).iter_batches(1024, columns=["source_id"]):
            yield from batch.column(0).to_pylist()


def read_plan(store: Store, number: int, columns: Sequence[str]) -> pa.Table:
    """Return columns of a plan, such as `part` and `source_id`, one row for each source."""
    with store.open(plan_path(number)) as file:
        return pq.read_table(file, columns=list(columns), use_threads=False)


def note_retry(store: Store, number: int, note: bytes) -> None:
    """Note that a plan takes sources over from earlier plans; to be called before it is written.

    Args:
        store: the run.
        number: number of the plan.
        note: why, as a JSON object.
    """
    store.put_if_absent(f"{_RETRIES_FOLDER}/{number:03d}.json", note)


def retry_numbers(store: Store) -> list[int]:
    """Return the numbers of the plans that may hold sources of earlier plans, in order."""
    names = (name.removesuffix(".json") for name in store.names(_RETRIES_FOLDER))
    return sorted(int(name) for name in names if name.isdecimal())


def plan_sources(store: Store, number: int) -> Iterator[Source]:
    """Yield the sources of a plan in the order of its parts."""
    with store.open(plan_path(number)) as file:
        for batch in pq.ParquetFile(file).iter_batches(1024):
            yield from from_table(pa.Table.from_batches([batch]), Source)


def read_part(store: Store, part: str) -> list[Source]:
    """Return the sources of a part, in the plan's order."""
    plan, number = part.split("-")
    # Of a remote store one call is better than ranges: 30,000 sources are a few megabytes.
    content = io.BytesIO(store.read(plan_path(int(plan))))
    table = pq.read_table(content, filters=[("part", "==", int(number))], use_threads=False)
    return from_table(table, Source)


def _expected_s(source: Source) -> float | None:
    if source.duration_us is not None:
        return source.duration_us / 1e6
    return None if source.num_bytes is None else source.num_bytes / BYTES_PER_S
