"""How much moves."""

from ...schemas.clip import Clip
from .scorer import Scorer, mean


def motion(clip: Clip) -> float | None:
    """Mean luma change per second between neighbouring grid frames of the clip, 0 to 255 per s.

    The first grid frame is left out: its change is measured against a frame before the clip, so
    that a hard cut would count as motion.
    """
    grid = [frame for frame in clip.frames if frame.is_grid]
    return mean([frame.motion for frame in grid[1:]])


SCORERS = (Scorer("motion", motion),)
