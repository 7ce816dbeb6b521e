"""The clip policy: which spans of a video become clips. Pure integer arithmetic in microseconds.

Shots that are too long are split, then shots that are too short are merged; what is still too short
is left out. Nothing that comes out is shorter than the minimum or longer than the maximum. So a
video that is shorter than the minimum has no clip at all.
"""

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from ..schemas.clip import ClipBoundary
from ..schemas.source import GivenSpan
from ..schemas.text import Segment
from ..schemas.video import Boundary, BoundaryKind, Shot

CERTAIN_SILENCE_US = 1_000_000
"""A split in a silence of this length counts as certain (score 1); a shorter one in proportion."""

_FOREVER_US = 1 << 60
"""Before any video and after it: 36,000 years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long clips may be, and what counts as silence. Microseconds.

    Raises:
        ValueError: a duration is not positive, or the maximum is less than twice the minimum, so
            that a shot just over the maximum could not be split.
    """

    min_us: int
    """Shortest clip."""
    max_us: int
    """Longest clip."""
    min_silence_us: int
    """Shortest pause between words that a long shot may be split in."""

    def __post_init__(self) -> None:
        if self.min_us <= 0:
            raise ValueError(f"min_duration_s={self.min_us / 1e6} must be > 0")
        if self.max_us < 2 * self.min_us:
            raise ValueError(
                f"max_duration_s={self.max_us / 1e6} must be at least twice "
                f"min_duration_s={self.min_us / 1e6}: else a shot just over the maximum cannot "
                "be split"
            )
        if self.min_silence_us <= 0:
            raise ValueError(f"min_silence_s={self.min_silence_us / 1e6} must be > 0")


@dataclass(frozen=True, slots=True)
class Edge:
    """Where one piece of a video gives way to the next."""

    time_us: int
    kind: BoundaryKind
    score: float
    """How sure it is that something ends here, in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A clip to be: `[start_us, end_us)`."""

    start_us: int
    end_us: int
    boundary: ClipBoundary
    captions: tuple[str, ...] = ()
    """Texts that came with a given span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Stretches `(start_us, end_us)` without words, in time order."""

    sentences: tuple[tuple[int, int], ...] = ()
    """Between segments, before the first and after the last."""
    words: tuple[tuple[int, int], ...] = ()
    """Between any two words; those between segments too."""


def choose_spans(
    shots: Sequence[Shot], boundaries: Sequence[Boundary], pauses: Pauses, limits: Limits
) -> tuple[Span, ...]:
    """Return the clips' spans in time order; they do not overlap.

    Args:
        shots: in time order, each ending where the next starts.
        boundaries: the transitions between them, for their scores.
        pauses: where long shots may be split, see `split_long`.
        limits: how long clips may be.
    """
    if not shots:
        return ()
    edges = _shot_edges(shots, boundaries)
    edges = split_long(edges, pauses, limits)
    edges = merge_short(edges, limits)
    return tuple(
        Span(
            start_us=start.time_us,
            end_us=end.time_us,
            boundary=ClipBoundary(
                start_kind=start.kind, end_kind=end.kind, score=min(start.score, end.score)
            ),
        )
        for start, end in itertools.pairwise(edges)
        if end.time_us - start.time_us >= limits.min_us
    )


def given_spans(spans: Sequence[GivenSpan], start_us: int, end_us: int) -> tuple[Span, ...]:
    """Return the manifest's spans in time order, clamped to the video's `[start_us, end_us)`.

    They overrule the policy: they may overlap and have any length. One that lies outside the video
    is left out; two that are equal once clamped are one clip with the captions of both.
    """
    boundary = ClipBoundary(start_kind=BoundaryKind.GIVEN, end_kind=BoundaryKind.GIVEN, score=1.0)
    found: dict[tuple[int, int], Span] = {}
    for span in spans:
        start, end = max(span.start_us, start_us), min(span.end_us, end_us)
        if start >= end:
            continue
        known = found.get((start, end))
        captions = (known.captions if known else ()) + span.captions
        found[start, end] = Span(
            start_us=start, end_us=end, boundary=boundary, captions=tuple(dict.fromkeys(captions))
        )
    return tuple(found[key] for key in sorted(found))


def find_pauses(segments: Sequence[Segment], min_silence_us: int) -> Pauses:
    """Return where nobody speaks for at least `min_silence_us`; nothing at all without segments."""
    if not segments:
        return Pauses()
    sentences = [(segment.start_us, segment.end_us) for segment in segments]
    words = [
        (word.start_us, word.end_us)
        for segment in segments
        for word in (segment.words or (segment,))
    ]
    return Pauses(
        sentences=_between(sentences, min_silence_us), words=_between(words, min_silence_us)
    )


