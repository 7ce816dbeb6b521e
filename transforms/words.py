"""Speech to clips: each word lies in exactly one clip or one gap, never in two.

A segment (about a sentence) goes whole to the clip that holds at least 60 % of its time; else its
words are divided, each to the clip or gap that its midpoint lies in.
"""

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..schemas.clip import Gap
from ..schemas.text import Segment, Word

WHOLE_PERCENT = 60
"""A sentence stays whole in a clip that holds this much of its time: below it, half of the words
would be told of another picture; far above it, nearly every sentence that a cut touches is torn."""


@dataclass(slots=True)
class ClipSpeech:
    """What is said in one clip, and between the clip before and it."""

    segments: list[Segment] = field(default_factory=list)
    """Sentences, or parts of them, in time order."""
    is_split: bool = False
    """Whether one of them is a part."""
    gap: list[Word] = field(default_factory=list)
    """Words between the clip before and this one."""

    @property
    def words(self) -> tuple[Word, ...]:
        """The words of its segments in time order."""
        words = itertools.chain.from_iterable(segment.words for segment in self.segments)
        return tuple(sorted(words, key=lambda word: (word.start_us, word.end_us)))


def assign_speech(
    spans: Sequence[tuple[int, int]], segments: Sequence[Segment]
) -> tuple[list[ClipSpeech], Gap | None]:
    """Divide a transcript among clips and the gaps between them.

    A segment without word times is not divided: it goes to the clip that holds most of it. If no
    clip holds any of it, its whole text becomes one word of a gap, so that no speech is lost.

    Args:
        spans: `(start_us, end_us)` of the clips, sorted; they may overlap, and the first one then
            has the words.
        segments: the transcript in time order.

    Returns:
        What is said in each clip and before it, and the gap after the last clip.
    """
    found = [ClipSpeech() for _ in range(len(spans) + 1)]
    places = _Places(spans)
    for segment in segments:
        whole = places.holder(segment)
        if whole is not None:
            found[whole].segments.append(segment)
            continue
        parts = _divide(segment, places)
        for place, is_gap, words in parts:
            if is_gap:
                found[place].gap.extend(words)
            else:
                found[place].segments.append(_part(segment, words))
                found[place].is_split |= len(parts) > 1
    *clips, last = found
    return clips, to_gap(last.gap)


def to_gap(words: Sequence[Word]) -> Gap | None:
    """Return the gap that holds `words`, or None if there are none."""
    if not words:
        return None
    ordered = sorted(words, key=lambda word: (word.start_us, word.end_us))
    end_us = max(word.end_us for word in ordered)
    return Gap(start_us=ordered[0].start_us, end_us=end_us, words=tuple(ordered))


class _Places:
    """Finds the clip or gap that a time lies in."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._spans = spans
        self._starts = [start for start, _ in spans]
        # Clips before the first whose running maximum passes a time have ended by then, also where
        # given spans overlap.
        self._ends = list(itertools.accumulate((end for _, end in spans), max))

    def holder(self, segment: Segment) -> int | None:
        """Return the clip that `segment` belongs to as a whole, or None if it must be divided."""
        overlaps = [
            (min(segment.end_us, end) - max(segment.start_us, start), -n)
            for n, (start, end) in self._near(segment.start_us, segment.end_us)
        ]
        overlap, n = max(overlaps, default=(0, 0))
        if not segment.words:
            return -n if overlap > 0 else None
        duration = segment.end_us - segment.start_us
        is_whole = overlap > 0 and 100 * overlap >= WHOLE_PERCENT * duration
        return -n if is_whole else None

    def at(self, time_us: int) -> tuple[int, bool]:
        """Return the number of the first clip that has `time_us`, or of the gap (and True)."""
        for n, (start, end) in self._near(time_us, time_us + 1):
            if start <= time_us < end:
                return n, False
        return bisect.bisect_right(self._starts, time_us), True

    def _near(self, start_us: int, end_us: int) -> list[tuple[int, tuple[int, int]]]:
        """Return the clips that may overlap `[start_us, end_us)`, with their numbers."""
        first = bisect.bisect_right(self._ends, start_us)
        last = bisect.bisect_left(self._starts, end_us)
        return [(n, self._spans[n]) for n in range(first, last)]


def _divide(segment: Segment, places: _Places) -> list[tuple[int, bool, list[Word]]]:
    """Return the words of `segment` by place, as `(number, is it a gap, words)`."""
    words = segment.words or (
        Word(text=segment.text, start_us=segment.start_us, end_us=segment.end_us),
    )
    parts: dict[tuple[int, bool], list[Word]] = {}
    for word in words:
        place = places.at((word.start_us + word.end_us) // 2)
        parts.setdefault(place, []).append(word)
    return [(place, is_gap, words) for (place, is_gap), words in parts.items()]


def _part(segment: Segment, words: Sequence[Word]) -> Segment:
    """Return the part of `segment` that `words` make up; all of it if they are all of its words."""
    if len(words) >= len(segment.words):
        return segment
    return replace(
        segment,
        start_us=words[0].start_us,
        end_us=max(word.end_us for word in words),
        text=_text_of(words, segment),
        words=tuple(words),
    )


def _text_of(words: Sequence[Word], segment: Segment) -> str:
    """Return the stretch of the segment's text that `words` make up.

    Taken from the text, because languages differ in what stands between words. Where text and words
    do not agree, the words are joined by spaces.
    """
    first = next(n for n, word in enumerate(segment.words) if word is words[0])
    stretch = segment.words[first : first + len(words)]
    at = begin = 0
    for n, word in enumerate(segment.words[: first + len(words)]):
        start = segment.text.find(word.text, at)
        if start < 0 or stretch[-1] is not words[-1]:
            return " ".join(word.text for word in words)
        begin = start if n == first else begin
        at = start + len(word.text)
    return segment.text[begin:at]
