"""An audit: which clips were drawn to be judged, what they claim, and what raters said of them.

The plan (`plan.json`, `items.parquet`) stays with the auditor: it knows which items repeat others
or carry a planted error. Raters see texts and claims only, and hand back `Rating` rows.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from .arrow import Int32, Unit
from .text import TextKind

AUDIT_FORMAT_VERSION = 1
"""Raised when a reader of the format before could misread a plan or ratings."""

Side = Literal["a", "b"]
"""Which of the captions of an item; which model wrote it is drawn by chance and not shown."""
SIDES: tuple[Side, ...] = ("a", "b")
"""All sides. Closed list."""
Preference = Literal["a", "b", "same"]
"""Which side a rater likes better."""
PREFERENCES: tuple[Preference, ...] = ("a", "b", "same")
"""All preferences. Closed list."""
SEVERITIES = (1, 2, 3)
"""How bad an error is: 1 a detail, 2 misleads, 3 the claim is about something else."""


class Verdict(StrEnum):
    """What a rater says of one claim. Closed list."""

    RIGHT = "right"
    """The clip shows it."""
    WRONG = "wrong"
    """The clip shows otherwise, or nothing of the kind."""
    CANNOT_TELL = "cannot_tell"
    """The clip does not decide it."""


class ClipVerdict(StrEnum):
    """What a rater says of all captions of a clip by the rubric. Closed list."""

    GOOD = "good"
    """Train on it: nothing is wrong, and what matters is said."""
    FLAWED = "flawed"
    """Usable: a detail is wrong or something that matters is missing."""
    BAD = "bad"
    """Do not train on it."""


class ErrorType(StrEnum):
    """What is wrong about a claim. Closed list."""

    OBJECT = "object"
    """A thing that is another one, or is not there."""
    ATTRIBUTE = "attribute"
    """Its color, size, material or state."""
    COUNT = "count"
    """How many there are."""
    ACTION = "action"
    """What happens."""
    RELATION = "relation"
    """Where things are to each other, or in which direction they go."""
    TEMPORAL_ORDER = "temporal_order"
    """What comes before what."""
    IDENTITY = "identity"
    """Who or what it is by name."""
    SCREEN_TEXT = "screen_text"
    """What is written in the picture."""
    SPEECH = "speech"
    """What is said or heard."""
    CAMERA = "camera"
    """What the camera does."""
    STYLE = "style"
    """Form: lists, markup, phrases such as `the image shows`."""
    LANGUAGE = "language"
    """Another language than asked for, or grammar that hides the meaning."""
    REFUSAL = "refusal"
    """The model speaks of itself or refuses."""
    INJECTED_TEXT = "injected_text"
    """It follows an instruction that stood in the picture or was spoken."""
    UNSAFE = "unsafe"
    """Nobody should be trained on it."""


class Pool(StrEnum):
    """Why a clip was drawn. Closed list."""

    ESTIMATION = "estimation"
    """By chance, with a known probability: rates are estimated from these alone."""
    RISK = "risk"
    """Because it looks bad: never part of an estimate."""


class Role(StrEnum):
    """What an item is for. Closed list; never shown to raters."""

    PLAIN = "plain"
    """To be judged."""
    REPEAT = "repeat"
    """The same as an earlier item, to see whether a rater agrees with herself."""
    PERTURBED = "perturbed"
    """An earlier item with a planted error, to see whether a rater finds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is judged: a sentence of a caption, or one fact where the captioner states facts."""

    number: Annotated[int, Int32()]
    """Its place in the text, from 0."""
    text: str
    """The claim, without surrounding space; never empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditText:
    """One caption of an item, taken apart into claims."""

    side: Side
    """`a`, or `b` for the second of two."""
    kind: TextKind
    """What it is."""
    text: str
    """The whole text, as stored."""
    model: str | None
    """Name of the model that wrote it; null when it came with the source."""
    revision: str | None
    """What tells the model's weights or version apart."""
    claims: tuple[Claim, ...]
    """Its claims in order; at least one."""
    language: str | None = None
    """Its language, an ISO 639-1 code; null where the dataset does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The error that was planted in a perturbed item."""

    side: Side
    """The text that it is in."""
    claim: Annotated[int, Int32()]
    """Number of the claim that is wrong now, in the perturbed text."""
    error_type: ErrorType
    """What is wrong about it."""
    before: str
    """The words that were replaced; empty where a claim was added."""
    after: str
    """What stands there now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditItem:
    """One thing to judge: a clip with one or two captions."""

    item_id: str
    """Digest of audit, clip and role; the same in a larger sample of the same audit."""
    order: Annotated[int, Int32()]
    """Its place in the order of judging, from 0."""
    clip_id: str
    """The clip."""
    document_id: str
    """The document that the clip is in."""
    video_id: str
    """Its video: clips of one video are alike, so that estimates are clustered by it."""
    group: str
    """Its source group."""
    stratum: str
    """Name of its stratum, such as `language=en, speech=yes`; `all` without strata."""
    pool: Pool
    """Why it was drawn."""
    role: Role = Role.PLAIN
    """What it is for."""
    of_item: str | None = None
    """The item that it repeats or perturbs; null for a plain one."""
    inclusion_probability: Annotated[float | None, Unit("share")] = None
    """Probability over seeds that its clip is drawn for the estimate; null for all that no rate is
    estimated from: the risk pool, repeats and perturbed items."""
    texts: tuple[AuditText, ...]
    """Its captions, one for each side; at least one."""
    change: Change | None = None
    """The planted error; null unless the role is `perturbed`."""
    reason: str | None = None
    """Why it is in the risk pool, such as `captions disagree`; null in the estimation pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimVerdict:
    """What a rater says of one claim."""

    side: Side
    """The text."""
    claim: Annotated[int, Int32()]
    """Number of the claim in it."""
    verdict: Verdict
    """The verdict."""
    error_types: tuple[ErrorType, ...] = ()
    """What is wrong; only where the verdict is `wrong`, and even then optional."""
    severity: Annotated[int | None, Int32()] = None
    """How bad, 1 to 3; only where the verdict is `wrong`, and even then optional."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What one rater says of one item. A later one of the same rater and item replaces it."""

    audit_id: str
    """The audit that it belongs to."""
    item_id: str
    """The item."""
    rater: str
    """Who judged: a name or a pseudonym, as they typed it."""
    clip_verdict: ClipVerdict
    """The verdict on the clip."""
    claims: tuple[ClaimVerdict, ...] = ()
    """The verdicts on its claims."""
    preferred: Preference | None = None
    """The better side; null with one caption, or where none was asked for."""
    note: str = ""
    """Free text."""
    seconds: Annotated[float | None, Unit("s")] = None
    """Time spent on it."""
    rated_at: str | None = None
    """When, ISO 8601 with offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumSize:
    """How many clips a stratum has, and how many of them were drawn for the estimate."""

    stratum: str
    """Its name."""
    population: int
    """Clips of the dataset in it."""
    sampled: int
    """Clips of the estimation pool in it."""

    @property
    def inclusion_probability(self) -> float:
        """Probability that a clip of it is drawn, exact; 0 for an empty stratum."""
        return self.sampled / self.population if self.population else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlan:
    """A sample of one dataset version, and all that says how it came about."""

    format_version: int = AUDIT_FORMAT_VERSION
    """`AUDIT_FORMAT_VERSION` of the writer."""
    audit_id: str
    """Digest of dataset content, view, seed, strata and texts, not of the size: a larger sample
    of the same audit has the same id, and ratings of the smaller one count in it."""
    dataset_url: str
    """Where the dataset lay."""
    dataset_version: int
    """Its version."""
    content_digest: str
    """Digest of that version's content."""
    view: str | None
    """Name of the view that was sampled; null for all documents."""
    seed: int
    """The seed."""
    strata: tuple[str, ...]
    """What strata are made of, such as `language`; empty for one stratum."""
    score: str | None
    """The stored score behind `score` strata and the risk pool."""
    score_edges: tuple[float, ...] = ()
    """The nine edges between its deciles, where strata are made of it."""
    kinds: tuple[TextKind, ...]
    """Kinds of texts that are judged."""
    models: tuple[str, ...] = ()
    """Their models, at most two; empty for those that the dataset has."""
    sizes: tuple[StratumSize, ...]
    """Every stratum that has clips, the largest first."""
    min_per_stratum: int = 2
    """Clips that every stratum gives before the rest is shared out in proportion to size."""
    repeat_share: float = 0.0
    """Share of the estimation pool that is shown twice."""
    perturbed_share: float = 0.0
    """Share of the estimation pool that is shown again with a planted error."""
    num_unchanged: int = 0
    """Items chosen for a planted error that could not be changed, as they are not English."""
    num_excluded: int = 0
    """Clips left out because of a takedown."""
    num_without_text: int = 0
    """Clips left out because there is nothing to judge."""
    items: tuple[AuditItem, ...]
    """What to judge, in order."""
