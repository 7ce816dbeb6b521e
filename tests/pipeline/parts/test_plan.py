"""Which sources form which part, once and for all."""

import dataclasses
import math
import random

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.parts.plan import (
    MAX_PART_S,
    MAX_PART_SOURCES,
    PARTS_WANTED,
    divide,
    note_retry,
    part_name,
    plan_numbers,
    plan_parts,
    plan_path,
    plan_sources,
    plan_table,
    read_part,
    read_plan,
    retry_numbers,
    write_plan,
)
from interlink.pipeline.storage.store import Store
from interlink.schemas.ids import order_key
from interlink.schemas.source import GivenSpan, Source


def sources(number: int, **fields) -> list[Source]:
    return [Source(source_id=f"s{n}", uri=f"toy://{n}", **fields) for n in range(number)]


@pytest.mark.parametrize("number", [1, 4, 63, 64, 65, 1000, 2048, 5000])
def test_without_durations_parts_hold_equal_numbers(number):
    parts = divide(sources(number))
    size = min(max(math.ceil(number / PARTS_WANTED), 1), MAX_PART_SOURCES)
    assert [len(part) for part in parts[:-1]] == [size] * (len(parts) - 1)
    assert sum(map(len, parts)) == number


def test_parts_follow_the_order_of_a_hash_whatever_the_manifest_s_order():
    given = sources(200)
    shuffled = random.Random(0).sample(given, len(given))
    assert divide(shuffled) == divide(given)
    keys = [order_key(s.source_id) for part in divide(given) for s in part]
    assert keys == sorted(keys)


def test_known_durations_make_parts_of_equal_work_and_a_huge_video_stands_alone():
    given = sources(300, duration_us=600_000_000)
    given[7] = dataclasses.replace(given[7], duration_us=int(9 * 3600e6))
    parts = divide(given)
    [huge] = [part for part in parts if given[7] in part]
    assert huge == [given[7]]
    seconds = [sum(s.duration_us / 1e6 for s in part) for part in parts if part is not huge]
    assert max(seconds) <= min(MAX_PART_S, (299 * 600 + 9 * 3600) / PARTS_WANTED)
    assert max(map(len, parts)) <= MAX_PART_SOURCES


def test_short_videos_share_a_part_up_to_a_minute_and_32_sources():
    assert [len(p) for p in divide(sources(12, duration_us=10_000_000))] == [6, 6]
    assert [len(p) for p in divide(sources(40, num_bytes=1000))] == [32, 8]


def test_one_unknown_duration_makes_all_count_alike():
    given = [*sources(9, duration_us=10_000_000), Source(source_id="x", uri="toy://x")]
    assert [len(p) for p in divide(given)] == [1] * 10


def test_a_plan_is_written_once_and_read_back(tmp_path):
    store = Store(str(tmp_path))
    given = [
        dataclasses.replace(
            s,
            metadata={"k": s.source_id},
            spans=(GivenSpan(start_us=0, end_us=5, captions=("a",)),),
        )
        for s in sources(100)
    ]
    assert write_plan(store, 1, given)
    assert not write_plan(store, 1, given[:5])
    assert plan_numbers(store) == [1]
    parts = plan_parts(store, 1)
    assert parts[:2] == ["001-00000", "001-00001"]
    assert [read_part(store, part) for part in parts] == divide(given)
    assert list(plan_sources(store, 1)) == [s for part in divide(given) for s in part]


def test_equal_sources_give_equal_bytes(tmp_path):
    stores = [Store(str(tmp_path / name)) for name in ("a", "b")]
    for store, given in zip(stores, (sources(50), sources(50)[::-1]), strict=True):
        write_plan(store, 1, given)
    assert stores[0].read(plan_path(1)) == stores[1].read(plan_path(1))


def test_a_part_is_read_without_reading_the_whole_plan(tmp_path):
    store = Store(str(tmp_path))
    write_plan(store, 1, sources(5000))
    assert pq.ParquetFile(tmp_path / plan_path(1)).num_row_groups == 5


def test_names_sort_and_numbers_may_grow(tmp_path):
    store = Store(str(tmp_path))
    for number in (2, 10, 1000):
        write_plan(store, number, sources(1))
    assert plan_numbers(store) == [2, 10, 1000]
    assert part_name(1, 42) == "001-00042"
    assert read_part(store, part_name(1000, 0)) == sources(1)


def test_a_run_without_plans_has_none(tmp_path):
    assert plan_numbers(Store(str(tmp_path))) == []


def test_columns_of_a_plan_are_read_alone(tmp_path):
    store = Store(str(tmp_path))
    write_plan(store, 1, sources(3, num_bytes=7))
    table = read_plan(store, 1, ["part", "source_id", "num_bytes"])
    assert table.column_names == ["part", "source_id", "num_bytes"]
    assert sorted(table.column("source_id").to_pylist()) == ["s0", "s1", "s2"]
    assert table.column("num_bytes").to_pylist() == [7, 7, 7]
    assert plan_table(sources(3, num_bytes=7)).select(table.column_names).equals(table)


def test_retries_are_noted_beside_the_plans(tmp_path):
    store = Store(str(tmp_path))
    assert retry_numbers(store) == []
    note_retry(store, 12, b'{"sources": 1}')
    note_retry(store, 3, b"{}")
    note_retry(store, 12, b"{}")
    assert retry_numbers(store) == [3, 12]
    assert store.read("retries/012.json") == b'{"sources": 1}'
    assert plan_numbers(store) == []
