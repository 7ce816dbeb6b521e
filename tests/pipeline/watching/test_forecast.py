"""Time and bytes of what is to be done, reckoned from what is done."""

import pyarrow as pa
import pytest

from interlink.pipeline.parts.commit import Commit
from interlink.pipeline.parts.plan import plan_table
from interlink.pipeline.parts.workspace import CommittedFile
from interlink.pipeline.watching.forecast import PartSize, estimate, learn_bytes, part_sizes
from interlink.schemas.source import Source


def commit(part: str, wall_s: float, **files: int) -> Commit:
    names = {"kept": "kept.parquet", "video": "0123.mp4"}
    written = tuple(
        CommittedFile(path=f"steps/x/{part}/a/{names[name]}", num_bytes=size, sha256="0")
        for name, size in files.items()
    )
    return Commit(
        part=part,
        step="scan",
        key="k",
        attempt="a",
        num_kept=1,
        stages=(),
        files=written,
        wall_s=wall_s,
    )


def plan(*rows: tuple[int, int | None, int | None]) -> pa.Table:
    part, duration_us, num_bytes = zip(*rows, strict=True)
    return pa.table(
        {
            "part": pa.array(part, pa.int32()),
            "duration_us": pa.array(duration_us, pa.int64()),
            "num_bytes": pa.array(num_bytes, pa.int64()),
        }
    )


def test_a_part_is_as_big_as_its_sources_say_if_all_of_them_do():
    sizes = part_sizes(3, plan((0, 5_000_000, 10), (0, 7_000_000, None), (1, None, 4)))
    assert sizes == {
        "003-00000": PartSize(sources=2, seconds=12.0),
        "003-00001": PartSize(sources=1, num_bytes=4),
    }


def test_a_plan_that_is_not_written_is_measured_like_one_that_is():
    sources = [Source(source_id=f"s{n}", uri=f"toy://{n}", num_bytes=7) for n in range(3)]
    sizes = part_sizes(1, plan_table(sources))
    assert sum(size.num_bytes or 0 for size in sizes.values()) == 21


def test_fetched_files_say_how_many_bytes_a_part_has():
    sizes = {"001-00000": PartSize(sources=1), "001-00001": PartSize(sources=1)}
    learnt = learn_bytes(sizes, {"001-00000": commit("001-00000", 1.0, kept=5, video=1000)})
    assert [size.num_bytes for size in learnt.values()] == [1000, None]


@pytest.mark.parametrize(
    ("known", "by", "worker_s"),
    [
        ({"seconds": 2.0, "num_bytes": 3}, "seconds of video", 20.0),
        ({"num_bytes": 3}, "bytes", 30.0),
        ({}, "sources", 10.0),
    ],
)
def test_work_grows_with_the_best_measure_that_is_known(known, by, worker_s):
    done_known = dict.fromkeys(known, 1)
    sizes = {"a": PartSize(sources=1, **done_known), "b": PartSize(sources=1, **known)}
    found = estimate(["b"], {"a": commit("a", 10.0, kept=100)}, sizes, workers=4)
    assert found is not None
    assert (found.by, found.worker_s, found.parts) == (by, worker_s, 1)
    assert found.wall_s == worker_s  # one part has one worker
    assert found.num_bytes == 10 * worker_s


def test_workers_share_the_parts():
    sizes = {name: PartSize(sources=1) for name in "abcde"}
    done = {"a": commit("a", 6.0)}
    found = estimate(list("bcde"), done, sizes, workers=2)
    assert found is not None
    assert (found.worker_s, found.wall_s) == (24.0, 12.0)


def test_what_was_never_done_is_not_guessed():
    sizes = {"a": PartSize(sources=1)}
    assert estimate(["a"], {}, sizes, workers=1) is None


def test_a_measure_that_no_finished_part_has_is_passed_over():
    sizes = {"a": PartSize(sources=2, num_bytes=0), "b": PartSize(sources=1, num_bytes=9)}
    found = estimate(["b"], {"a": commit("a", 6.0)}, sizes, workers=1)
    assert found is not None
    assert (found.by, found.worker_s) == ("sources", 3.0)


def test_nothing_to_do_costs_nothing():
    found = estimate([], {"a": commit("a", 6.0)}, {"a": PartSize(sources=1)}, workers=1)
    assert found is not None
    assert (found.wall_s, found.num_bytes) == (0.0, 0)
