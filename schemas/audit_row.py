"""What an audit found, as it stands in the dataset (`audits/<audit_id>/`) for views to ask about.

Only what was to be judged: never an item that repeats another or carries a planted error.
"""

from dataclasses import dataclass
from typing import Annotated

from .arrow import Int32, Unit
from .audit import ClipVerdict, ErrorType, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """What one rater says of one clip (`ratings-<sha8>.parquet`)."""

    audit_id: str
    """The audit."""
    item_id: str
    """The item that was judged."""
    document_id: str
    """The document that the clip is in."""
    content_sha256: str
    """The document's digest when it was judged: of one with another digest nothing is known."""
    clip_id: str
    """The clip."""
    video_id: str
    """Its video."""
    stratum: str
    """Name of its stratum; `all` without strata."""
    pool: Pool
    """Why it was drawn: rates are estimated from `estimation` alone."""
    inclusion_probability: Annotated[float | None, Unit("share")]
    """Probability that it is drawn; null in the risk pool."""
    models: tuple[str, ...]
    """Who wrote the captions that were judged, `given` where they came with the source."""
    rater: str
    """Who judged: a name or a pseudonym, as they typed it."""
    clip_verdict: ClipVerdict
    """Their verdict on the clip."""
    num_right: Annotated[int, Int32()]
    """Claims that they found right."""
    num_wrong: Annotated[int, Int32()]
    """Claims that they found wrong."""
    num_cannot_tell: Annotated[int, Int32()]
    """Claims that the clip does not decide."""
    max_severity: Annotated[int, Int32()]
    """The worst severity of a wrong claim, 1 to 3; 0 where none was said."""
    error_types: tuple[ErrorType, ...]
    """What is wrong about any of them, each once."""
    rated_at: str | None
    """When, ISO 8601 with offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedClip:
    """What all raters of one clip say together (`clips-<sha8>.parquet`).

    The majority counts, of the clip and of each claim; of equally many the worse.
    """

    document_id: str
    """The document that the clip is in."""
    content_sha256: str
    """The document's digest when it was judged."""
    clip_id: str
    """The clip."""
    num_raters: Annotated[int, Int32()]
    """Raters who judged it."""
    clip_verdict: ClipVerdict
    """The verdict on the clip."""
    num_right: Annotated[int, Int32()]
    """Right claims."""
    num_wrong: Annotated[int, Int32()]
    """Wrong claims."""
    num_cannot_tell: Annotated[int, Int32()]
    """Claims that the clip does not decide."""
    max_severity: Annotated[int, Int32()]
    """The worst severity of a wrong claim, 1 to 3; 0 where none was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAudit:
    """What the audits of a dataset version say of one document: columns for views, stored nowhere.

    All are 0 where nobody judged. Of a clip that several audits judged, the worst counts.
    """

    num_clips: Annotated[int, Int32()]
    """Its clips that were judged."""
    num_bad: Annotated[int, Int32()]
    """Those of them that are bad: not to be trained on."""
    num_flawed: Annotated[int, Int32()]
    """Those that are flawed: usable, with a detail wrong or something missing."""
    num_wrong: Annotated[int, Int32()]
    """Claims that are wrong, over these clips."""
    max_severity: Annotated[int, Int32()]
    """The worst severity of a wrong claim, 1 to 3; 0 where none was said."""
