"""What differs between two versions: rows, whatever their files are."""

import itertools

import pytest

from interlink.pipeline.dataset.diff import Changes, diff_versions
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.publish.takedown import take_down
from interlink.pipeline.storage.store import Store


@pytest.fixture
def sides(audited):
    """Two datasets: `sides(first_parts, second_parts)` compares them."""

    names = (f"dataset-{number}" for number in itertools.count())

    def compare(*parts):
        stores = [Store(audited.write(*of_one, name=next(names))) for of_one in parts]
        return diff_versions(*((store, read_manifest(store)) for store in stores))

    return compare


def test_equal_bytes_are_told_from_equal_rows(audited, sides):
    a, b, c = audited.documents(3)
    same = sides([[a, b], [c]], [[a, b], [c]])
    assert same.is_same_content
    assert same.is_empty
    assert (same.num_equal_shards, same.num_equal_documents) == (2, 0)
    moved = sides([[a, b], [c]], [[a], [b, c]])
    assert not moved.is_same_content
    assert moved.is_empty
    assert (moved.num_equal_shards, moved.num_equal_documents) == (0, 3)
    assert (moved.num_first_shards, moved.num_second_shards) == (2, 2)


def test_rows_are_matched_by_id_and_compared_by_content(audited, sides):
    a, b, c = audited.documents(3)
    changed = audited.with_texts(b, *([{"text": "Another caption."}] for _ in b.clips))
    found = sides([[a, b]], [[changed, c]])
    assert found.documents == Changes(
        added=(c.document_id,), removed=(a.document_id,), changed=(b.document_id,)
    )
    by_source = {s.source_id: (s.num_added, s.num_removed, s.num_changed) for s in found.sources}
    assert by_source == {
        a.source.source_id: (0, 1, 0),
        b.source.source_id: (0, 0, 1),
        c.source.source_id: (1, 0, 0),
    }


def test_takedowns_are_told_and_parts_of_which_a_file_is_gone_are_not_compared(published, stone):
    first = read_manifest(published.dataset)
    gone = published.documents["a"]
    stones = [
        stone("clip", gone.clips[0], gone.video_id),
        stone("video", published.documents["b"].video_id),
    ]
    take_down(published.dataset, stones)
    second = read_manifest(published.dataset)
    found = diff_versions((published.dataset, first), (published.dataset, second))
    assert found.tombstones.added == tuple(sorted(f"{s.kind} {s.id}" for s in stones))
    assert (found.num_equal_shards, found.num_first_shards, found.num_second_shards) == (1, 2, 1)
    assert len(found.not_compared) == 2
    assert found.documents == Changes(added=(), removed=(), changed=())
    assert not found.is_empty
    back = diff_versions((published.dataset, second), (published.dataset, first))
    assert back.tombstones.removed == found.tombstones.added
