"""How much is spoken, how fast, and how sure the recogniser is.

All are null where no recogniser listened, and 0 where it did and heard nothing.
"""

from ...schemas.clip import Clip, Flag
from .scorer import Scorer, mean


def speech_share(clip: Clip) -> float | None:
    """Share of the clip's time that its words cover; what sticks out of the clip is not counted."""
    if not _was_heard(clip):
        return None
    covered = 0
    at = clip.start_us
    for word in clip.words:
        start, end = max(word.start_us, at), min(word.end_us, clip.end_us)
        if start < end:
            covered += end - start
            at = end
    return covered / (clip.end_us - clip.start_us)


def words_per_s(clip: Clip) -> float | None:
    """Spoken words per second of the clip."""
    if not _was_heard(clip):
        return None
    return len(clip.words) * 1_000_000 / (clip.end_us - clip.start_us)


def word_probability(clip: Clip) -> float | None:
    """Mean of the recogniser's probabilities of its words; null without words."""
    return mean([word.probability for word in clip.words if word.probability is not None])


def _was_heard(clip: Clip) -> bool:
    return clip.speech_model is not None or Flag.NO_AUDIO in clip.flags


SCORERS = (
    Scorer("speech_share", speech_share),
    Scorer("words_per_s", words_per_s),
    Scorer("word_probability", word_probability),
)
