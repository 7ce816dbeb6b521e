"""What a finished part says of itself."""

import pytest

from interlink.pipeline.parts.commit import (
    DONE_NAME,
    Commit,
    StageCounts,
    TornCommitError,
    read_commit,
)
from interlink.pipeline.parts.workspace import CommittedFile
from interlink.pipeline.storage.store import Store

COMMIT = Commit(
    part="001-00000",
    step="scan",
    key="k",
    attempt="a",
    num_kept=2,
    stages=(StageCounts(stage="scan", kept=2, rejected=1, failed=1, deferred=1, outputs=2),),
    files=(CommittedFile(path="steps/s/p/a/kept.parquet", num_bytes=3, sha256="0"),),
    wall_s=0.5,
)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def test_a_commit_is_read_as_it_was_written(store):
    assert read_commit(store, "steps/s", COMMIT.part) is None
    store.put_if_absent(f"steps/s/{COMMIT.part}/{DONE_NAME}", COMMIT.to_json())
    assert read_commit(store, "steps/s", COMMIT.part) == COMMIT


def test_files_are_found_by_name():
    assert COMMIT.file("kept.parquet") == COMMIT.files[0]
    assert COMMIT.file("pt.parquet") is None
    assert COMMIT.file("media.parquet") is None


def test_planned_is_the_sum_of_all_fates():
    assert COMMIT.stages[0].planned == 5
    assert StageCounts(stage="s", quarantined=1).planned == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}"])
def test_a_torn_commit_is_told_with_what_to_do(store, content):
    store.put(f"steps/s/001-00000/{DONE_NAME}", content)
    told = r"s/001-00000/_done\.json cannot be read .*`interlink fsck .* --repair`"
    with pytest.raises(TornCommitError, match=told):
        read_commit(store, "steps/s", "001-00000")
