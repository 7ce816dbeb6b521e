"""What a request means: sources by id, URI and group, their bytes, and who else has them."""

from dataclasses import replace

import pytest

from interlink.pipeline.dataset.takedown.known import Known, KnownClip, KnownSource
from interlink.pipeline.dataset.takedown.resolve import resolve
from interlink.pipeline.dataset.takedown.wanted import Wanted
from interlink.schemas.errors import UsageError
from interlink.schemas.ids import group_key, source_id
from interlink.schemas.manifest import TombstoneKind

URI = "https://host.org/channel/a.mp4?token=1"


class Made(Known):
    """Knows what it is given."""

    def __init__(self, *sources: KnownSource, clips: tuple[KnownClip, ...] = ()) -> None:
        self._sources, self._clips = sources, clips

    def sources(self):
        return iter(self._sources)

    def clips(self):
        return iter(self._clips)


def asked(kind: str, value: str) -> Wanted:
    return Wanted(kind=TombstoneKind(kind), value=value, reason=f"because of {value}")


def found(known: Known, *wanted: Wanted) -> set[tuple[str, str]]:
    return {(stone.kind.value, stone.id) for stone in resolve(wanted, known).tombstones}


def source(name: str, video: str | None = None, **fields) -> KnownSource:
    return KnownSource(source_id=name, video_id=video, **fields)


def test_a_source_is_found_by_its_id_and_its_video_goes_with_it():
    known = Made(source("s", "v"), source("t", "w"))
    assert found(known, asked("source", "s")) == {("source", "s"), ("video", "v")}


def test_all_sources_of_the_same_bytes_go_and_so_on():
    known = Made(source("s", "v"), source("t", "v"), source("t", "w"), source("u", "w"))
    expected = {("source", name) for name in "stu"} | {("video", name) for name in "vw"}
    assert found(known, asked("source", "s")) == expected
    assert found(known, asked("video", "0" * 32)) == {("video", "0" * 32)}


@pytest.mark.parametrize("length", [32, 64])
def test_a_video_is_found_by_the_digest_of_its_file(length):
    sha256 = "0123456789abcdef" * 4
    known = Made(source("s", sha256[:32]), source("t", "w"))
    resolved = resolve([asked("video", sha256[:length])], known)
    assert {stone.id for stone in resolved.tombstones} == {sha256[:32], "s"}
    assert resolved.unknown == []


def test_a_uri_is_found_as_it_was_asked_for_and_its_digest_is_blocked_too():
    known = Made(source("mine", uri=URI), source("mine", "v"))
    assert found(known, asked("source", URI)) == {
        ("source", "mine"),
        ("source", source_id(URI)),
        ("video", "v"),
    }


def test_the_public_part_of_a_uri_is_enough_where_it_means_one_source():
    known = Made(source("s", "v", public_uri="https://host.org/channel/a.mp4"))
    assert ("source", "s") in found(known, asked("source", URI))


def test_a_public_part_that_means_several_sources_is_refused():
    same = "https://host.org/channel/a.mp4"
    known = Made(source("s", "v", public_uri=same), source("t", "w", public_uri=same))
    with pytest.raises(UsageError, match=r"means 2 sources, s, t.*Name the run too, with --run"):
        resolve([asked("source", URI)], known)
    planned = Made(*known.sources(), source("s", uri=URI))
    assert found(planned, asked("source", URI)) == {
        ("source", "s"),
        ("source", source_id(URI)),
        ("video", "v"),
    }


def test_a_group_takes_its_sources_along_and_is_told_by_a_digest_alone():
    known = Made(source("s", "v", group="cooks"), source("t", "w", group="others"))
    assert found(known, asked("group", "/data/cooks")) == {
        ("group", group_key("cooks")),
        ("source", "s"),
        ("video", "v"),
    }


def test_what_is_nowhere_is_blocked_all_the_same_without_telling_a_uri():
    wanted = [asked("source", URI), asked("source", "some-id"), asked("clip", "c")]
    resolved = resolve(wanted, Made())
    assert resolved.unknown == wanted
    assert {stone.id for stone in resolved.tombstones} == {
        source_id(URI),
        source_id("some-id"),
        "some-id",
        "c",
    }


def test_a_clip_is_found_with_its_span_and_those_that_overlap_it_go_too():
    clips = tuple(
        KnownClip(clip_id=name, video_id=video, start_us=start, end_us=start + 10)
        for name, video, start in (("a", "v", 0), ("b", "v", 5), ("c", "v", 10), ("d", "w", 0))
    )
    resolved = resolve([asked("clip", "a")], Made(clips=clips))
    [first, second] = sorted(resolved.tombstones, key=lambda stone: stone.id)
    assert (first.id, first.video_id, first.start_us, first.end_us) == ("a", "v", 0, 10)
    assert (second.id, second.start_us) == ("b", None), "only what was asked for has a span"
    assert second.reason == "because of a"


def test_the_reason_is_that_of_what_led_to_it():
    known = Made(source("s", "v"), source("t", "v"))
    reasons = {
        stone.id: stone.reason for stone in resolve([asked("source", "s")], known).tombstones
    }
    assert reasons == dict.fromkeys("svt", "because of s")


def test_asking_twice_gives_each_tombstone_once():
    known = Made(source("s", "v"))
    wanted = asked("source", "s")
    both = resolve([wanted, replace(wanted, reason="again")], known).tombstones
    assert [(stone.id, stone.reason) for stone in both if stone.id == "s"] == [
        ("s", "because of s")
    ]
