"""A long video becomes several documents, divided where its content is."""

from collections.abc import Sequence

from ...schemas.clip import Clip
from ...schemas.video import BoundaryKind

_CHAPTERS = frozenset({BoundaryKind.FADE, BoundaryKind.DISSOLVE})


def divide_clips(
    clips: Sequence[Clip], *, max_clips: int, max_duration_us: int
) -> list[Sequence[Clip]]:
    """Divide the clips of one video into windows.

    A window is filled to its limit, then ends in its last quarter at the best of these, in this
    order: after a fade or dissolve, before the longest time without a clip, as late as possible.

    Args:
        clips: clips in time order.
        max_clips: most clips of a window, at least 1.
        max_duration_us: longest time from the start of its first clip to the end of its last; a
            single clip may be longer.
    """
    windows = []
    start = 0
    while start < len(clips):
        end = _furthest_end(clips, start, max_clips, max_duration_us)
        if end < len(clips):
            first = end - (end - start) // 4
            end = max(range(first, end + 1), key=lambda index: _cut_quality(clips, index))
        windows.append(clips[start:end])
        start = end
    return windows


def _furthest_end(clips: Sequence[Clip], start: int, max_clips: int, max_duration_us: int) -> int:
    end = start + 1
    while (
        end < len(clips)
        and end - start < max_clips
        and clips[end].end_us - clips[start].start_us <= max_duration_us
    ):
        end += 1
    return end


def _cut_quality(clips: Sequence[Clip], index: int) -> tuple[bool, int, int]:
    """Rank a cut between clips `index - 1` and `index`; the greatest is the best."""
    before, after = clips[index - 1], clips[index]
    is_chapter = before.boundary.end_kind in _CHAPTERS or after.boundary.start_kind in _CHAPTERS
    return is_chapter, after.start_us - before.end_us, index
