"""What was taken down, as a question: asked at plan, fetch and write, and by readers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .ids import group_key
from .manifest import Tombstone, TombstoneKind

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Ids of what was taken down. False where nothing was. It pickles."""

    sources: frozenset[str] = frozenset()
    """Sources."""
    groups: frozenset[str] = frozenset()
    """Digests of groups (`ids.group_key`)."""
    videos: frozenset[str] = frozenset()
    """Videos."""
    clips: frozenset[str] = frozenset()
    """Clips."""
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    """Spans `[start_us, end_us)` of clips, by video."""

    @classmethod
    def of(cls, tombstones: Iterable[Tombstone]) -> "Denied":
        """Collect what tombstones name; one without a kind may mean any."""
        ids: dict[TombstoneKind, set[str]] = {kind: set() for kind in TombstoneKind}
        spans: dict[str, set[Span]] = {}
        for stone in tombstones:
            for kind in (stone.kind,) if stone.kind else TombstoneKind:
                ids[kind].add(stone.id)
            if stone.video_id is not None and stone.start_us is not None:
                assert stone.end_us is not None
                spans.setdefault(stone.video_id, set()).add((stone.start_us, stone.end_us))
        return cls(
            sources=frozenset(ids[TombstoneKind.SOURCE]),
            groups=frozenset(ids[TombstoneKind.GROUP]),
            videos=frozenset(ids[TombstoneKind.VIDEO]),
            clips=frozenset(ids[TombstoneKind.CLIP]),
            spans={video: tuple(sorted(found)) for video, found in sorted(spans.items())},
        )

    def __bool__(self) -> bool:
        return any((self.sources, self.groups, self.videos, self.clips, self.spans))

    def has_source(self, source_id: str, group: str | None = None) -> bool:
        """Tell whether a source was taken down, by itself or with its group."""
        if source_id in self.sources:
            return True
        return bool(self.groups) and group is not None and group_key(group) in self.groups

    def has_span(self, video_id: str, start_us: int, end_us: int) -> bool:
        """Tell whether a stretch `[start_us, end_us)` of a video shows a clip that was."""
        spans = self.spans.get(video_id, ())
        return any(start_us < end and start < end_us for start, end in spans)

    def has_time(self, video_id: str, time_us: int) -> bool:
        """Tell whether a moment of a video lies in a clip that was taken down."""
        return self.has_span(video_id, time_us, time_us + 1)

    def has_clip(self, clip_id: str, video_id: str, start_us: int, end_us: int) -> bool:
        """Tell whether a clip was taken down: its video, it itself, or one that it overlaps."""
        if video_id in self.videos or clip_id in self.clips:
            return True
        return self.has_span(video_id, start_us, end_us)