def split_long(edges: Sequence[Edge], pauses: Pauses, limits: Limits) -> list[Edge]:
    """Add edges so that no piece is longer than the maximum.

    A piece is thought of as split into as few equal pieces as will do; each split then moves to the
    nearest pause between sentences, else to the nearest pause between words, else stays (`even`).
    It never moves so far that a piece becomes shorter than half an equal one, shorter than the
    minimum, or longer than the maximum.
    """
    result = [edges[0]]
    for end in edges[1:]:
        while end.time_us - result[-1].time_us > limits.max_us:
            result.append(_split(result[-1].time_us, end.time_us, pauses, limits))
        result.append(end)
    return result


def merge_short(edges: Sequence[Edge], limits: Limits) -> list[Edge]:
    """Remove edges beside pieces that are too short.

    Edges are taken from the weakest to the strongest, among equals those of the shortest pair
    first. An edge goes if a piece beside it is shorter than the minimum and both together are not
    longer than the maximum. One pass is enough, because pieces only grow.
    """
    times = [edge.time_us for edge in edges]
    # Piece n lies between the edges n and n + 1. Of each run of merged pieces, the last one knows
    # the first and the first one knows the last.
    first_of, last_of = list(range(len(edges))), list(range(len(edges)))
    removed: set[int] = set()
    inner = range(1, len(edges) - 1)
    for n in sorted(inner, key=lambda n: (edges[n].score, times[n + 1] - times[n - 1], n)):
        first, last = first_of[n - 1], last_of[n]
        start, middle, end = times[first], times[n], times[last + 1]
        if min(middle - start, end - middle) < limits.min_us and end - start <= limits.max_us:
            removed.add(n)
            last_of[first], first_of[last] = last, first
    return [edge for n, edge in enumerate(edges) if n not in removed]


def _shot_edges(shots: Sequence[Shot], boundaries: Sequence[Boundary]) -> list[Edge]:
    scores = {boundary.time_us: boundary.score for boundary in boundaries}
    edges = [
        Edge(shot.start_us, shot.start_kind, scores.get(shot.start_us, shot.score))
        for shot in shots
    ]
    # The video's own ends are certain, whatever the shots beside them.
    edges[0] = Edge(shots[0].start_us, shots[0].start_kind, 1.0)
    return [*edges, Edge(shots[-1].end_us, shots[-1].end_kind, 1.0)]


def _split(start_us: int, end_us: int, pauses: Pauses, limits: Limits) -> Edge:
    """Return the first of the edges that divide `[start_us, end_us)`, which is too long."""
    duration = end_us - start_us
    num_pieces = -(-duration // limits.max_us)
    even = start_us + duration // num_pieces
    earliest = start_us + max(limits.min_us, (even - start_us) // 2)
    latest = min(start_us + limits.max_us, end_us - limits.min_us)
    for stretches in (pauses.sentences, pauses.words):
        found = _nearest_pause(
            stretches, even, earliest, latest, margin_us=limits.min_silence_us // 2
        )
        if found is not None:
            return found
    return Edge(even, BoundaryKind.EVEN, 0.0)


def _nearest_pause(
    stretches: Sequence[tuple[int, int]],
    even_us: int,
    earliest_us: int,
    latest_us: int,
    *,
    margin_us: int,
) -> Edge | None:
    """Return the edge in a pause that lies nearest to `even_us`, inside `[earliest_us, latest_us]`.

    It keeps `margin_us` away from the words at both ends of the pause.
    """
    best: tuple[int, Edge] | None = None
    first = bisect.bisect_right(stretches, earliest_us, key=lambda stretch: stretch[1])
    for start, end in stretches[first:]:
        if start >= latest_us:
            break
        low, high = max(start + margin_us, earliest_us), min(end - margin_us, latest_us)
        if low > high:
            continue
        time = min(max(even_us, low), high)
        if best is None or abs(time - even_us) < best[0]:
            score = min(1.0, (end - start) / CERTAIN_SILENCE_US)
            best = abs(time - even_us), Edge(time, BoundaryKind.SILENCE, score)
    return best[1] if best else None


def _between(stretches: Sequence[tuple[int, int]], min_us: int) -> tuple[tuple[int, int], ...]:
    """Return what lies between `stretches`, before the first and after the last, if long enough."""
    found = []
    end_us = -_FOREVER_US
    for start, end in [*sorted(stretches), (_FOREVER_US, _FOREVER_US)]:
        if start - end_us >= min_us:
            found.append((end_us, start))
        end_us = max(end_us, end)
    return tuple(found)
