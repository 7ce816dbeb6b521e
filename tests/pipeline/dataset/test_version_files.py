"""Which files versions name: lists, shards, audits, and the manifest itself."""

from interlink.pipeline.dataset.version_files import VersionFiles
from interlink.pipeline.publish.takedown import take_down


def test_a_version_names_its_manifest_its_lists_and_its_shards(published):
    files = VersionFiles(published.dataset)
    [manifest] = files.manifests()
    named = files.paths(manifest)
    there = {
        path.removeprefix("dataset/")
        for path in published.files
        if path.startswith(("dataset/docs", "dataset/media", "dataset/_manifest"))
    }
    assert named == there
    assert files.shard_paths(manifest) == {p for p in named if not p.startswith("_manifest")}


def test_a_list_that_is_lost_names_nothing(published, stone):
    take_down(published.dataset, [stone("video", published.documents["a"].video_id)])
    files = VersionFiles(published.dataset)
    first, second = files.manifests()
    published.dataset.remove(first.shard_lists[0].path)
    assert list(files.shards(first)) == []
    assert len(list(files.shards(second))) == 2
