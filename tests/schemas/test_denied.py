"""What was taken down is asked for by source, group, video, clip and span."""

import pickle

import pytest

from interlink.schemas.denied import Denied
from interlink.schemas.ids import group_key
from interlink.schemas.manifest import Tombstone, TombstoneKind


def stone(kind: str | None, name: str, **fields) -> Tombstone:
    of_kind = TombstoneKind(kind) if kind else None
    return Tombstone(id=name, kind=of_kind, reason="asked", version=1, **fields)


def test_nothing_is_denied_where_nothing_was_taken_down():
    denied = Denied.of([])
    assert not denied
    assert not denied.has_source("s", "g")
    assert not denied.has_clip("c", "v", 0, 10)


def test_a_source_is_denied_by_its_id_or_by_its_group():
    denied = Denied.of([stone("source", "s"), stone("group", group_key("channel"))])
    assert denied.has_source("s")
    assert denied.has_source("another", "channel")
    assert not denied.has_source("another", "other channel")
    assert not denied.has_source("another")


@pytest.mark.parametrize(
    ("start_us", "end_us", "is_denied"),
    [(0, 10, False), (0, 11, True), (19, 30, True), (20, 30, False), (12, 13, True), (0, 99, True)],
)
def test_a_clip_is_denied_where_it_overlaps_one_that_was_taken_down(start_us, end_us, is_denied):
    denied = Denied.of([stone("clip", "c", video_id="v", start_us=10, end_us=20)])
    assert denied.has_clip("other", "v", start_us, end_us) is is_denied
    assert not denied.has_clip("other", "w", start_us, end_us)
    assert denied.has_clip("c", "w", 0, 1), "its id alone is enough"


def test_a_moment_is_denied_from_the_start_of_a_clip_up_to_its_end():
    denied = Denied.of([stone("clip", "c", video_id="v", start_us=10, end_us=20)])
    assert [denied.has_time("v", time_us) for time_us in (9, 10, 19, 20)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_video_denies_all_of_its_clips():
    assert Denied.of([stone("video", "v")]).has_clip("c", "v", 0, 1)


def test_a_tombstone_from_before_kinds_may_mean_anything():
    denied = Denied.of([stone(None, "x")])
    assert denied.has_source("x")
    assert "x" in denied.videos
    assert denied.has_clip("x", "v", 0, 1)


def test_it_can_be_sent_to_workers():
    denied = Denied.of([stone("clip", "c", video_id="v", start_us=10, end_us=20)])
    assert pickle.loads(pickle.dumps(denied)) == denied
