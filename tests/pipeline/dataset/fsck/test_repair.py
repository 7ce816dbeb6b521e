"""What can be mended is: a dataset from its run, a run by withdrawing what must be done again."""

import pytest

from interlink.pipeline.dataset.fsck.dataset import check_dataset
from interlink.pipeline.dataset.fsck.repair import restore_files, withdraw_parts
from interlink.pipeline.dataset.fsck.run import check_run
from interlink.pipeline.dataset.run_commits import current_folders
from interlink.pipeline.dataset.versions import manifest_path, read_manifest, read_shards
from interlink.pipeline.parts.commit import DONE_NAME, KEPT_NAME, read_commit
from interlink.pipeline.publish.takedown import take_down


def break_file(store, path: str) -> None:
    data = bytearray(store.read(path))
    data[len(data) // 2] ^= 1
    store.put(path, bytes(data))  # a file of its own: no link of it changes


def test_files_of_a_dataset_come_back_from_the_run_with_their_very_bytes(published):
    first, second, _ = read_shards(published.dataset, read_manifest(published.dataset))
    before = published.files
    break_file(published.dataset, first.docs_path)
    published.dataset.remove(second.media_path)
    findings = list(check_dataset(published.dataset, deep=True))
    repairs = list(restore_files(published.dataset, findings, [published.run]))
    assert [repair.path for repair in repairs] == [first.docs_path, second.media_path]
    assert all("restored from" in repair.what for repair in repairs)
    assert published.files == before


@pytest.mark.parametrize("is_list", [False, True])
def test_a_version_that_cannot_be_read_keeps_no_file_from_coming_back(published, stone, is_list):
    before = read_manifest(published.dataset)
    take_down(published.dataset, [stone("video", published.documents["a"].video_id)])
    shards = list(read_shards(published.dataset, read_manifest(published.dataset)))
    torn = before.shard_lists[0].path if is_list else manifest_path(1)
    published.dataset.put(torn, b"{")
    break_file(published.dataset, shards[0].docs_path)
    findings = list(check_dataset(published.dataset, deep=True))
    assert {torn, shards[0].docs_path} <= {one.path for one in findings}
    [repair] = restore_files(published.dataset, findings, [published.run])
    assert repair.path == shards[0].docs_path


def test_what_the_run_has_lost_too_stays_broken(published):
    [first, *_] = read_shards(published.dataset, read_manifest(published.dataset))
    break_file(published.dataset, first.docs_path)
    folder = current_folders(published.run)[-1]
    break_file(published.run, read_commit(published.run, folder, first.part).file(KEPT_NAME).path)
    findings = list(check_dataset(published.dataset, deep=True))
    assert list(restore_files(published.dataset, findings, [published.run])) == []
    assert list(restore_files(published.dataset, findings, [])) == []


@pytest.mark.parametrize(("step", "withdrawn"), [(0, 3), (1, 2), (2, 1)])
def test_a_damaged_part_is_withdrawn_with_the_steps_after_it(published, step, withdrawn):
    folders = current_folders(published.run)
    part = next(c.part for c in published.reports[-1].commits if c.num_kept)
    break_file(published.run, read_commit(published.run, folders[step], part).file(KEPT_NAME).path)
    findings = list(check_run(published.run, deep=True))
    repairs = list(withdraw_parts(published.run, findings))
    expected = [f"{folder}/{part}" for folder in folders[step:]][::-1]
    assert [repair.path for repair in repairs] == expected
    assert len(expected) == withdrawn
    left = [read_commit(published.run, folder, part) is not None for folder in folders]
    assert left == [True] * step + [False] * withdrawn
    others = [c.part for c in published.reports[-1].commits if c.part != part]
    assert all(read_commit(published.run, folders[0], other) for other in others)


def test_a_torn_commit_is_withdrawn(published):
    folder = current_folders(published.run)[-1]
    part = published.run.names(folder)[0]
    published.run.put(f"{folder}/{part}/{DONE_NAME}", b"{")
    findings = list(check_run(published.run))
    [repair] = withdraw_parts(published.run, findings)
    assert repair.path == f"{folder}/{part}"
    assert not published.run.is_folder(f"{folder}/{part}")


def test_steps_of_an_earlier_recipe_that_refer_to_it_are_withdrawn_too(published):
    fetch, cut, assemble = current_folders(published.run)
    part = next(c.part for c in published.reports[-1].commits if c.num_kept)
    published.begin(fetch)
    attempt = read_commit(published.run, fetch, part).attempt
    kept = read_commit(published.run, fetch, part).file(KEPT_NAME).path
    assert attempt in kept
    break_file(published.run, kept)
    findings = list(check_run(published.run, deep=True))
    paths = [repair.path for repair in withdraw_parts(published.run, findings)]
    # The toy clips refer to files of no committed step, so that nothing of theirs is lost.
    assert paths == [f"{fetch}/{part}"]
    assert read_commit(published.run, cut, part) is not None
    assert read_commit(published.run, assemble, part) is not None


def test_a_freed_plan_is_not_withdrawn(published):
    folder = current_folders(published.run)[-1]
    part = published.run.names(folder)[0]
    published.run.put(f"{folder}/{part}/{DONE_NAME}", b"{")
    published.run.put("freed/001.json", b"{}")
    assert list(withdraw_parts(published.run, list(check_run(published.run)))) == []
