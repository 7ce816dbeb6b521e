"""How sharp the pictures are."""

import statistics

from ...schemas.clip import Clip
from .scorer import Scorer


def sharpness(clip: Clip) -> float | None:
    """Median variance of the Laplacian over the clip's frames; low for blur.

    The median, because frames inside a transition or a fast pan are blurred in any clip.
    """
    values = [frame.sharpness for frame in clip.frames]
    return statistics.median(values) if values else None


SCORERS = (Scorer("sharpness", sharpness),)
