"""What nothing needs goes: strays, old versions if asked, attempts that are dead; no more."""

import dataclasses
import json
import os
import socket
import time

import psutil
import pytest

from interlink.pipeline.dataset.fsck.dataset import check_dataset
from interlink.pipeline.dataset.fsck.run import check_run
from interlink.pipeline.dataset.gc import (
    dataset_garbage,
    remove_dataset_garbage,
    remove_garbage,
    run_garbage,
)
from interlink.pipeline.dataset.run_commits import commits_of, current_folders
from interlink.pipeline.dataset.version_files import VersionFiles
from interlink.pipeline.dataset.versions import manifest_path, manifest_versions, read_manifest
from interlink.pipeline.parts.attempt_notes import BEGUN_NAME, Note
from interlink.pipeline.parts.stop_note import STOP_PREFIX, stop_step
from interlink.pipeline.publish.takedown import take_down
from interlink.pipeline.storage.disk_guard import PAUSE_PREFIX, PauseNote
from interlink.pipeline.storage.scratch import ScratchFolder
from interlink.schemas.errors import EnvironmentFault

TEMPORARY = f".x.parquet.{'0' * 32}.tmp"


@pytest.fixture(autouse=True)
def _tidy(published):
    """The toy run keeps frames and clip files beside its committed steps."""
    for name in ("scan", "test"):
        published.run.remove(f"steps/{name}")


def places(found) -> list[str]:
    return [one.place for one in found]


def collect(published, **options) -> list[str]:
    options = {"older_than_s": -60.0} | options
    found = list(dataset_garbage(published.dataset, **options))
    limit_s = options["older_than_s"]
    return places(remove_dataset_garbage(published.dataset, found, older_than_s=limit_s))


def test_a_dataset_that_is_in_order_has_nothing_to_remove(published):
    before = published.files
    assert collect(published) == []
    assert list(run_garbage(published.run, older_than_s=-60.0)) == []
    assert published.files == before


def test_files_that_no_version_names_go_once_they_are_old_enough(published):
    stray = "docs/009-00000-00000000.parquet"
    for path in (stray, f"docs/{TEMPORARY}", f"funnel/{TEMPORARY}", f".probe-{'0' * 32}"):
        published.dataset.put(path, b"x")
    assert collect(published, older_than_s=3600.0) == []
    assert sorted(collect(published)) == sorted(
        [stray, f"docs/{TEMPORARY}", f"funnel/{TEMPORARY}", f".probe-{'0' * 32}"]
    )
    assert list(check_dataset(published.dataset)) == []


def test_old_versions_go_only_if_asked_the_manifest_first(published, stone):
    take_down(published.dataset, [stone("video", published.documents["a"].video_id)])
    assert collect(published) == []
    removed = collect(published, keep_versions=1)
    assert removed[0] == "_manifest/v000001.json"
    assert all(path.startswith("_manifest/files-") for path in removed[1:])
    assert manifest_versions(published.dataset) == [2]
    assert list(check_dataset(published.dataset, deep=True)) == []
    assert collect(published, keep_versions=1) == []


def put_version(published, number: int, **changes) -> None:
    """Commit the first version once more, under another number."""
    first = read_manifest(published.dataset, 1)
    made = dataclasses.replace(first, version=number, **changes)
    published.dataset.put(manifest_path(number), made.to_json())


def test_what_only_dropped_versions_name_goes_once_it_is_old_enough(published):
    put_version(published, 2, shard_lists=())
    assert collect(published, keep_versions=1, older_than_s=3600.0) == ["_manifest/v000001.json"]
    removed = collect(published)
    assert [path.split("/")[0] for path in removed] == ["_manifest"] + ["docs"] * 3 + ["media"] * 3


def test_what_a_run_has_named_again_since_the_look_stays(published):
    put_version(published, 2, shard_lists=())
    again = read_manifest(published.dataset, 1)
    found = list(dataset_garbage(published.dataset, older_than_s=-60.0, keep_versions=1))
    assert len(found) == 8
    made = dataclasses.replace(again, version=3)
    published.dataset.put(manifest_path(3), made.to_json())
    removed = remove_dataset_garbage(published.dataset, found, older_than_s=-60.0)
    assert places(removed) == ["_manifest/v000001.json"]
    assert list(check_dataset(published.dataset, deep=True)) == []


def test_what_a_run_that_publishes_has_found_is_young_again(published):
    shards = list(VersionFiles(published.dataset).shards(read_manifest(published.dataset)))
    put_version(published, 2, shard_lists=(), content_digest="0" * 64)
    found = list(dataset_garbage(published.dataset, older_than_s=-60.0, keep_versions=1))
    assert len(found) == 8
    time.sleep(0.2)
    begun = time.time() - 0.1
    published.publish()
    published.dataset.remove(manifest_path(3))  # it has not come to its commit yet
    age_s = time.time() - begun
    removed = remove_dataset_garbage(published.dataset, found, older_than_s=age_s)
    assert not {shard.docs_path for shard in shards} & set(places(removed))
    assert all(published.dataset.exists(shard.media_path) for shard in shards)


def test_a_version_that_cannot_be_read_stops_it(published):
    published.dataset.put("_manifest/v000002.json", b"{")
    with pytest.raises(EnvironmentFault, match="nobody knows what this version needs"):
        collect(published)


