"""The numbers of a whole document, from those of its clips."""

import math
from collections.abc import Sequence

from ...schemas.clip import Flag
from ...schemas.document import DocumentClip, DocumentScores


def document_scores(
    clips: Sequence[DocumentClip], language_probability: float | None
) -> DocumentScores:
    """Return the scores of a document.

    Args:
        clips: its clips in time order, at least one.
        language_probability: the recogniser's probability for the video's language.
    """
    words = [word.probability for clip in clips for word in clip.words]
    span_us = max(clip.end_us for clip in clips) - clips[0].start_us
    repeated = sum(Flag.REPEATED_CAPTION in clip.flags for clip in clips)
    return DocumentScores(
        motion=_weighted(clips, "motion"),
        sharpness=_weighted(clips, "sharpness"),
        brightness=_weighted(clips, "brightness"),
        speech_share=_weighted(clips, "speech_share"),
        word_probability=mean([p for p in words if p is not None]),
        language_probability=language_probability,
        clip_share=_covered_us(clips) / span_us,
        caption_repetition=repeated / len(clips),
    )


def _covered_us(clips: Sequence[DocumentClip]) -> int:
    """Return the time that clips cover; given spans may overlap and count once."""
    covered_us, reached_us = 0, clips[0].start_us
    for clip in clips:
        covered_us += max(0, clip.end_us - max(clip.start_us, reached_us))
        reached_us = max(reached_us, clip.end_us)
    return covered_us


def mean(values: Sequence[float]) -> float | None:
    """Return the mean, rounded correctly whatever the order; None without values."""
    return math.fsum(values) / len(values) if values else None


def _weighted(clips: Sequence[DocumentClip], name: str) -> float | None:
    """Return the mean of a score over the clips that have it, weighted by duration."""
    pairs = [(getattr(clip.scores, name), clip.end_us - clip.start_us) for clip in clips]
    measured = [(value, duration_us) for value, duration_us in pairs if value is not None]
    if not measured:
        return None
    total_us = sum(duration_us for _, duration_us in measured)
    return math.fsum(value * duration_us for value, duration_us in measured) / total_us
