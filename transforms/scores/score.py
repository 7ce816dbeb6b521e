"""Measure clips. Scores, not decisions: what to do with a number is a view's or a recipe's choice.

A new scorer is one new file beside this one, its field in `schemas.clip.ClipScores`, and one line
in `SCORERS`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...schemas.clip import Clip
from ..base import Kept, Map
from . import exposure, motion, sharpness, speech
from .scorer import Scorer

SCORERS: tuple[Scorer, ...] = (
    *motion.SCORERS,
    *sharpness.SCORERS,
    *exposure.SCORERS,
    *speech.SCORERS,
)
"""All scorers, in the order in which they run."""


@dataclass(kw_only=True)
class ScoreClips(Map[Clip, Clip]):
    """Fill `Clip.scores` from what the scan measured on frames and from the words.

    No pixel is read: the numbers of each frame came with the decoding pass.
    """

    @property
    def sees_batches(self) -> bool:
        """Each clip is looked at alone."""
        return False

    def process_batch(self, records: Sequence[Clip]) -> list[Kept[Clip]]:
        """Return each clip with its scores."""
        return [Kept(input_id=clip.clip_id, record=_scored(clip)) for clip in records]


def _scored(clip: Clip) -> Clip:
    measured = {scorer.name: scorer.score(clip) for scorer in SCORERS}
    return replace(clip, scores=replace(clip.scores, **measured))
