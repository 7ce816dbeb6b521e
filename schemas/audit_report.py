"""What an audit found: rates with their intervals, whether raters agree, and what they saw.

A report holds all that its pages show, so that nothing else is needed to make them again but the
contact sheets beside it. There is no clock in it: the same plan and ratings give the same report.
"""

from dataclasses import dataclass
from typing import Annotated

from .arrow import Unit
from .audit import ErrorType, Side
from .estimate import Agreement, Estimate
from .text import TextKind

AUDIT_REPORT_VERSION = 1
"""Raised when a reader of the format before could misread a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One share of claims or clips, such as claims that are wrong, three times over."""

    name: str
    """As gates name it: `wrong`, `cannot_tell`, `severe`, `clips_with_error`, `bad`, `not_good`."""
    title: str
    """As people read it, such as `Wrong claims`."""
    what: str
    """What it is the share of, in one sentence."""
    estimate: Estimate
    """Weighted by one over the inclusion probability, and clustered by video: THE one to quote.
    Of a part, as severe errors are of all, it reaches no higher than that of the whole."""
    exact: Estimate
    """`num_of` of `num_items` by Clopper and Pearson, as if each item were drawn alike and alone:
    of those judged, not of the dataset."""
    wilson: Estimate
    """The same by Wilson."""
    num_of: int
    """Items judged so."""
    num_items: int
    """Items judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumReport:
    """The rates of one stratum."""

    stratum: str
    """Its name."""
    population: int
    """Clips of the dataset in it."""
    num_planned: int
    """Clips of it that were drawn for the estimate."""
    num_rated: int
    """Those that were judged."""
    rates: tuple[Rate, ...]
    """As of the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReport:
    """The rates of the texts that one model wrote."""

    kind: TextKind
    """What they are."""
    model: str | None
    """The model; null where they came with the sources."""
    revision: str | None
    """Its weights or version."""
    num_texts: int
    """Texts that were judged."""
    rates: tuple[Rate, ...]
    """Those that speak of claims, and the share of its texts with a wrong one; what is said of a
    clip is about all of its texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundErrors:
    """How many planted errors of one type were found, by all raters together."""

    error_type: ErrorType
    """What was planted."""
    found: Estimate
    """The share found; Clopper-Pearson."""
    num_found: int
    """Those found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterReport:
    """What can be said of one rater. All intervals are Clopper and Pearson's."""

    rater: str
    """The name or pseudonym, as typed: anything may stand in it."""
    num_rated: int
    """Clips of the estimation pool that she judged."""
    num_claims: int
    """Their claims that she judged."""
    wrong: Estimate
    """Share of the claims she decided that she calls wrong."""
    cannot_tell: Estimate
    """Share of the claims that she left open."""
    sensitivity: Estimate
    """Share of planted errors that she found: the planted claim is judged wrong."""
    num_found: int
    """Planted errors that she found."""
    self_agreement: Estimate
    """Share of claims shown to her twice that she judged alike."""
    num_repeats: int
    """Clips that she judged twice."""
    seconds: Annotated[float | None, Unit("s")]
    """Median time for one item; null where none was noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorExample:
    """One wrong claim."""

    item_id: str
    """The item."""
    clip_id: str
    """The clip."""
    document_id: str
    """Its document."""
    video_id: str
    """Its video."""
    side: Side
    """The text."""
    claim: int
    """Number of the claim in it."""
    text: str
    """The claim, cut where it is very long."""
    model: str | None
    """Who wrote it; null where it came with the source."""
    severity: int | None
    """How bad, 1 to 3; null where nobody said."""
    notes: tuple[str, ...]
    """What raters who call it wrong wrote about the clip, cut where it is very long."""

    @property
    def sheet(self) -> str:
        """Path of the contact sheet in the audit's folder; a clip without frames has none."""
        return f"site/sheets/{self.clip_id}.jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReport:
    """Wrong claims of one type. A claim with several types counts in each."""

    error_type: ErrorType | None
    """What is wrong; null for those where raters named nothing."""
    num_claims: int
    """Wrong claims of it."""
    num_clips: int
    """Clips with one."""
    share: Estimate
    """Their share of decided claims, weighted and clustered as a rate's estimate."""
    examples: tuple[ErrorExample, ...]
    """At most three, the worst first, each of another clip while there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskReport:
    """Plain counts of the risk pool. These clips were picked as they look bad: no estimate."""

    num_planned: int
    """Clips that were picked."""
    num_rated: int
    """Those that were judged."""
    num_claims: int
    """Their claims that were decided."""
    num_wrong: int
    """Those that are wrong."""
    num_with_error: int
    """Clips with a wrong claim."""
    num_bad: int
    """Clips judged bad."""
    num_flawed: int
    """Clips judged flawed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What raters said of a sample, and how sure that is.

    Where several judged one item their majority counts, and of a tie the worse: wrong before
    cannot tell before right, bad before flawed before good, the higher severity.
    """

    format_version: int = AUDIT_REPORT_VERSION
    """`AUDIT_REPORT_VERSION` of the writer."""
    audit_id: str
    """The audit."""
    dataset_url: str
    """Where its dataset lay."""
    dataset_version: int
    """The version."""
    content_digest: str
    """Digest of that version's content."""
    view: str | None
    """The view that was sampled; null for all documents."""
    seed: int
    """Seed of the sample."""
    population: int
    """Clips that the sample was drawn from: the rates are about these."""
    num_planned: int
    """Clips that were drawn for the estimate."""
    num_rated: int
    """Those that were judged."""
    num_videos: int
    """Videos that these are of."""
    num_claims: int
    """Their claims that were judged."""
    num_raters: int
    """Raters who judged at least one of them."""
    rates: tuple[Rate, ...]
    """All rates of the dataset, the most important first."""
    strata: tuple[StratumReport, ...]
    """Those of each stratum, in the plan's order; empty with one stratum."""
    texts: tuple[TextReport, ...]
    """Those of each model, by number of texts."""
    agreement: Agreement
    """Of raters about claims: right, wrong, cannot tell."""
    clip_agreement: Agreement
    """Of raters about clips: good, flawed, bad, which are in an order."""
    raters: tuple[RaterReport, ...]
    """Each rater, by name."""
    sensitivity: Estimate
    """Share of planted errors that were found, over all raters; Clopper-Pearson."""
    found: tuple[FoundErrors, ...]
    """The same by type of error, the most often planted first."""
    errors: tuple[ErrorReport, ...]
    """What is wrong, the largest share first."""
    risk: RiskReport
    """The risk pool."""
    reasons: tuple[str, ...]
    """Why the rates must not be quoted, a sentence each; empty if they may."""
    caveats: tuple[str, ...]
    """What must be said beside the rates, a sentence each."""

    @property
    def is_quotable(self) -> bool:
        """Whether the rates may be quoted."""
        return not self.reasons
