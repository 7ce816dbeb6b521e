"""Whether anything is left, in a dataset and in a run: every place is named."""

import shutil

import pytest

from interlink.pipeline.dataset.run_commits import current_folders
from interlink.pipeline.dataset.takedown.verify import Looked, left_in_dataset, left_in_run
from interlink.pipeline.dataset.versions import read_manifest, read_shards
from interlink.pipeline.publish.takedown import take_down
from interlink.schemas.denied import Denied
from interlink.schemas.errors import EnvironmentFault


@pytest.fixture
def stones(published, stone):
    document = published.documents["a"]
    return [stone("source", document.source.source_id), stone("video", document.video_id)]


def in_dataset(published, denied: Denied) -> list[str]:
    newest = read_manifest(published.dataset)
    found = left_in_dataset(published.dataset, newest, denied, Looked())
    names = (one.place.removeprefix(f"{published.dataset.url}/") for one in found)
    return sorted(name.split("/")[0] for name in names)


def in_run(published, denied: Denied) -> list[str]:
    found = left_in_run(published.run, denied, Looked())
    names = (one.place.removeprefix(f"{published.run.url}/") for one in found)
    return sorted({name.rsplit("/", 1)[-1] for name in names})


def test_before_a_takedown_every_place_is_named(published, stones):
    denied = Denied.of(stones)
    assert in_dataset(published, denied) == ["docs", "funnel"]
    assert in_run(published, denied) == [
        "001.parquet",
        "_done.json",
        "kept.parquet",
        "media.parquet",
        "outcomes.parquet",
    ]


def test_after_it_nothing_is_left_and_it_is_told_what_was_looked_into(published, stones):
    take_down(published.dataset, stones, runs=[published.run])
    denied, looked = Denied.of(read_manifest(published.dataset).tombstones), Looked()
    newest = read_manifest(published.dataset)
    assert list(left_in_dataset(published.dataset, newest, denied, looked)) == []
    assert list(left_in_run(published.run, denied, looked)) == []
    assert looked == Looked(
        num_shards=2, num_older_files=0, num_funnels=1, num_steps=5, num_parts=3, num_plans=1
    )


def test_looking_changes_nothing(published, stones):
    before, denied = published.files, Denied.of(stones)
    in_dataset(published, denied)
    in_run(published, denied)
    assert published.files == before


def test_an_old_file_that_came_back_is_found(published, stones, tmp_path):
    shutil.copytree(published.dataset.local_path("docs"), tmp_path / "docs")
    take_down(published.dataset, stones, runs=[published.run])
    shutil.copytree(tmp_path / "docs", published.dataset.local_path("docs"), dirs_exist_ok=True)
    assert in_dataset(published, Denied.of(stones)) == ["docs"]


def test_a_clip_file_of_no_document_is_found(published, stones):
    newest = read_manifest(published.dataset)
    first, second, _ = read_shards(published.dataset, newest)
    published.dataset.put(first.media_path, published.dataset.read(second.media_path))
    found = left_in_dataset(published.dataset, newest, Denied.of(stones), Looked())
    assert "2 clip files of no document" in {one.what for one in found}


def test_an_attempt_and_scratch_that_may_hold_it_are_found(published, stones):
    take_down(published.dataset, stones, runs=[published.run])
    folder = current_folders(published.run)[0]
    for part in published.run.names(folder):
        published.run.put(f"{folder}/{part}/0123456789ab/kept.parquet", b"half")
    published.run.local_path("scratch/ba9876543210").mkdir(parents=True)
    assert in_run(published, Denied.of(stones)) == ["0123456789ab", "ba9876543210"]


def test_what_cannot_be_looked_into_is_no_proof(published, stones):
    take_down(published.dataset, stones)
    for name in published.dataset.names("docs"):
        published.dataset.put(f"docs/{name}", b"no Parquet")
    with pytest.raises(EnvironmentFault, match="cannot look into the shard"):
        in_dataset(published, Denied.of(stones))


def test_what_a_killed_process_left_half_written_is_found_and_goes(published, stones):
    """A takedown of one that may hold anything does not ask what is in it."""
    take_down(published.dataset, stones, runs=[published.run])
    folder = current_folders(published.run)[0]
    name = f".x.parquet.{'0' * 32}.tmp"
    published.run.put(f"plans/{name}", b"half")
    for part in published.run.names(folder):
        published.run.put(f"{folder}/{part}/{name}", b"half")
    published.dataset.put(f"funnel/{name}", b"half")
    denied = Denied.of(stones)
    assert in_dataset(published, denied) == ["funnel"]
    assert in_run(published, denied) == [name]
    take_down(published.dataset, [], runs=[published.run])
    assert in_dataset(published, denied) == in_run(published, denied) == []
