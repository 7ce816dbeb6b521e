"""Scores what the pipeline says of the example videos against what is true of them."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..schemas.document import Document
from ..schemas.video import Boundary, BoundaryKind
from .observed import Observed, observe_documents
from .score_captions import CaptionScore, score_captions
from .shares import NONE, Share
from .truth import TransitionTruth, VideoTruth
from .words import word_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How much was found, and how much of what was found is true. Scores of videos add up."""

    num_videos: int = 0
    duration_us: int = 0
    """Duration of the videos scored."""
    cuts: Share = NONE
    """Cuts with a boundary within one frame."""
    dissolves: Share = NONE
    """Dissolves with a boundary inside them."""
    fades: Share = NONE
    """Fades through black with a boundary inside them."""
    kinds: Share = NONE
    """Found transitions whose kind is right."""
    boundaries: Share = NONE
    """Boundaries that are a transition; a second one at the same transition is not."""
    word_errors: Share = NONE
    """Words substituted, inserted or left out, of those spoken."""
    captions: CaptionScore = field(default_factory=CaptionScore)
    """What the captions say."""

    def __add__(self, other: "Score") -> "Score":
        names = [f.name for f in dataclasses.fields(self)]
        return Score(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def false_boundaries_per_minute(self) -> float:
        """Boundaries that are no transition, per minute of video."""
        num_false = self.boundaries.n - self.boundaries.count
        return num_false / (self.duration_us / 60e6) if self.duration_us else 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table of scores."""

    measure: str
    share: Share


def score_video(truth: VideoTruth, observed: Observed) -> Score:
    """Score one video."""
    matches = match_boundaries(truth, observed.boundaries)
    found = [(transition, match) for transition, match in matches if match is not None]

    def share(kind: BoundaryKind) -> Share:
        of_kind = [match for transition, match in matches if transition.kind is kind]
        return Share(sum(match is not None for match in of_kind), len(of_kind))

    return Score(
        num_videos=1,
        duration_us=truth.duration_us,
        cuts=share(BoundaryKind.CUT),
        dissolves=share(BoundaryKind.DISSOLVE),
        fades=share(BoundaryKind.FADE),
        kinds=Share(sum(t.kind is match.kind for t, match in found), len(found)),
        boundaries=Share(len(found), len(observed.boundaries)),
        word_errors=word_errors(truth.speech(), observed.speech),
        captions=score_captions(truth.scenes, observed.clips),
    )


def score_documents(
    documents: Iterable[Document],
    truths: Sequence[VideoTruth],
    boundaries: Mapping[str, Sequence[Boundary]] | None = None,
) -> Score:
    """Score the documents of a finished dataset.

    Args:
        documents: rows of the dataset; those of other videos are left out.
        truths: the truth of each video, which is known by its file's name. A video without any
            document counts as found nothing.
        boundaries: by video id, what the scan found; without it, the clips' edges are scored.
    """
    by_file: dict[str, list[Document]] = {}
    for document in documents:
        by_file.setdefault(PurePosixPath(document.source.uri).name, []).append(document)
    total = Score()
    for truth in truths:
        rows = by_file.get(truth.file, [])
        known = (boundaries or {}).get(rows[0].video_id) if rows else None
        total += score_video(truth, observe_documents(rows, known))
    return total


def match_boundaries(
    truth: VideoTruth, boundaries: Sequence[Boundary]
) -> list[tuple[TransitionTruth, Boundary | None]]:
    """Give each transition the boundary nearest to it, if one is at most a frame away from it.

    Each boundary is given once, so that a second one at the same transition stays over.
    """
    left = list(boundaries)
    matches: list[tuple[TransitionTruth, Boundary | None]] = []
    for transition in truth.transitions:
        start = transition.start_us - truth.frame_us
        end = transition.end_us + truth.frame_us
        near = [b for b in left if start <= b.time_us <= end]
        match = min(near, key=lambda b: abs(b.time_us - transition.time_us), default=None)
        if match is not None:
            left.remove(match)
        matches.append((transition, match))
    return matches


def score_rows(score: Score) -> list[Row]:
    """Return all shares of a score, in reading order, with their names."""
    rows = [
        Row("cuts found within one frame", score.cuts),
        Row("dissolves found", score.dissolves),
        Row("fades found", score.fades),
        Row("found transitions of the right kind", score.kinds),
        Row("boundaries that are true", score.boundaries),
        Row("word error rate", score.word_errors),
    ]
    for name, fact in score.captions.facts():
        rows.append(Row(f"{name}: stated and right", fact.precision))
        rows.append(Row(f"{name}: true and stated", fact.coverage))
    return rows


def format_score(score: Score) -> str:
    """Write a score as a small table for a terminal."""
    lines = [f"{'':38}{'share':>8}{'n':>7}   95 % interval"]
    for row in score_rows(score):
        value = row.share.value
        low, high = row.share.interval()
        shown = "-" if value is None else f"{value:.1%}"
        interval = "" if value is None else f"   {low:.1%} to {high:.1%}"
        lines.append(f"{row.measure:38}{shown:>8}{row.share.n:>7}{interval}")
    lines.append(
        f"{'false boundaries per minute':38}{score.false_boundaries_per_minute:>8.2f}"
        f"{'':7}   in {score.duration_us / 60e6:.1f} minutes of {score.num_videos} videos"
    )
    return "\n".join(lines)
