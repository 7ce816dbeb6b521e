"""Shards without what was taken down, and old files, which go with it."""

import shutil

import pytest

from interlink.pipeline.dataset.takedown.shards import (
    clean_lists,
    part_of,
    remove_stale_files,
    stale_files,
)
from interlink.pipeline.dataset.versions import read_list, read_manifest
from interlink.pipeline.publish.takedown import take_down
from interlink.schemas.denied import Denied
from interlink.schemas.errors import EnvironmentFault


def shards_of(dataset, lists) -> dict:
    return {shard.part: shard for listed in lists for shard in read_list(dataset, listed)}


def test_only_affected_shards_are_written_again_and_an_empty_one_goes(published):
    before = read_manifest(published.dataset)
    first = shards_of(published.dataset, before.shard_lists)
    document = published.documents["a"]
    clip = published.documents["b"].clips[0]
    denied = Denied(
        videos=frozenset({document.video_id}),
        clips=frozenset({clip.clip_id}),
    )
    cleaned = clean_lists(published.dataset, before, denied)
    after = shards_of(published.dataset, cleaned.lists)
    assert (cleaned.num_rewritten, cleaned.num_emptied, cleaned.num_documents) == (1, 1, 1)
    assert len(after) == len(first) - 1
    same = [part for part in after if after[part] == first[part]]
    assert len(same) == 1
    assert clean_lists(published.dataset, before, denied) == cleaned


def test_without_any_of_it_the_lists_stay_as_they_are(published):
    before = read_manifest(published.dataset)
    denied = Denied(videos=frozenset({"another"}))
    assert clean_lists(published.dataset, before, denied).lists == before.shard_lists


def test_files_of_older_versions_go_too_and_it_is_said_which_versions_that_breaks(
    published, stone, tmp_path
):
    document = published.documents["a"]
    kept = tmp_path / "kept"
    shutil.copytree(published.dataset.local_path(""), kept)
    done = take_down(published.dataset, [stone("video", document.video_id)])
    assert [path.partition("/")[0] for path in done.removed.paths] == ["media", "docs"]
    assert done.removed.versions == (1,)
    # Whatever brings an old file back, such as a copy of a backup, is taken for what it is.
    shutil.copytree(kept, published.dataset.local_path(""), dirs_exist_ok=True)
    newest = read_manifest(published.dataset)
    denied = Denied.of(newest.tombstones)
    assert set(stale_files(published.dataset, newest, denied)) == set(done.removed.paths)
    remove_stale_files(published.dataset, newest, denied)
    assert stale_files(published.dataset, newest, denied) == []


def test_strays_of_a_part_that_held_it_go_with_it_and_others_stay(published, stone):
    document = published.documents["a"]
    manifest = read_manifest(published.dataset)
    shards = shards_of(published.dataset, manifest.shard_lists)
    [gone] = [s for s in shards.values() if s.min_document_id == document.document_id]
    other = next(shard for shard in shards.values() if shard is not gone)
    for part in (gone.part, other.part):
        published.dataset.put(f"media/{part}-00000000.parquet", b"of a publication that died")
        published.dataset.put(f"media/.{part}-1.parquet.{'0' * 32}.tmp", b"half")
    done = take_down(published.dataset, [stone("video", document.video_id)])
    assert {part_of(path) for path in done.removed.paths} == {gone.part}
    assert len(done.removed.paths) == 4
    assert published.dataset.exists(f"media/{other.part}-00000000.parquet")


def test_an_old_file_that_nobody_can_read_is_not_kept(published, stone, caplog):
    published.dataset.put("docs/001-00099-00000000.parquet", b"no Parquet")
    done = take_down(published.dataset, [stone("video", "another")])
    assert done.removed.paths == ("docs/001-00099-00000000.parquet",)
    assert "goes, as nobody can tell what is in it" in caplog.text


def test_a_lost_file_of_the_newest_version_stops_it(published, stone):
    manifest = read_manifest(published.dataset)
    first = next(iter(shards_of(published.dataset, manifest.shard_lists).values()))
    published.dataset.remove(first.docs_path)
    with pytest.raises(EnvironmentFault, match=r"cannot look into the shard of part .*fsck"):
        take_down(published.dataset, [stone("video", "another")])


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("docs/001-00042-0123abcd.parquet", "001-00042"),
        ("docs/.001-00042-0123abcd.parquet.ff.tmp", "001-00042"),
        ("docs/1234-123456-0123abcd.parquet", "1234-123456"),
        ("docs/other.parquet", None),
    ],
)
def test_the_name_of_a_file_tells_its_part(path, part):
    assert part_of(path) == part
