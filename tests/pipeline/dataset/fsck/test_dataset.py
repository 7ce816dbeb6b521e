"""A dataset held against its manifests: bits, cuts, losses and strays (P10) are all told."""

import pytest

from interlink.pipeline.dataset.fsck.dataset import check_dataset
from interlink.pipeline.dataset.fsck.finding import Fault
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import manifest_path, read_manifest, read_shards
from interlink.pipeline.publish.takedown import take_down
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault, UsageError


@pytest.fixture
def shards(published):
    return list(read_shards(published.dataset, read_manifest(published.dataset)))


def flip(store: Store, path: str) -> None:
    data = bytearray(store.read(path))
    picture = data.find(b"\xff\xd8\xff")
    data[picture + 100 if picture >= 0 else len(data) // 2] ^= 1
    store.put(path, bytes(data))


def found(published, *, deep: bool = False) -> list[tuple[Fault, str]]:
    return [(one.fault, one.path) for one in check_dataset(published.dataset, deep=deep)]


def test_a_dataset_as_it_was_published_is_sound(published):
    assert found(published) == []
    assert found(published, deep=True) == []


def test_a_flipped_bit_is_found_by_reading_and_told_with_shard_and_row_group(published, shards):
    flip(published.dataset, shards[0].docs_path)
    assert found(published) == []
    [finding] = check_dataset(published.dataset, deep=True)
    assert (finding.fault, finding.path) == (Fault.BYTES, shards[0].docs_path)
    assert finding.part == shards[0].part
    assert "row group 0: " in finding.what
    with pytest.raises(EnvironmentFault, match="CRC"):
        list(read_documents(published.dataset.url))


def test_a_truncated_and_a_missing_shard_are_found_at_once(published, shards):
    cut, lost = shards[0].docs_path, shards[1].media_path
    published.dataset.put(cut, published.dataset.read(cut)[:-100])
    published.dataset.remove(lost)
    assert sorted(found(published)) == [(Fault.MISSING, lost), (Fault.SIZE, cut)]
    faults = [fault for fault, path in found(published, deep=True) if path == cut]
    assert faults == [Fault.SIZE, Fault.BYTES]


def test_a_stray_shard_is_told_and_is_no_damage_and_nobody_reads_it(published, shards):
    stray = "docs/009-00000-00000000.parquet"
    published.dataset.put(stray, published.dataset.read(shards[0].docs_path))
    assert found(published, deep=True) == [(Fault.STRAY, stray)]
    assert not Fault.STRAY.is_damage
    assert len(list(read_documents(published.dataset.url))) == 3


def test_a_lost_or_changed_list_of_shards_is_told_once(published):
    [listed] = read_manifest(published.dataset).shard_lists
    flip(published.dataset, listed.path)
    assert (Fault.BYTES, listed.path) in found(published)
    published.dataset.remove(listed.path)
    assert (Fault.MISSING, listed.path) in found(published)


def test_a_manifest_that_is_torn_is_told_and_the_others_are_still_looked_into(published, shards):
    published.dataset.put(manifest_path(2), b'{"format_version": 1')
    published.dataset.remove(shards[0].docs_path)
    assert found(published) == [
        (Fault.BYTES, manifest_path(2)),
        (Fault.MISSING, shards[0].docs_path),
    ]


def test_what_an_older_version_lacks_since_a_takedown_is_no_damage(published, stone):
    take_down(published.dataset, [stone("video", published.documents["a"].video_id)])
    [finding] = check_dataset(published.dataset)
    assert (finding.fault, finding.path) == (Fault.OLDER, manifest_path(1))
    assert finding.what.startswith("2 files of it are gone since version 2 took something down")
    assert not finding.fault.is_damage


def test_a_damaged_or_torn_funnel_is_told_with_its_next_step_which_mends_it(published):
    whole = published.dataset.read("funnel/001.parquet")
    flipped = bytearray(whole)
    flipped[len(whole) // 8] ^= 1
    for data in (bytes(flipped), whole[:-20], b""):
        published.dataset.put("funnel/001.parquet", data)
        assert found(published) == []
        [finding] = check_dataset(published.dataset, deep=True)
        assert (finding.fault, finding.path) == (Fault.BYTES, "funnel/001.parquet")
        assert "remove it, then run its recipe again, which writes it anew" in finding.what
    published.dataset.remove("funnel/001.parquet")
    published.publish()
    assert published.dataset.read("funnel/001.parquet") == whole


def test_a_folder_without_a_version_is_no_dataset(tmp_path):
    with pytest.raises(UsageError, match="there is no dataset at"):
        list(check_dataset(Store(str(tmp_path))))
