"""Words: what is said (transcripts) and what is seen (captions), with their times."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from .arrow import Float32, Unit


class TextKind(StrEnum):
    """What a text of a clip is. Closed list."""

    GIVEN = "given"
    """Came with the source."""
    CAPTION = "caption"
    """What is seen in the clip, written by a model."""
    FRAME_CAPTION = "frame_caption"
    """What is seen in one frame."""
    CHANGE_CAPTION = "change_caption"
    """What changed since the clip before."""
    REGION_CAPTION = "region_caption"
    """What is seen in one region of a frame."""
    SPEECH = "speech"
    """What is said, by a recogniser."""
    SUBTITLE = "subtitle"
    """What is said, from a text track of the file."""
    SCREEN_TEXT = "screen_text"
    """What is written in the picture."""
    NARRATIVE = "narrative"
    """A text made of others."""


class TextStatus(StrEnum):
    """Whether a text can be used. Closed list."""

    OK = "ok"
    """Nothing speaks against it."""
    TRUNCATED = "truncated"
    """The model was cut off at its token limit."""
    DEGENERATE = "degenerate"
    """The text loops or says nothing."""
    BLOCKED = "blocked"
    """The model refused."""
    ERROR = "error"
    """The model failed on this clip; the text is empty."""


class SegmentFlag(StrEnum):
    """What is odd about a segment of a transcript. Closed list."""

    LOW_CONFIDENCE = "low_confidence"
    """Average log-probability under -0.55."""
    REPETITIVE = "repetitive"
    """Compression ratio above 2.4 (Whisper's own rule, openai/whisper transcribe.py)."""
    NO_SPEECH = "no_speech"
    """No-speech probability above 0.6 with average log-probability under -1 (Whisper's rule)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One spoken word."""

    text: str
    """The word with its punctuation, without surrounding space."""
    start_us: Annotated[int, Unit("us")]
    """Start on the source's presentation clock."""
    end_us: Annotated[int, Unit("us")]
    """End, exclusive."""
    probability: Annotated[float | None, Float32(), Unit("share")] = None
    """The recogniser's own probability, in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A timed piece of a transcript, about a sentence."""

    start_us: Annotated[int, Unit("us")]
    """Start on the source's presentation clock."""
    end_us: Annotated[int, Unit("us")]
    """End, exclusive."""
    text: str
    """What is said, without surrounding space."""
    words: tuple[Word, ...] = ()
    """Its words in time order."""
    avg_logprob: Annotated[float | None, Float32()] = None
    """Mean log-probability of its tokens."""
    no_speech_prob: Annotated[float | None, Float32(), Unit("share")] = None
    """Probability that nobody speaks."""
    compression_ratio: Annotated[float | None, Float32()] = None
    """Length of the text over its zlib-compressed length: high for loops."""
    flags: tuple[SegmentFlag, ...] = ()
    """What is odd about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What is said in one video."""

    language: str | None
    """Spoken language, an ISO 639-1 code; null where nobody speaks."""
    language_probability: Annotated[float | None, Float32(), Unit("share")] = None
    """The recogniser's probability for `language`."""
    model: str
    """Name of the recogniser's model."""
    revision: str
    """What tells its weights apart, such as the first 12 digits of their sha256."""
    speech_us: Annotated[int, Unit("us")] = 0
    """Duration that voice-activity detection kept."""
    segments: tuple[Segment, ...] = ()
    """Segments in time order; empty where nobody speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a text rests on: one measured fact, or what was read."""

    kind: str
    """`background`, `object`, `camera`, `screen_text`, `brightness`, `segment`, ..."""
    ref: str
    """The fact as canonical JSON, or the id of what is referred to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextScores:
    """Numbers that belong to one text."""

    avg_logprob: Annotated[float | None, Float32()] = None
    """Mean log-probability of its tokens."""
    repetition_share: Annotated[float | None, Float32(), Unit("share")] = None
    """Share of its 3-grams that occur more than once in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """One text of a clip. A second model adds captions, it never overwrites."""

    kind: TextKind
    """What it is."""
    text: str
    """The text, without surrounding space."""
    start_us: Annotated[int, Unit("us")]
    """Start of the span that it speaks of."""
    end_us: Annotated[int, Unit("us")]
    """End of that span, exclusive; equal to `start_us` for one frame."""
    model: str | None = None
    """Name of the model that wrote it; null when given."""
    revision: str | None = None
    """What tells the model's weights or version apart."""
    prompt_digest: str | None = None
    """Digest of the prompt; null where there is none."""
    status: TextStatus = TextStatus.OK
    """Whether it can be used."""
    language: str | None = None
    """Its language, an ISO 639-1 code."""
    frames_digest: str | None = None
    """Digest of the times and contents of the frames that the model saw."""
    scores: TextScores = TextScores()
    """Its numbers."""
    evidence: tuple[Evidence, ...] = ()
    """What it rests on."""
