"""What two audits of the same clips, or two captions of each clip, say against each other.

A is the first and B the second; every difference is B minus A, so that below 0 B is better.
"""

from dataclasses import dataclass
from typing import Annotated

from .arrow import Unit
from .estimate import Estimate

AUDIT_COMPARISON_VERSION = 1
"""Raised when a reader of the format before could misread a comparison."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One of the two that are compared."""

    audit_id: str
    """The audit that it was judged in; the same for two captions of one audit."""
    dataset_url: str
    """Where its dataset lay."""
    dataset_version: int
    """The version."""
    content_digest: str
    """Digest of that version's content."""
    models: tuple[str, ...]
    """Who wrote the texts of the compared clips, in order; `given` where they came with the
    source."""
    raters: tuple[str, ...]
    """Who judged the compared clips, as they typed it, in order."""
    num_drawn: int
    """Clips that were drawn to be judged, for the estimate or because they look bad."""
    num_claims: int
    """Claims of the compared clips: who says less has fewer chances to be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Clips that could not be compared, for one reason."""

    reason: str
    """The reason, such as `drawn in A only`."""
    num_clips: int
    """How many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One number of both, on the same clips."""

    name: str
    """As gates name it: `clips_with_error`, `bad`, `not_good`, `wrong_claims`."""
    title: str
    """As people read it."""
    what: str
    """What it is the share of, in one sentence."""
    first: Annotated[float | None, Unit("share")]
    """That of A; null without clips."""
    second: Annotated[float | None, Unit("share")]
    """That of B."""
    difference: Estimate
    """B minus A, clustered by video: THE number to quote."""
    num_only_first: int
    """Clips where A is worse: it alone has an error, or it has the larger share of wrong claims."""
    num_only_second: int
    """Clips where B is worse."""
    p_value: float
    """McNemar's exact test of these two counts; of shares it is the sign test. It takes neither
    weights nor videos into account: where it and the interval differ, believe the interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Which caption raters like better, without knowing who wrote it."""

    num_first: int
    """Clips where A is preferred."""
    num_second: int
    """Clips where B is preferred."""
    num_same: int
    """Clips where both are the same, or as many raters prefer the one as the other."""
    num_without: int
    """Clips where nobody said."""
    prefer_second: Estimate
    """Of the clips where one is preferred, the share where it is B: clustered by video."""
    p_value: float
    """Two-sided sign test: were A and B alike, so far from half and half were as rare as this. It
    takes neither weights nor videos into account: where they differ believe the interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditComparison:
    """A against B. The same plans and ratings give the same comparison; there is no clock in it.

    Where several judged one clip their majority counts, and of a tie the worse: wrong before
    cannot tell before right, bad before flawed before good.
    """

    format_version: int = AUDIT_COMPARISON_VERSION
    """`AUDIT_COMPARISON_VERSION` of the writer."""
    first: Compared
    """A."""
    second: Compared
    """B."""
    num_shared: int
    """Clips that were drawn in both; of two captions, those that have both."""
    num_clips: int
    """Those that are compared: drawn for the estimate, and judged, in both."""
    num_videos: int
    """Videos that these are of."""
    is_weighted: bool
    """Whether clips count by one over the probability that they were drawn, so that the numbers
    are about all clips that were drawn from; else each counts the same."""
    left_out: tuple[LeftOut, ...]
    """All other clips of either, by reason."""
    differences: tuple[Difference, ...]
    """The numbers, the most important first."""
    preferences: Preferences | None
    """Which caption is preferred; null for two audits, and where nobody was asked."""
    caveats: tuple[str, ...]
    """What must be said beside the numbers, a sentence each."""