def test_dead_attempts_scratch_and_half_written_files_of_a_run_go(published, monkeypatch):
    folder = current_folders(published.run)[0]
    dead = f"{folder}/001-00000/0123456789ab"
    scratch = published.run.local_path("scratch/ba9876543210")
    published.run.put(f"{dead}/kept.parquet", b"half")
    published.run.put(f"plans/{TEMPORARY}", b"half")
    scratch.mkdir(parents=True)
    assert dead not in places(run_garbage(published.run, older_than_s=-60.0)), "it may be beginning"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 60)
    found = list(run_garbage(published.run, older_than_s=30.0))
    assert sorted(places(found)) == sorted([dead, f"plans/{TEMPORARY}", str(scratch)])
    assert list(run_garbage(published.run, older_than_s=3600.0)) == []
    remove_garbage(published.run, found)
    assert list(run_garbage(published.run, older_than_s=-60.0)) == []
    assert list(check_run(published.run, deep=True)) == []


def test_the_note_of_an_attempt_that_was_killed_after_its_commit_goes(published):
    folder = current_folders(published.run)[0]
    [commit, *_] = commits_of(published.run, folder)
    note = f"{folder}/{commit.part}/{commit.attempt}/{BEGUN_NAME}"
    published.run.put(note, b"{}")
    published.run.put(f"keys/{TEMPORARY}", b"half")
    found = list(run_garbage(published.run, older_than_s=-60.0))
    assert sorted(places(found)) == sorted([note, f"keys/{TEMPORARY}"])
    remove_garbage(published.run, found)
    assert list(check_run(published.run, deep=True)) == []


def test_what_fsck_takes_for_strays_of_a_run_goes_once_it_is_old_enough(published, monkeypatch):
    folder = current_folders(published.run)[0]
    [commit, *_] = commits_of(published.run, folder)
    part = f"{folder}/{commit.part}"
    published.run.put(f"{part}/{commit.attempt}/extra.parquet", b"x")
    published.run.put(f"{part}/0123456789ab/kept.parquet", b"half")
    published.run.put(f"{folder}/009-00000/0123456789ab/kept.parquet", b"x")
    published.run.put(f"{folder}/notes.txt", b"x")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 60)
    strays = {one.path for one in check_run(published.run, deep=True)}
    assert len(strays) == 4
    assert list(run_garbage(published.run, older_than_s=3600.0)) == []
    found = list(run_garbage(published.run, older_than_s=30.0))
    assert sorted(places(found)) == sorted(strays)
    remove_garbage(published.run, found)
    assert list(check_run(published.run, deep=True)) == []


def test_parts_of_a_plan_that_cannot_be_read_stay(published):
    published.run.put("plans/001.parquet", b"no Parquet")
    assert list(run_garbage(published.run, older_than_s=-60.0)) == []


def test_a_live_attempt_at_a_part_without_a_plan_stays(published):
    folder = current_folders(published.run)[0]
    begin_attempt(published, f"{folder}/009-00000/0123456789ab")
    assert list(run_garbage(published.run, older_than_s=-60.0)) == []


def test_notes_of_workers_that_wait_no_more_go_and_others_stay(published):
    folder = current_folders(published.run)[0]
    PauseNote(published.run, folder)("no room")
    [path] = [f"{folder}/{n}" for n in published.run.names(folder) if n.startswith(PAUSE_PREFIX)]
    assert list(run_garbage(published.run, older_than_s=-60.0)) == []
    note = json.loads(published.run.read(path)) | {"until": "2026-01-01T00:00:00+00:00"}
    published.run.put(path, json.dumps(note).encode())
    stop = f"{folder}/{STOP_PREFIX}001.json"
    stop_step(published.run, stop, EnvironmentFault("enough"))
    assert set(places(run_garbage(published.run, older_than_s=-60.0))) == {path, stop}
    assert list(run_garbage(published.run, older_than_s=3600.0)) == []


def begin_attempt(published, folder: str) -> None:
    """Leave the note of an attempt of this process."""
    note = Note(
        attempt="0123456789ab",
        host=socket.gethostname(),
        pid=os.getpid(),
        process_started_s=psutil.Process().create_time(),
        at="2026-01-01T00:00:00+00:00",
        is_marking=False,
    )
    published.run.put(f"{folder}/{BEGUN_NAME}", note.to_json())


def test_a_live_attempt_is_never_touched(published):
    folder = current_folders(published.run)[0]
    live = f"{folder}/001-00000/0123456789ab"
    begin_attempt(published, live)
    scratch = ScratchFolder(published.run.local_path("scratch/0123456789ab"))
    published.begin("steps/other-0")
    found = places(run_garbage(published.run, older_than_s=-60.0, with_steps=True))
    scratch.close()
    assert folder not in found
    assert len(found) == 2, "the other two steps"


def test_steps_of_earlier_recipes_go_only_if_asked(published):
    fetch, cut, assemble = current_folders(published.run)
    published.begin(fetch)
    assert list(run_garbage(published.run, older_than_s=-60.0)) == []
    found = list(run_garbage(published.run, older_than_s=-60.0, with_steps=True))
    assert sorted(places(found)) == sorted([cut, assemble])
    remove_garbage(published.run, found)
    assert list(check_run(published.run, deep=True)) == []
