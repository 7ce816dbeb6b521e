"""What a speech recogniser is, and the rules that hold for the output of every one."""

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from ...schemas.text import SegmentFlag, Transcript, Word
from .sound import Sound

LOW_LOGPROB = -0.55
"""Under this mean log-probability Whisper's text is often wrong (own tests with tiny and base)."""

_MAX_COMPRESSION_RATIO = 2.4
_MAX_NO_SPEECH_PROB = 0.6
_MIN_LOGPROB_OF_NO_SPEECH = -1.0
_SPECIAL = re.compile(r"<\|[^|<>]*\|>")


class LoadedRecognizer(Protocol):
    """A recogniser whose model is in memory."""

    @property
    def model(self) -> str:
        """Name of the model."""

    @property
    def revision(self) -> str:
        """What tells its weights apart."""

    def transcribe(self, sound: Sound) -> Transcript:
        """Return what is said in one stretch; no segments and no language where nobody speaks.

        Raises:
            RecordError: the model failed on this sound.
            EnvironmentFault: the machine is at fault.
        """


class Recognizer(Protocol):
    """A recogniser's parameters: a frozen dataclass with a field `backend` that names it."""

    def models(self) -> tuple[str, ...]:
        """Name the model as `name@revision`, for the transform's digest."""

    def load(self) -> LoadedRecognizer:
        """Load the model.

        Raises:
            EnvironmentFault: a package or the model is missing, or the device does not work.
            UsageError: a parameter does not fit the model or the device.
        """


def clean_text(text: str) -> str:
    """Return text with single spaces and without Whisper's special tokens, such as `<|en|>`."""
    return " ".join(_SPECIAL.sub(" ", text).split())


def segment_flags(
    *, avg_logprob: float | None, no_speech_prob: float | None, compression_ratio: float | None
) -> tuple[SegmentFlag, ...]:
    """Say what is odd about a segment; the rules stand at `schemas.text.SegmentFlag`."""
    flags = []
    if avg_logprob is not None and avg_logprob < LOW_LOGPROB:
        flags.append(SegmentFlag.LOW_CONFIDENCE)
    if compression_ratio is not None and compression_ratio > _MAX_COMPRESSION_RATIO:
        flags.append(SegmentFlag.REPETITIVE)
    if (
        avg_logprob is not None
        and no_speech_prob is not None
        and no_speech_prob > _MAX_NO_SPEECH_PROB
        and avg_logprob < _MIN_LOGPROB_OF_NO_SPEECH
    ):
        flags.append(SegmentFlag.NO_SPEECH)
    return tuple(flags)


def fit_words(words: Iterable[Word], start_us: int, end_us: int) -> tuple[Word, ...]:
    """Return the words in time order inside `[start_us, end_us)`, none over another.

    A word that the recogniser gave no duration, or all of whose time an earlier one took, keeps
    its place with `start_us == end_us`.
    """
    fitted = []
    earliest = start_us
    for word in words:
        start = min(max(word.start_us, earliest), end_us)
        earliest = min(max(word.end_us, start), end_us)
        fitted.append(
            Word(text=word.text, start_us=start, end_us=earliest, probability=word.probability)
        )
    return tuple(fitted)


def merge_transcripts(
    transcripts: Sequence[Transcript], *, model: str, revision: str
) -> Transcript:
    """Make one transcript of those of a video's stretches of sound, in time order.

    The language is the one with most speech; its probability that of the longest speech in it.
    """
    speech_us: dict[str, int] = {}
    for part in transcripts:
        if part.language is not None:
            speech_us[part.language] = speech_us.get(part.language, 0) + part.speech_us
    language = max(speech_us, key=lambda name: speech_us[name], default=None)
    of_language = [part for part in transcripts if part.language == language]
    longest = max(of_language, key=lambda part: part.speech_us, default=None)
    return Transcript(
        language=language,
        language_probability=longest.language_probability if longest and language else None,
        model=model,
        revision=revision,
        speech_us=sum(part.speech_us for part in transcripts),
        segments=tuple(segment for part in transcripts for segment in part.segments),
    )
