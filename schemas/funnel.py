"""What became of each source and each clip of a plan (`funnel/<plan>.parquet`)."""

from dataclasses import dataclass
from enum import StrEnum

from .outcome import Disposition


class FunnelKind(StrEnum):
    """What a row of the funnel is about. Closed list."""

    SOURCE = "source"
    """One source of the plan, up to the choice of its clips."""
    CLIP = "clip"
    """One clip that was chosen of it, up to its document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelRow:
    """One source or clip that was attempted, and where it ended."""

    id: str
    """The `source_id`, or the `clip_id`."""
    kind: FunnelKind
    """Which of the two."""
    source_id: str
    """The source that it belongs to."""
    video_id: str | None
    """The video that it belongs to; null where nothing was fetched."""
    step: str
    """The last step that it came to."""
    stage: str
    """The last stage inside that step."""
    disposition: Disposition
    """Its fate there: `kept` means that it went all the way."""
    code: str | None
    """Why it was left out: a `RejectionReason` or an `ErrorCode`; null when kept."""
    value: float | None
    """The number that decided, such as a duration in seconds or a score."""
    message: str | None
    """What went wrong, in words."""
