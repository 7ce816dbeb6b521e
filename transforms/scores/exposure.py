"""How bright the pictures are, and how far light and dark lie apart."""

from ...schemas.clip import Clip
from .scorer import Scorer, mean


def brightness(clip: Clip) -> float | None:
    """Mean luma over the clip's frames, 0 to 255."""
    return mean([frame.brightness for frame in clip.frames])


def contrast(clip: Clip) -> float | None:
    """Mean over the clip's frames of the standard deviation of luma, 0 to 127.5."""
    return mean([frame.contrast for frame in clip.frames])


SCORERS = (Scorer("brightness", brightness), Scorer("contrast", contrast))
