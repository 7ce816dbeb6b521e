"""What parts kept is read back from their commits."""

from dataclasses import replace
from pathlib import Path

import pytest

from interlink.pipeline.commit import KEPT_NAME, OUTCOMES_NAME, Commit
from interlink.pipeline.kept import read_kept, read_outcomes
from interlink.pipeline.records_file import write_records
from interlink.pipeline.store import Store
from interlink.pipeline.workspace import CommittedFile
from interlink.schemas.outcome import Disposition, Outcome
from interlink.schemas.source import Source


def make_sources(*names: str) -> list[Source]:
    return [Source(source_id=name, uri=f"/{name}.mp4") for name in names]


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path / "run"))


def put(store: Store, scratch: Path, part: str, sources: list[Source]) -> Commit:
    """Commit a part that kept these sources."""
    outcomes = [
        Outcome(input_id=s.source_id, step="fetch", stage="fetch", disposition=Disposition.KEPT)
        for s in sources
    ]
    files = []
    for name, records, kind in ((KEPT_NAME, sources, Source), (OUTCOMES_NAME, outcomes, Outcome)):
        write_records(scratch / name, records, kind)
        path = f"steps/fetch/{part}/a/{name}"
        store.put_file(path, scratch / name)
        files.append(CommittedFile(path=path, num_bytes=0, sha256=""))
    return Commit(
        part=part,
        step="fetch",
        key="k",
        attempt="a",
        num_kept=len(sources),
        stages=(),
        files=tuple(files),
        wall_s=0.0,
    )


def test_records_come_in_the_order_of_the_parts(store, tmp_path):
    parts = [make_sources("b", "a"), [], make_sources("c")]
    commits = [put(store, tmp_path, f"001-{n:05d}", part) for n, part in enumerate(parts)]
    assert list(read_kept(store, commits, Source)) == make_sources("b", "a", "c")
    assert [outcome.input_id for outcome in read_outcomes(store, commits)] == ["b", "a", "c"]


def test_one_part_is_held_at_a_time(store, tmp_path):
    commits = [put(store, tmp_path, "001-00000", make_sources("a"))]
    missing = replace(commits[0], part="001-00001", files=())
    records = read_kept(store, [*commits, missing], Source)
    assert next(records).source_id == "a"
    with pytest.raises(FileNotFoundError, match=r"part 001-00001 in fetch has no kept\.parquet"):
        next(records)
