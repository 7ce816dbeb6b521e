"""From what is asked to what that is: the sources, videos and clips that a request means.

A source stands for its bytes and bytes for every source that has them: who asks for a video to be
taken down does not mean one of its addresses. So both are followed until nothing more is found.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ....schemas.denied import Denied
from ....schemas.errors import UsageError
from ....schemas.ids import source_id
from ....schemas.manifest import Tombstone, TombstoneKind
from ....transforms.text.document_source import public_group, public_uri
from .known import Known, KnownSource
from .wanted import Wanted


@dataclass(kw_only=True)
class Resolved:
    """What a request means."""

    tombstones: list[Tombstone] = field(default_factory=list)
    """One for each source, group, video and clip, with version 0: whoever commits sets it."""
    unknown: list[Wanted] = field(default_factory=list)
    """What is asked for, of which nothing is here: blocked from now on all the same."""

    def count(self, kind: TombstoneKind) -> int:
        """Return how many of a kind there are."""
        return sum(stone.kind is kind for stone in self.tombstones)


def resolve(wanted: Sequence[Wanted], known: Known) -> Resolved:
    """Find what a request means.

    Raises:
        UsageError: a URI means several sources.
    """
    found = _Found(wanted)
    if any(one.kind is not TombstoneKind.CLIP for one in wanted):
        found.look_up(known)
        while found.follow(known.sources()):
            pass
    if any(one.kind is TombstoneKind.CLIP for one in wanted):
        found.add_clips(known)
    found.block_names()
    return Resolved(tombstones=list(found.stones.values()), unknown=found.unknown())


class _Found:
    """What was found so far, each with the reason of what led to it."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self._wanted = wanted
        self._has_met: set[Wanted] = set()
        self._is_id: set[Wanted] = set()
        self.stones: dict[tuple[TombstoneKind, str], Tombstone] = {}

    def look_up(self, known: Known) -> None:
        """Find the sources and videos that are named."""
        asked = _Asked(self._wanted)
        by_address: dict[Wanted, set[str]] = {}
        for source in known.sources():
            for one in asked.exact(source):
                if one.value == source.source_id:
                    self._is_id.add(one)
                self._meet(one, TombstoneKind.SOURCE, source.source_id)
            for one in asked.by_public_uri.get(source.public_uri or "", ()):
                by_address.setdefault(one, set()).add(source.source_id)
        for one, ids in by_address.items():
            if one in self._has_met:  # its very URI was found, in a plan
                continue
            if len(ids) > 1:
                raise UsageError(
                    f"{one.value} means {len(ids)} sources, {', '.join(sorted(ids)[:3])}, ...: "
                    "documents tell of a URI no more than its public part. Name the run too, with "
                    "--run, or the ids"
                )
            self._meet(one, TombstoneKind.SOURCE, *ids)
        for one in self._wanted:
            if one.kind in (TombstoneKind.GROUP, TombstoneKind.VIDEO):
                [name] = one.ids
                self._add(one.kind, name, one.reason)

    def follow(self, sources: Iterable[KnownSource]) -> bool:
        """Add videos of sources and sources of videos; tell whether there was one more."""
        before = len(self.stones)
        for known in sources:
            if known.video_id is None:
                continue
            source = self.stones.get((TombstoneKind.SOURCE, known.source_id))
            video = self.stones.get((TombstoneKind.VIDEO, known.video_id))
            if source is not None:
                self._add(TombstoneKind.VIDEO, known.video_id, source.reason)
            if video is not None:
                self._add(TombstoneKind.SOURCE, known.source_id, video.reason)
                self._note_video(known.video_id)
        return len(self.stones) > before

    def add_clips(self, known: Known) -> None:
        """Add the clips that are named, and those that overlap one."""
        named = {one.value: one for one in self._wanted if one.kind is TombstoneKind.CLIP}
        for clip in known.clips():
            if clip.clip_id in named:
                one = named[clip.clip_id]
                self._has_met.add(one)
                self.stones[TombstoneKind.CLIP, clip.clip_id] = Tombstone(
                    id=clip.clip_id,
                    kind=TombstoneKind.CLIP,
                    reason=one.reason,
                    version=0,
                    video_id=clip.video_id,
                    start_us=clip.start_us,
                    end_us=clip.end_us,
                )
        asked = Denied.of(self.stones.values())
        reasons = {s.video_id: s.reason for s in self.stones.values() if s.video_id}
        for clip in known.clips() if asked.spans else ():
            if asked.has_span(clip.video_id, clip.start_us, clip.end_us):
                self._add(TombstoneKind.CLIP, clip.clip_id, reasons[clip.video_id])

    def block_names(self) -> None:
        """Add what is named and not found, so that it cannot come; a URI never as it is."""
        for one in self._wanted:
            if one.kind is TombstoneKind.SOURCE and one not in self._is_id:
                self._add(one.kind, source_id(one.value), one.reason)
                if one not in self._has_met and not set(one.value) & set("/:\\"):
                    self._add(one.kind, one.value, one.reason)
            elif one.kind is TombstoneKind.CLIP:
                self._add(one.kind, one.value, one.reason)

    def unknown(self) -> list[Wanted]:
        """Return what is asked for and was not met."""
        return [one for one in self._wanted if one not in self._has_met]

    def _meet(self, one: Wanted, kind: TombstoneKind, name: str) -> None:
        self._has_met.add(one)
        self._add(kind, name, one.reason)

    def _note_video(self, video_id: str) -> None:
        for one in self._wanted:
            if one.kind is TombstoneKind.VIDEO and video_id in one.ids:
                self._has_met.add(one)

    def _add(self, kind: TombstoneKind, name: str, reason: str) -> None:
        stone = Tombstone(id=name, kind=kind, reason=reason, version=0)
        self.stones.setdefault((kind, name), stone)


class _Asked:
    """Looks up which wishes a source fulfils."""

    def __init__(self, wanted: Iterable[Wanted]) -> None:
        self._by_name: dict[str, list[Wanted]] = {}
        self._by_group: dict[str, list[Wanted]] = {}
        self.by_public_uri: dict[str, list[Wanted]] = {}
        for one in wanted:
            if one.kind is TombstoneKind.SOURCE:
                for name in {one.value, source_id(one.value)}:
                    self._by_name.setdefault(name, []).append(one)
                self.by_public_uri.setdefault(public_uri(one.value), []).append(one)
            elif one.kind is TombstoneKind.GROUP:
                self._by_group.setdefault(public_group(one.value), []).append(one)

    def exact(self, source: KnownSource) -> Iterator[Wanted]:
        """Yield the wishes that name this source, and no other that looks like it."""
        yield from self._by_name.get(source.source_id, ())
        yield from self._by_name.get(source.uri or "", ())
        yield from self._by_group.get(source.group or "", ())
