"""The proof of a takedown looks into everything that there is."""

from dataclasses import replace

from interlink.pipeline.dataset.takedown.verify import Looked
from interlink.pipeline.dataset.versions import manifest_path, read_manifest
from interlink.pipeline.publish.takedown import take_down
from interlink.pipeline.publish.takedown_verify import find_left


def test_nothing_is_left_after_a_takedown(published, stone):
    stones = [
        stone("source", published.documents["a"].source.source_id),
        stone("video", published.documents["a"].video_id),
    ]
    done = take_down(published.dataset, stones, runs=[published.run])
    looked = Looked()
    left = find_left(published.dataset, done.manifest, looked, runs=[published.run])
    assert list(left) == []
    assert (looked.num_shards, looked.num_plans) == (2, 1)


def test_tombstones_that_were_only_written_down_are_found_out(published, stone):
    """Somebody has put a version with a tombstone by hand, and removed nothing."""
    before = read_manifest(published.dataset)
    stones = (stone("video", published.documents["a"].video_id),)
    after = replace(before, version=2, tombstones=stones)
    published.dataset.put(manifest_path(2), after.to_json())
    left = list(find_left(published.dataset, after, Looked()))
    assert {one.what for one in left} == {
        "a document of the newest version",
        "a row tells more than that it is gone",
    }
