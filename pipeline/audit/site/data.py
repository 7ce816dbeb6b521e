"""What the review page reads, field by field as in `site/src/types.ts`.

Nothing is here that raters must not know, such as an item's role, stratum or pool.

Times are integer microseconds on the source's presentation clock, half-open.
"""

from dataclasses import dataclass

from ....schemas.audit import Side
from ....schemas.text import TextKind
from ..rubric import Rubric, Term

SITE_FORMAT = 1
"""Raised when a page of the format before could misread the data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A contact sheet: one picture of frames in a grid, read like a page of text."""

    src: str
    """Path from the page."""
    columns: int
    """Frames in a row."""
    rows: int
    """Rows."""
    frame_width_px: int
    """Width of one frame."""
    frame_height_px: int
    """Height of one frame."""
    times_us: tuple[int, ...]
    """Presentation time of each frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the page's list needs of one item."""

    item_id: str
    """The item."""
    title: str
    """Title of its video, or the last part of its address."""
    group: str
    """Its source group."""
    excerpt: str
    """How its first caption begins."""
    language: str | None
    """Spoken language."""
    start_us: int
    """Start of the clip."""
    end_us: int
    """Its end, exclusive."""
    has_media: bool
    """Whether it can be played."""
    num_texts: int
    """Captions, one or two."""
    num_claims: int
    """Claims of all captions."""
    sheet: Sheet | None
    """Its contact sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteAudit:
    """The file that the page reads first."""

    format: int = SITE_FORMAT
    """`SITE_FORMAT` of the writer."""
    audit_id: str
    """The audit."""
    title: str
    """Name of the dataset."""
    dataset_version: int
    """Its version."""
    view: str | None
    """The view that was sampled."""
    chunk_size: int
    """Items in each of the other files."""
    rubric: Rubric
    """The rules of judging."""
    rows: tuple[Row, ...]
    """All items in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name and a value."""

    name: str
    """What it is."""
    value: str
    """Its value, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteClaim:
    """What is judged."""

    number: int
    """Its place in the text, from 0."""
    text: str
    """The claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteText:
    """One caption under judgement."""

    side: Side
    """Which of two."""
    kind: TextKind
    """What it is."""
    text: str
    """The whole text."""
    status: str
    """`TextStatus`."""
    writer: str | None
    """Model and revision; the page shows it after the verdict."""
    claims: tuple[SiteClaim, ...]
    """Its claims in order."""
    facts: tuple[Fact, ...]
    """What the captioner rests it on; the page shows it after the verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A number measured on the clip."""

    name: str
    """Name of the score."""
    value: float
    """Its value."""
    unit: str | None
    """Its unit."""
    meaning: str
    """One sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWord:
    """One spoken word."""

    text: str
    """The word."""
    start_us: int
    """Its start."""
    end_us: int
    """Its end, exclusive."""
    probability: float | None
    """The recogniser's own probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedText:
    """A text with its span."""

    kind: TextKind
    """What it is."""
    text: str
    """The text."""
    start_us: int
    """Its start."""
    end_us: int
    """Its end, exclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMedia:
    """The clip's own file."""

    src: str
    """Path from the page."""
    mime: str
    """Its media type."""
    start_us: int
    """What time 0 of the file is on the source's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A clip of the same document; of the judged one itself, only its span."""

    start_us: int
    """Its start."""
    end_us: int
    """Its end, exclusive."""
    is_this: bool
    """Whether it is the judged one."""
    texts: tuple[TimedText, ...]
    """Its texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The document around the clip."""

    start_us: int
    """Its start."""
    end_us: int
    """Its end, exclusive."""
    clips: tuple[Neighbour, ...]
    """Its clips in time order."""
    gaps: tuple[TimedText, ...]
    """What is said between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSource:
    """Where the video came from, as `DocumentSource` says."""

    title: str | None
    """Its title."""
    creator: str | None
    """Channel or uploader."""
    creator_uri: str | None
    """The channel's page."""
    uri: str
    """Where it came from."""
    site: str | None
    """The video site."""
    published: str | None
    """Date of publication."""
    language: str | None
    """Spoken language."""
    license: str | None
    """License as normalised."""
    license_raw: str | None
    """License as found."""
    license_source: str | None
    """Where it was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteItem:
    """All that the page shows of one item."""

    item_id: str
    """The item."""
    clip_id: str
    """The clip."""
    document_id: str
    """Its document."""
    video_id: str
    """Its video."""
    group: str
    """Its source group."""
    start_us: int
    """Start of the clip."""
    end_us: int
    """Its end, exclusive."""
    media: SiteMedia | None
    """Its file; null where the license left it out, or it could not be made playable."""
    sheet: Sheet | None
    """Its contact sheet, which stands in for the file."""
    texts: tuple[SiteText, ...]
    """The captions to judge."""
    words: tuple[SiteWord, ...]
    """The words spoken inside it."""
    speech: tuple[TimedText, ...]
    """What is said, as text: for a page without words."""
    screen_text: tuple[TimedText, ...]
    """What is written in the picture."""
    context: Context
    """The document around it."""
    scores: tuple[Score, ...]
    """Its numbers."""
    flags: tuple[Term, ...]
    """What to know about it."""
    source: SiteSource
    """Where it came from."""
    provenance: tuple[Fact, ...]
    """The steps behind it."""
