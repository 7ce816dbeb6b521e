"""The dataset's row: the clips and texts of one video, interleaved in time (`docs/*.parquet`)."""

from dataclasses import dataclass
from typing import Annotated

from .arrow import Float32, Int16, Int32, LargeString, Unit
from .clip import ClipBoundary, ClipScores, Flag
from .lineage import Lineage
from .text import Caption, Word

SCHEMA_VERSION = 1
"""Raised when a column changes its name, type or meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture as `datasets` stores it: the bytes of a JPEG file."""

    bytes: bytes
    """The JPEG, never encoded again since the scan."""
    path: str | None = None
    """Always null: the bytes are here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFrame:
    """One sampled frame of a clip."""

    time_us: Annotated[int, Unit("us")]
    """Its presentation time."""
    image: Image
    """The picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentMedia:
    """The clip's own file, found by `clip_id` in the media file paired with this one."""

    sha256: str
    """Digest of the clip file."""
    mime: str
    """Its media type."""
    lead_in_us: Annotated[int, Unit("us")]
    """How much of the file lies before the clip's start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentClip:
    """One clip inside a document."""

    clip_id: str
    """Digest of video, start and end."""
    start_us: Annotated[int, Unit("us")]
    """Start on the source's presentation clock."""
    end_us: Annotated[int, Unit("us")]
    """End, exclusive."""
    boundary: ClipBoundary
    """What its edges are."""
    frames: tuple[DocumentFrame, ...]
    """Its sampled frames in time order."""
    media: DocumentMedia | None
    """Its own file; null where none was written or its license forbids copies."""
    texts: tuple[Caption, ...]
    """Its texts, in the order of `TextKind`."""
    words: tuple[Word, ...]
    """The words spoken inside it."""
    scores: ClipScores
    """Its numbers."""
    flags: tuple[Flag, ...]
    """What to know about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentGap:
    """Speech between two clips."""

    before_clip: Annotated[int, Int32()]
    """Index of the clip that it precedes; `num_clips` after the last one."""
    start_us: Annotated[int, Unit("us")]
    """Start of its first word."""
    end_us: Annotated[int, Unit("us")]
    """End of its last word, exclusive."""
    words: tuple[Word, ...]
    """Its words in time order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSource:
    """Where the video came from."""

    source_id: str
    """Id of the manifest's source."""
    group: str
    """Channel, uploader or folder: what the split keeps together."""
    uri: str
    """Where it came from, without user name, query or fragment."""
    site: str | None
    """The video site's extractor, if it came from one."""
    title: str | None
    """Title as given or as the site says."""
    creator: str | None
    """Channel or uploader."""
    creator_uri: str | None
    """The channel's page."""
    published: str | None
    """Date of publication, `YYYY-MM-DD`."""
    duration_us: Annotated[int, Unit("us")]
    """Duration of the whole video."""
    language: str | None
    """Language as given or recognised."""
    license: str | None
    """License as normalised."""
    license_raw: str | None
    """License as found."""
    license_source: str | None
    """Where it was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentScores:
    """Numbers of the whole document; thresholds live in views. Null: not measured."""

    motion: Annotated[float | None, Float32()] = None
    """Mean of its clips' `motion`, weighted by duration."""
    sharpness: Annotated[float | None, Float32()] = None
    """Mean of its clips' `sharpness`, weighted by duration."""
    brightness: Annotated[float | None, Float32()] = None
    """Mean of its clips' `brightness`, weighted by duration."""
    speech_share: Annotated[float | None, Float32(), Unit("share")] = None
    """Share of its clips' time that words cover."""
    word_probability: Annotated[float | None, Float32(), Unit("share")] = None
    """Mean probability of its words."""
    language_probability: Annotated[float | None, Float32(), Unit("share")] = None
    """The recogniser's probability for the language."""
    clip_share: Annotated[float | None, Float32(), Unit("share")] = None
    """Share of the document's span that its clips cover."""
    caption_repetition: Annotated[float | None, Float32(), Unit("share")] = None
    """Share of its clips that carry `repeated_caption`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One row: a window of at most 32 clips or 10 minutes of one video."""

    document_id: str
    """Digest of video, window and window policy; independent of captions."""
    video_id: str
    """First 32 digits of the sha256 of the source bytes."""
    content_sha256: str
    """sha256 of the row's canonical JSON without this column and `lineage`, pictures by digest."""
    schema_version: Annotated[int, Int16()]
    """`SCHEMA_VERSION` of the writer."""
    split: str
    """`train` or `eval`: given, else by hash of `source.group` (2 % `eval`)."""
    source: DocumentSource
    """Where the video came from."""
    start_us: Annotated[int, Unit("us")]
    """Start of this window of the video."""
    end_us: Annotated[int, Unit("us")]
    """End of this window, exclusive."""
    sequence: Annotated[int, Int32()]
    """Number of this window in the video, from 0."""
    text: Annotated[str, LargeString()]
    """The default rendering, for people and for text search."""
    clips: tuple[DocumentClip, ...]
    """Its clips in time order."""
    gaps: tuple[DocumentGap, ...]
    """Speech between its clips."""
    num_clips: Annotated[int, Int32()]
    """Length of `clips`."""
    num_frames: Annotated[int, Int32()]
    """Frames in all of its clips."""
    num_chars: Annotated[int, Int32()]
    """Characters of `text`."""
    scores: DocumentScores
    """Its numbers."""
    flags: tuple[Flag, ...]
    """The union of its clips' flags and its own."""
    integrity: str
    """`complete`, or `partial` where a clip of the window is missing or has no caption."""
    lineage: tuple[Lineage, ...]
    """The steps behind it."""
