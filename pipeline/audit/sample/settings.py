"""What a user says about an audit's sample."""

from dataclasses import dataclass
from typing import Literal

from ....schemas.errors import UsageError
from ....schemas.ids import digest
from ....schemas.text import TextKind
from ..claims import CLAIMS_VERSION
from .strata import check_names

SAMPLE_VERSION = 1
"""Raised when the same settings draw other clips."""
AUDITED_KINDS = (TextKind.GIVEN, TextKind.CAPTION)
"""What is judged unless the user says otherwise: what training takes for a caption."""
_PRINTED = frozenset({TextKind.SPEECH, TextKind.SUBTITLE})
"""Printed beside the clip, to judge by."""
_MAX_SHARE = 0.5
"""Of clips shown again: more would make a page of little else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """How an audit's sample is drawn.

    Raises:
        UsageError: a value is not allowed; the text names the option of `interlink audit sample`.
    """

    num_clips: int
    """Clips for the estimate, at least 1; all clips where there are fewer."""
    num_risk: int = 0
    """Clips that look bad, on top of that and apart from it."""
    seed: int = 0
    """Another seed draws other clips."""
    view: str | None = None
    """Name of a view of the dataset; null for all documents."""
    strata: tuple[str, ...] = ()
    """What strata are made of, of `DIMENSIONS`."""
    min_per_stratum: int = 2
    """Clips that every stratum gives first; two are the least that tell how much they differ."""
    score: str | None = None
    """A stored score, of `SCORES`, for strata of `score` and for what looks bad."""
    worst: Literal["low", "high"] = "low"
    """Which end of the score is bad."""
    kinds: tuple[TextKind, ...] = AUDITED_KINDS
    """Kinds of texts that are judged."""
    models: tuple[str, ...] = ()
    """One model, or two that are compared; `given` for texts of the source. Empty for all that
    the dataset has, if they are at most two."""
    repeat_share: float = 0.1
    """Share of the clips that are shown twice, so that a rater's own agreement can be told."""
    perturbed_share: float = 0.1
    """Share of the clips that are shown again with a planted error, to measure raters."""

    def __post_init__(self) -> None:
        check_names(self.strata, self.score)
        _check_least("--n", self.num_clips, 1)
        _check_least("--risk", self.num_risk, 0)
        _check_least("--min-per-stratum", self.min_per_stratum, 1)
        _check_share("--repeats", self.repeat_share)
        _check_share("--perturbed", self.perturbed_share)
        if not self.kinds or len(set(self.kinds)) < len(self.kinds):
            raise UsageError("--kinds must name at least one kind of text, each once")
        printed = _PRINTED & set(self.kinds)
        if printed:
            raise UsageError(f"--kinds {','.join(sorted(printed))}: what is said is no caption")
        if len(self.models) > 2 or len(set(self.models)) < len(self.models):
            raise UsageError(f"--model {', '.join(self.models)}: name at most two, each once")

    def audit_id(self, content_digest: str) -> str:
        """Return the id of the audit of a dataset version: all but how many are drawn.

        Args:
            content_digest: digest of the version's content.
        """
        return digest(
            "audit",
            (SAMPLE_VERSION, CLAIMS_VERSION),
            content_digest,
            (self.seed, self.view, sorted(self.strata), self.min_per_stratum),
            self.score if "score" in self.strata else None,
            (sorted(self.kinds), sorted(self.models)),
        )


def _check_least(option: str, value: int, least: int) -> None:
    if value < least:
        raise UsageError(f"{option} {value} must be at least {least}")


def _check_share(option: str, value: float) -> None:
    if not 0 <= value <= _MAX_SHARE:  # NaN is neither
        raise UsageError(f"{option} {value} must lie in [0, {_MAX_SHARE}]")


def item_id(audit_id: str, clip_id: str, role: str) -> str:
    """Return the id of an item. It leaves the pool out, so that ratings outlive a change of it."""
    return digest("item", audit_id, clip_id, role)
