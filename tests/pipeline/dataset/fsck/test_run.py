"""A run held against its commits."""

import io
import json

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.dataset.fsck.finding import Fault
from interlink.pipeline.dataset.fsck.run import check_run
from interlink.pipeline.dataset.run_commits import current_folders
from interlink.pipeline.dataset.run_strays import planned_parts
from interlink.pipeline.parts.commit import DONE_NAME, KEPT_NAME, read_commit
from interlink.pipeline.parts.stop_note import STOP_PREFIX, stop_step
from interlink.pipeline.publish.takedown import take_down
from interlink.pipeline.storage.disk_guard import PauseNote
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import UsageError


@pytest.fixture
def last(published):
    """Folder and commit of a part of the last step that has documents and media."""
    folder = current_folders(published.run)[-1]
    commits = (read_commit(published.run, folder, p) for p in published.run.names(folder))
    return folder, next(commit for commit in commits if commit.num_kept)


def found(published, *, deep: bool = False) -> list[tuple[Fault, str]]:
    ours = [f for f in check_run(published.run, deep=deep) if "steps/test" not in f.path]
    return [(one.fault, one.path) for one in ours if "steps/scan" not in one.path]


def test_a_finished_run_is_sound(published):
    assert found(published) == []
    assert found(published, deep=True) == []


def test_files_that_are_lost_cut_or_changed_are_told(published, last):
    _, commit = last
    kept, media = commit.file(KEPT_NAME).path, commit.file("media.parquet").path
    published.run.remove(media)
    assert found(published) == [(Fault.MISSING, media)]
    data = bytearray(published.run.read(kept))
    data[len(data) // 2] ^= 1
    published.run.put(kept, bytes(data))
    assert (Fault.BYTES, kept) not in found(published)
    assert (Fault.BYTES, kept) in found(published, deep=True)
    published.run.put(kept, bytes(data[:-5]))
    assert (Fault.SIZE, kept) in found(published)


def test_a_commit_that_is_torn_is_told(published, last):
    folder, commit = last
    done = f"{folder}/{commit.part}/{DONE_NAME}"
    published.run.put(done, published.run.read(done)[:20])
    assert found(published) == [(Fault.BYTES, done)]


def test_a_commit_that_says_other_numbers_is_told(published, last):
    folder, commit = last
    done = f"{folder}/{commit.part}/{DONE_NAME}"
    row = json.loads(published.run.read(done)) | {"num_kept": 7}
    published.run.put(done, json.dumps(row).encode())
    assert found(published) == []
    [finding] = [f for f in check_run(published.run, deep=True) if f.fault is Fault.CONTENT]
    assert finding.what == "has 1 records, 7 were committed"


def test_strays_are_told_and_are_no_damage(published, last):
    folder, commit = last
    own = f"{folder}/{commit.part}/{commit.attempt}/extra.parquet"
    attempt = f"{folder}/{commit.part}/0123456789ab"
    published.run.put(own, b"x")
    published.run.put(f"{attempt}/kept.parquet", b"half")
    published.run.put(f"{folder}/009-00000/{DONE_NAME}", b"{}")
    assert sorted(found(published)) == sorted(
        [(Fault.STRAY, own), (Fault.STRAY, attempt), (Fault.STRAY, f"{folder}/009-00000")]
    )


def test_notes_of_who_waits_and_why_it_stopped_are_no_strays(published, last):
    folder, _ = last
    PauseNote(published.run, folder)("no room")
    stop_step(published.run, f"{folder}/{STOP_PREFIX}001.json", UsageError("enough"))
    assert found(published) == []


def test_parts_of_a_plan_that_cannot_be_read_are_no_strays(published, last):
    folder, _ = last
    published.run.put("plans/001.parquet", b"no Parquet")
    published.run.put(f"{folder}/009-00000/{DONE_NAME}", b"{}")
    assert found(published) == [
        (Fault.BYTES, "plans/001.parquet"),
        (Fault.STRAY, f"{folder}/009-00000"),
    ]


def test_a_run_from_which_something_was_taken_down_is_sound(published, stone):
    stones = [
        stone("source", published.documents["a"].source.source_id),
        stone("clip", published.documents["b"].clips[0], published.documents["b"].video_id),
    ]
    take_down(published.dataset, stones, runs=[published.run])
    assert found(published, deep=True) == []


def test_files_that_were_freed_are_not_missed(published, last):
    _, commit = last
    published.run.remove(commit.file("media.parquet").path)
    published.run.put("freed/001.json", b"{}")
    assert found(published, deep=True) == []


def test_a_plan_that_cannot_be_read_is_told(published):
    published.run.put("plans/002.parquet", b"no Parquet")
    assert (Fault.BYTES, "plans/002.parquet") in found(published)


@pytest.mark.parametrize("is_written_anew", [False, True])
def test_a_flipped_bit_in_an_address_of_a_plan_is_found_by_reading_all(
    published, stone, is_written_anew
):
    if is_written_anew:
        gone = stone("source", published.documents["a"].source.source_id)
        take_down(published.dataset, [gone], runs=[published.run])
    whole = published.run.read("plans/001.parquet")
    group = pq.read_metadata(io.BytesIO(whole)).row_group(0)
    uri = next(c for c in map(group.column, range(99)) if c.path_in_schema == "uri")
    start, end = uri.dictionary_page_offset, uri.data_page_offset
    for place in range((start + end) // 2, end):  # not in the page's header, which has no checksum
        flipped = bytearray(whole)
        flipped[place] ^= 1
        published.run.put("plans/001.parquet", bytes(flipped))
        assert planned_parts(published.run, deep=True).unread.keys() == {1}
    assert found(published) == []
    assert found(published, deep=True) == [(Fault.BYTES, "plans/001.parquet")]


def test_a_folder_without_a_plan_is_no_run(tmp_path):
    with pytest.raises(UsageError, match="there is no plan in"):
        list(check_run(Store(str(tmp_path))))
