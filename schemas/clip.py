"""A half-open span of one video that the dataset may keep, and all that is known of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from .arrow import Float32, Int32, Unit
from .reference import Reference
from .text import Caption, Segment, Word
from .video import BoundaryKind, Frame, Video


class Flag(StrEnum):
    """What a reader of a clip or document should know. Closed list."""

    NO_AUDIO = "no_audio"
    """The video has no sound."""
    NO_SPEECH = "no_speech"
    """Nobody speaks in it."""
    LOW_CONFIDENCE_SPEECH = "low_confidence_speech"
    """A segment in it carries `low_confidence`, `repetitive` or `no_speech`."""
    REPEATED_CAPTION = "repeated_caption"
    """Its caption is almost that of the clip before."""
    SPLIT_SENTENCE = "split_sentence"
    """A sentence was divided between this clip and a neighbour."""
    MEDIA_LEAD_IN = "media_lead_in"
    """The clip file starts before the clip, at the keyframe before."""
    CORRUPT_FRAMES = "corrupt_frames"
    """The decoder marked frames of the video as damaged."""
    BATCH_SPLIT = "batch_split"
    """Its batch had to be taken apart, so that the model saw it in other company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipBoundary:
    """What the clip's edges are."""

    start_kind: BoundaryKind
    """What the clip starts with."""
    end_kind: BoundaryKind
    """What the clip ends with."""
    score: Annotated[float, Float32(), Unit("share")]
    """The lower certainty of the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipScores:
    """Numbers measured on a clip; thresholds live in views. Null: not measured."""

    motion: Annotated[float | None, Float32()] = None
    """Mean over its grid frames of the absolute luma change per second, 0 to 255."""
    sharpness: Annotated[float | None, Float32()] = None
    """Median variance of the Laplacian over its frames."""
    brightness: Annotated[float | None, Float32()] = None
    """Mean luma over its frames, 0 to 255."""
    contrast: Annotated[float | None, Float32()] = None
    """Mean standard deviation of luma over its frames."""
    text_area_share: Annotated[float | None, Float32(), Unit("share")] = None
    """Share of the picture that on-screen text covers; null where nobody looked."""
    speech_share: Annotated[float | None, Float32(), Unit("share")] = None
    """Share of its time that words cover."""
    words_per_s: Annotated[float | None, Float32(), Unit("1/s")] = None
    """Spoken words per second of clip."""
    word_probability: Annotated[float | None, Float32(), Unit("share")] = None
    """Mean probability of its words; null without words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Speech between clips: kept once, never copied into two clips."""

    start_us: Annotated[int, Unit("us")]
    """Start of its first word."""
    end_us: Annotated[int, Unit("us")]
    """End of its last word, exclusive."""
    words: tuple[Word, ...]
    """Its words in time order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFile:
    """The clip's own file."""

    reference: Reference
    """Where it lies in the run."""
    mime: str
    """Media type, such as `video/mp4`."""
    lead_in_us: Annotated[int, Unit("us")]
    """How much of the file lies before `start_us`; 0 for an exact cut."""
    end_us: Annotated[int, Unit("us")]
    """True end of the file on the source's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """The span `[start_us, end_us)` of one video."""

    clip_id: str
    """Digest of video, start and end."""
    video_id: str
    """The video that it lies in."""
    start_us: Annotated[int, Unit("us")]
    """Start on the source's presentation clock."""
    end_us: Annotated[int, Unit("us")]
    """End, exclusive."""
    boundary: ClipBoundary
    """What its edges are."""
    video: Video
    """Its video without scan and transcript, so that a document can be written from clips alone."""
    duration_us: Annotated[int, Unit("us")]
    """Duration of the video's presentation span."""
    video_end_us: Annotated[int, Unit("us")]
    """End of the video's presentation span."""
    frames: tuple[Frame, ...] = ()
    """Its frames of the frame set, in time order."""
    file: ClipFile | None = None
    """Its own file; null where none was written."""
    words: tuple[Word, ...] = ()
    """The words spoken inside it."""
    speech: tuple[Segment, ...] = ()
    """The sentences, or parts of them, that belong to it."""
    gap_before: Gap | None = None
    """Speech between the clip before and this one."""
    gap_after: Gap | None = None
    """Speech after the video's last clip; null for all others."""
    language: str | None = None
    """Spoken language of the video."""
    language_probability: Annotated[float | None, Float32(), Unit("share")] = None
    """The recogniser's probability for it."""
    speech_model: str | None = None
    """The recogniser's model."""
    speech_revision: str | None = None
    """What tells its weights apart."""
    captions: tuple[Caption, ...] = ()
    """Its texts."""
    scores: ClipScores = ClipScores()
    """Its numbers."""
    flags: tuple[Flag, ...] = ()
    """What to know about it."""
    number: Annotated[int | None, Int32()] = None
    """Its place among the clips that were chosen of the video, from 0."""
    num_clips: Annotated[int | None, Int32()] = None
    """Clips that were chosen of the video, so that a document can tell whether one is missing."""
