"""Rules that leave clips out before the expensive steps see them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from ..schemas.clip import Clip, ClipScores
from ..schemas.outcome import RejectionReason
from .base import Kept, Map, Rejected

SCORE_NAMES = tuple(field.name for field in fields(ClipScores))
"""What a rule can be about."""


@dataclass(frozen=True, kw_only=True)
class ScoreRule:
    """What a score must be for a clip to stay; a score that was not measured breaks no rule.

    Raises:
        ValueError: there is no such score, no bound is given, or no number fits both.
    """

    score: str
    """A field of `ClipScores`."""
    minimum: float | None = None
    """Least value that stays."""
    maximum: float | None = None
    """Greatest value that stays."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.score not in SCORE_NAMES:
            raise ValueError(f"score={self.score!r} must be one of: {', '.join(SCORE_NAMES)}")
        if self.minimum is None and self.maximum is None:
            raise ValueError(f"the rule on {self.score!r} needs a minimum, a maximum, or both")
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        if not low <= high:  # also where one is not a number
            raise ValueError(
                f"the rule on {self.score!r} rejects everything: minimum={self.minimum} must be "
                f"<= maximum={self.maximum}"
            )


@dataclass(kw_only=True)
class RejectByScore(Map[Clip, Clip]):
    """Reject clips whose scores break a rule; the first rule broken gives reason and value.

    To build once and filter later, leave this empty and put the thresholds into a view.
    """

    rules: tuple[ScoreRule, ...] = ()
    """Tried in order."""

    @property
    def sees_batches(self) -> bool:
        """Each clip is looked at alone."""
        return False

    def process_batch(self, records: Sequence[Clip]) -> list[Kept[Clip] | Rejected]:
        """Return each clip, or why it is left out."""
        return [self._judge(clip) for clip in records]

    def _judge(self, clip: Clip) -> Kept[Clip] | Rejected:
        for rule in self.rules:
            value: float | None = getattr(clip.scores, rule.score)
            if value is None:
                continue
            if rule.minimum is not None and value < rule.minimum:
                reason, bound = RejectionReason.SCORE_BELOW, f"minimum {rule.minimum}"
            elif rule.maximum is not None and value > rule.maximum:
                reason, bound = RejectionReason.SCORE_ABOVE, f"maximum {rule.maximum}"
            else:
                continue
            return Rejected(
                input_id=clip.clip_id,
                reason=reason,
                value=value,
                message=f"{rule.score} {value:.4g} against the {bound}",
            )
        return Kept(input_id=clip.clip_id, record=clip)
