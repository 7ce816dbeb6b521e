"""A takedown from end to end, on a run of toy videos: version, tombstones, card."""

import pytest

from interlink.pipeline.dataset.takedown.verify import Looked
from interlink.pipeline.dataset.versions import manifest_path, newest_manifest, read_manifest
from interlink.pipeline.publish.plan import publish_plan
from interlink.pipeline.publish.takedown import take_down
from interlink.pipeline.publish.takedown_verify import find_left
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault, UsageError


def test_a_version_follows_that_names_what_was_taken_down(published, stone):
    before = read_manifest(published.dataset)
    document = published.documents["a"]
    done = take_down(published.dataset, [stone("video", document.video_id)], runs=[published.run])
    after = read_manifest(published.dataset)
    assert done.is_new
    assert done.manifest == after
    assert (after.version, after.parents) == (2, (1,))
    assert [(s.kind.value, s.id, s.version) for s in after.tombstones] == [
        ("video", document.video_id, 2)
    ]
    assert after.content_digest != before.content_digest
    assert after.views == before.views
    assert "Taken out on request: 1" in published.dataset.read("README.md").decode()


def test_doing_it_again_makes_no_version_and_changes_no_byte(published, stone):
    stones = [stone("video", published.documents["a"].video_id)]
    take_down(published.dataset, stones, runs=[published.run])
    before = published.files
    again = take_down(published.dataset, stones, runs=[published.run])
    assert not again.is_new
    assert published.files == before


def test_without_anything_new_it_finishes_what_earlier_tombstones_ask_for(published, stone):
    document = published.documents["a"]
    stones = [stone("source", document.source.source_id), stone("video", document.video_id)]
    take_down(published.dataset, stones)
    done = take_down(published.dataset, [], runs=[published.run])
    assert not done.is_new
    assert len(done.runs[0].parts) == 3


@pytest.mark.parametrize("is_list", [False, True])
def test_an_old_version_that_cannot_be_read_stops_it_before_anything_is_changed(
    published, stone, is_list
):
    first = read_manifest(published.dataset)
    take_down(published.dataset, [stone("video", published.documents["a"].video_id)])
    torn = first.shard_lists[0].path if is_list else manifest_path(1)
    published.dataset.put(torn, b"{")
    before, stones = published.files, [stone("video", published.documents["b"].video_id)]
    with pytest.raises(EnvironmentFault, match=rf"{torn} .*see `interlink fsck "):
        take_down(published.dataset, stones, runs=[published.run])
    assert published.files == before
    published.dataset.remove(torn)
    done = take_down(published.dataset, stones, runs=[published.run])
    assert set(published.documents) == {"c"}
    left = find_left(published.dataset, done.manifest, Looked(), runs=[published.run])
    assert [one for one in left if "/dataset/" in one.place] == []


def test_what_is_nowhere_is_blocked_and_the_content_stays(published, stone):
    before = read_manifest(published.dataset)
    done = take_down(published.dataset, [stone("source", "unknown")])
    assert done.manifest.content_digest == before.content_digest
    assert done.manifest.shard_lists == before.shard_lists
    assert len(done.manifest.tombstones) == 1


def test_two_takedowns_at_once_both_count(published, stone, monkeypatch):
    real, raced = Store.put_if_absent, []

    def put(store: Store, path: str, data: bytes) -> bool:
        if not raced:
            raced.append(path)
            take_down(published.dataset, [stone("video", published.documents["b"].video_id)])
        return real(store, path, data)

    monkeypatch.setattr(Store, "put_if_absent", put)
    take_down(published.dataset, [stone("video", published.documents["a"].video_id)])
    assert read_manifest(published.dataset).version == 3
    assert set(published.documents) == {"c"}
    assert len(read_manifest(published.dataset).tombstones) == 2


def test_a_run_that_has_not_published_yet_gets_a_first_version_without_documents(
    run, recipe, run_plan, stone
):
    reports = run_plan(1, "a", "b")
    dataset = Store(recipe.dataset_url)
    assert newest_manifest(dataset) is None
    with pytest.raises(UsageError, match=r"there is no dataset at .*name its run with --run"):
        take_down(dataset, [stone("source", "s")])
    take_down(dataset, [stone("source", "s")], runs=[run])
    assert read_manifest(dataset).num_documents == 0
    published = publish_plan(run, recipe, 1, reports).manifest
    assert (published.version, published.num_documents) == (2, 2)
    assert [one.id for one in published.tombstones] == ["s"]


def test_on_a_remote_store_it_is_the_same(published, stone, tmp_path):
    far = f"memory://{tmp_path.name}"
    for path, content in published.files.items():
        Store(far).put(path, content)
    document = published.documents["a"]
    stones = [stone("source", document.source.source_id), stone("video", document.video_id)]
    dataset, run = Store(f"{far}/dataset"), Store(far)
    here = take_down(published.dataset, stones, runs=[published.run])
    there = take_down(dataset, stones, runs=[run])
    assert there.manifest.content_digest == here.manifest.content_digest
    assert there.removed == here.removed
    left = find_left(dataset, there.manifest, Looked(), runs=[run])
    assert list(left) == []
    assert not take_down(dataset, stones, runs=[run]).is_new
