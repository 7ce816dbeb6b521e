"""What parts kept is read back from their commits."""

from dataclasses import replace
from pathlib import Path

import pytest
from interlink_toy_chains import ToyChain
from interlink_toys import source

from interlink.pipeline.parts.commit import KEPT_NAME, OUTCOMES_NAME, Commit
from interlink.pipeline.parts.kept import read_kept, read_outcomes, read_owners
from interlink.pipeline.parts.workspace import CommittedFile
from interlink.pipeline.storage.records_file import write_records
from interlink.pipeline.storage.store import Store
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


def test_the_source_of_each_kept_record_is_read_without_the_rest(tmp_path):
    run = ToyChain(tmp_path / "run", [source("a", times="2"), source("b")])
    owners: list[dict[str, str]] = []
    for report in run.go():
        owners.append({})
        for commit in report.commits:
            owners[-1] |= read_owners(run.store, commit)
    assert owners[0] == {"item-a": "a", "item-b": "b"}
    assert owners[2] == {"item-a-0": "a", "item-a-1": "a", "item-b-0": "b"}


def test_the_source_of_a_clip_is_that_of_its_video(run_plan, tmp_path):
    reports = run_plan(1, "a")
    run = Store(str(tmp_path / "run"))
    fetched, cut = (read_owners(run, report.commits[0]) for report in reports[:2])
    assert len(fetched) == 1
    assert len(cut) == 2
    assert set(cut.values()) == set(fetched.values())


def test_sources_are_their_own(store, tmp_path):
    commit = put(store, tmp_path, "001-00000", make_sources("x"))
    assert read_owners(store, commit) == {"x": "x"}
