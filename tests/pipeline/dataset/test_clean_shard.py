"""A shard without what was taken down: the other rows as they were, its files fewer bytes."""

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.dataset.clean_shard import clean_shard, holds_denied
from interlink.pipeline.storage.records_file import read_records, write_records
from interlink.pipeline.storage.store import Store
from interlink.schemas.denied import Denied
from interlink.schemas.document import Document
from interlink.schemas.ids import group_key


@pytest.fixture
def shard(tmp_path, workspace, make_clips):
    """The documents of three videos of three clips, `a`, `b` and `c`, and their media file."""
    groups = [[make_clips.with_file(c) for c in make_clips(3, name=n)] for n in "abc"]
    documents = [d for clips in groups for d in make_clips.assemble(clips)]
    write_records(tmp_path / "docs.parquet", documents, Document)
    media = workspace.finish_media()
    media.rename(tmp_path / "media.parquet")
    written = read_records(tmp_path / "docs.parquet", Document)  # numbers have 32 bits there
    return {document.source.title[-1]: document for document in written}


@pytest.fixture
def clean(tmp_path, shard):
    """Cleans the shard: `clean(denied)` returns its documents by video, and owners of its media."""
    store, folder = Store(str(tmp_path)), tmp_path / "clean"

    def clean_it(denied: Denied):
        folder.mkdir()
        place = (store, "docs.parquet"), (store, "media.parquet")
        files = clean_shard(*place, denied, folder)
        left = read_records(files.docs, Document) if files.docs else []
        owners = pq.read_table(files.media)["owner_id"].to_pylist() if files.media else []
        return {d.source.title[-1]: d for d in left}, owners

    return clean_it


def holds(tmp_path, denied: Denied) -> bool:
    with (tmp_path / "docs.parquet").open("rb") as file:
        return holds_denied(file, denied)


@pytest.mark.parametrize("what", ["video", "source"])
def test_a_video_goes_with_its_clip_files_and_all_other_rows_stay(what, shard, clean, tmp_path):
    gone = shard["b"]
    denied = {
        "video": Denied(videos=frozenset({gone.video_id})),
        "source": Denied(sources=frozenset({gone.source.source_id})),
    }[what]
    assert holds(tmp_path, denied)
    documents, owners = clean(denied)
    assert documents == {name: shard[name] for name in "ac"}
    assert sorted(owners) == sorted(c.clip_id for d in documents.values() for c in d.clips)


def test_the_rest_has_the_bytes_that_it_would_have_without_the_video(shard, clean, tmp_path):
    clean(Denied(videos=frozenset({shard["b"].video_id})))
    write_records(tmp_path / "never.parquet", [shard["a"], shard["c"]], Document)
    never = (tmp_path / "never.parquet").read_bytes()
    assert (tmp_path / "clean" / "docs.parquet").read_bytes() == never


def test_nothing_is_left_of_a_group_that_is_all(shard, clean):
    group = group_key(shard["a"].source.group)
    assert clean(Denied(groups=frozenset({group}))) == ({}, [])


def test_a_clip_goes_out_of_its_document_and_takes_files_that_show_it_along(shard, clean):
    first, second, third = shard["b"].clips
    span = (first.start_us, first.end_us)
    # Each file starts half a second before its clip, and clips are a second apart: none shows it.
    denied = Denied(clips=frozenset({first.clip_id}), spans={shard["b"].video_id: (span,)})
    documents, owners = clean(denied)
    assert [clip.clip_id for clip in documents["b"].clips] == [second.clip_id, third.clip_id]
    assert documents["a"] == shard["a"]
    assert first.clip_id not in owners
    assert {second.clip_id, third.clip_id} <= set(owners)


def test_a_file_that_begins_inside_a_clip_that_goes_is_left_out(shard, clean, tmp_path):
    second = shard["b"].clips[1]
    # A clip that was taken down when clips were cut otherwise: it ends where this one begins.
    span = (second.start_us - 300_000, second.start_us)
    denied = Denied(spans={shard["b"].video_id: (span,)})
    assert holds(tmp_path, denied)
    documents, owners = clean(denied)
    assert [clip.media is None for clip in documents["b"].clips] == [False, True, False]
    assert second.clip_id not in owners


def test_a_shard_without_any_of_it_holds_nothing(shard, tmp_path):
    assert not holds(tmp_path, Denied(videos=frozenset({"another"})))
    assert not holds(tmp_path, Denied())


def test_one_after_the_other_gives_the_bytes_of_both_at_once(shard, clean, tmp_path):
    videos = [shard[name].video_id for name in "ab"]
    clean(Denied(videos=frozenset(videos[:1])))
    (tmp_path / "twice").mkdir()
    (tmp_path / "once").mkdir()
    half, whole = Store(str(tmp_path / "clean")), Store(str(tmp_path))
    for store, name in ((half, "twice"), (whole, "once")):
        place = (store, "docs.parquet"), (store, "media.parquet")
        clean_shard(*place, Denied(videos=frozenset(videos)), tmp_path / name)
    for file in ("docs.parquet", "media.parquet"):
        twice, once = (tmp_path / name / file for name in ("twice", "once"))
        assert twice.read_bytes() == once.read_bytes()
