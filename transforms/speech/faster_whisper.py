"""Whisper by faster-whisper and CTranslate2: the default recogniser, quick on CPUs and GPUs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from ...schemas.errors import EnvironmentFault, RecordError, UsageError
from ...schemas.outcome import ErrorCode
from ...schemas.text import Segment, Transcript, Word
from ..base import parameter
from ..weights import Weights, resolve_weights
from .recognizer import clean_text, fit_words, segment_flags
from .sound import SAMPLE_RATE_HZ, Sound, to_us

if TYPE_CHECKING:
    import faster_whisper

ComputeType = Literal["auto", "int8", "int8_float16", "float16", "bfloat16", "float32"]

_MACHINE_FAULTS = ("CUDA", "cuda", "cublas", "cudnn", "CUBLAS", "CUDNN")


@dataclass(frozen=True, kw_only=True)
class FasterWhisper:
    """Parameters of Whisper by faster-whisper.

    It decodes at temperature 0 only. Whisper's fallback to higher temperatures draws at random from
    a generator that CTranslate2 4.8 keeps per thread and seeds once, so that a text depends on what
    was heard before it: JFK's sentence under white noise (standard deviation .55) three times in
    one process gave three texts, with a fixed seed too, took 2 to 10 times as long, and looped all
    the same. What Whisper would try again is flagged instead.

    Raises:
        ValueError: a parameter is out of its range.
    """

    backend: Literal["faster-whisper"] = "faster-whisper"
    """Which recogniser this is."""
    model: str = parameter("base", in_digest=False)
    """Folder, short name (`base`, `small`, `large-v3`, ...) or hub name; `models()` is in the
    digest in its place, so that the same weights under another path are the same."""
    device: Literal["auto", "cpu", "cuda"] = parameter("auto", in_digest=False)
    """`auto` takes a GPU where CTranslate2 sees one."""
    compute_type: ComputeType = "auto"
    """Arithmetic of the weights; `auto` is `int8` on a CPU and `float16` on a GPU."""
    beam_size: int = 5
    """Beams of the search; 1 is greedy, half as slow, and a little worse."""
    language: str | None = None
    """Spoken language, a tag such as `en` or `pt-BR`; None detects it."""
    vad_threshold: float = 0.5
    """Speech probability above which the voice-activity detector (Silero 6) keeps sound."""
    hallucination_silence_s: float = 2.0
    """Silence next to improbable words that lasts longer than this is skipped with them."""

    version: ClassVar[int] = 1
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.beam_size < 1:
            raise ValueError(f"beam_size={self.beam_size} must be >= 1")
        if not 0 < self.vad_threshold < 1:
            raise ValueError(f"vad_threshold={self.vad_threshold} must lie between 0 and 1")
        if not self.hallucination_silence_s > 0:
            raise ValueError(f"hallucination_silence_s={self.hallucination_silence_s} must be > 0")

    def weights(self) -> Weights:
        """Find the model's files; see `transforms.weights.resolve_weights`."""
        return resolve_weights(self.model, "faster-whisper")

    def models(self) -> tuple[str, ...]:
        """Name the model as `name@revision`."""
        weights = self.weights()
        return (f"{weights.name}@{weights.revision}",)

    def load(self) -> "LoadedFasterWhisper":
        """Load the model.

        Raises:
            EnvironmentFault: faster-whisper or the model is missing, or the GPU does not work.
            UsageError: the language or the compute type does not fit model or device.
        """
        try:
            import ctranslate2
            import faster_whisper
        except ImportError as error:
            raise EnvironmentFault(
                f"speech recognition needs faster-whisper, which cannot be imported ({error}); "
                "run: pip install 'interlink[asr]'"
            ) from error
        weights = self.weights()
        has_gpu = self.device != "cpu" and ctranslate2.get_cuda_device_count() > 0
        device = "cuda" if self.device == "cuda" or has_gpu else "cpu"
        compute_type = self.compute_type
        if compute_type == "auto":
            compute_type = "float16" if device == "cuda" else "int8"
        try:
            whisper = faster_whisper.WhisperModel(
                str(weights.path),
                device=device,
                compute_type=compute_type,
                # Two workers of one thread each do more than one of two threads.
                cpu_threads=1,
                num_workers=1,
                local_files_only=True,
            )
        except ValueError as error:
            raise UsageError(
                f"compute_type={self.compute_type!r} on {device} is refused: {error}"
            ) from error
        except RuntimeError as error:
            raise _machine_fault(error, f"cannot load {weights.path} on {device}") from error
        _check_mels(whisper, weights)
        language = _supported_language(self.language, whisper, weights)
        if device == "cuda":
            _probe_gpu(whisper)
        return LoadedFasterWhisper(self, whisper, weights, language=language)


class LoadedFasterWhisper:
    """A Whisper model in memory. Made by `FasterWhisper.load`."""

    def __init__(
        self,
        config: FasterWhisper,
        whisper: "faster_whisper.WhisperModel",
        weights: Weights,
        *,
        language: str | None,
    ) -> None:
        self._config = config
        self._whisper = whisper
        self._weights = weights
        self._language = language

    @property
    def model(self) -> str:
        """Name of the model."""
        return self._weights.name

    @property
    def revision(self) -> str:
        """What tells its weights apart."""
        return self._weights.revision

    def transcribe(self, sound: Sound) -> Transcript:
        """Return what is said in one stretch; see `recognizer.LoadedRecognizer`."""
        try:
            return self._transcribe(sound)
        except (RuntimeError, ValueError) as error:
            if any(word in str(error) for word in _MACHINE_FAULTS):
                raise _machine_fault(error, "the GPU failed") from error
            raise RecordError(
                ErrorCode.MODEL_ERROR, f"{self.model} failed on {sound.start_us} us: {error}"
            ) from error

    def _transcribe(self, sound: Sound) -> Transcript:
        from faster_whisper.vad import VadOptions, get_speech_timestamps

        audio = sound.samples.astype(np.float32) / 32768.0
        vad = VadOptions(threshold=self._config.vad_threshold)
        # Asked first, because faster-whisper would guess a language on silence: 1.4 CPU-seconds.
        spans = get_speech_timestamps(audio, vad)
        if not spans:
            return Transcript(language=None, model=self.model, revision=self.revision)
        found, info = self._whisper.transcribe(
            audio,
            language=self._language,
            beam_size=self._config.beam_size,
            temperature=[0.0],
            # Silent windows come out and are flagged; faster-whisper would drop them unsaid.
            no_speech_threshold=None,
            condition_on_previous_text=False,
            word_timestamps=True,
            hallucination_silence_threshold=self._config.hallucination_silence_s,
            language_detection_segments=4,
            vad_filter=True,
            vad_parameters=vad,
        )
        segments = _segments(list(found), sound)
        is_detected = self._language is None and self._whisper.model.is_multilingual
        return Transcript(
            language=info.language if segments else None,
            language_probability=(
                float(info.language_probability) if segments and is_detected else None
            ),
            model=self.model,
            revision=self.revision,
            speech_us=to_us(sum(span["end"] - span["start"] for span in spans)),
            segments=segments,
        )


def _segments(found: Sequence[Any], sound: Sound) -> tuple[Segment, ...]:
    """Turn faster-whisper's segments, in seconds of the sound, into ours."""
    segments = []
    earliest_us = sound.start_us
    for raw in found:
        text = clean_text(raw.text)
        if not text:
            continue
        # Times come as np.float64 in seconds, and may overrun the sound or the segment before.
        start_us = min(max(_clock_us(raw.start, sound), earliest_us), sound.end_us)
        earliest_us = min(max(_clock_us(raw.end, sound), start_us), sound.end_us)
        numbers = {
            "avg_logprob": float(raw.avg_logprob),
            "no_speech_prob": float(raw.no_speech_prob),
            "compression_ratio": float(raw.compression_ratio),
        }
        words = [_word(word, sound) for word in raw.words or () if clean_text(word.word)]
        segments.append(
            Segment(
                start_us=start_us,
                end_us=earliest_us,
                text=text,
                words=fit_words(words, start_us, earliest_us),
                flags=segment_flags(**numbers),
                **numbers,
            )
        )
    return tuple(segments)


def _word(raw: Any, sound: Sound) -> Word:  # noqa: ANN401  (faster-whisper is untyped)
    return Word(
        text=clean_text(raw.word),
        start_us=_clock_us(raw.start, sound),
        end_us=_clock_us(raw.end, sound),
        probability=float(raw.probability),
    )


def _clock_us(seconds: float, sound: Sound) -> int:
    """Return a time of the sound, in seconds, on the source's presentation clock."""
    return sound.start_us + round(float(seconds) * 1_000_000)


def _check_mels(whisper: "faster_whisper.WhisperModel", weights: Weights) -> None:
    """Refuse a model of 128 mel bands whose preprocessor_config.json is missing.

    faster-whisper 1.2 would take 80 bands without a word, and the texts would be wrong.
    """
    bands = int(whisper.feature_extractor.mel_filters.shape[0])
    if whisper.model.n_mels != bands:
        raise UsageError(
            f"{weights.path} takes {whisper.model.n_mels} mel bands, but its "
            f"preprocessor_config.json is missing or says {bands}: copy the model's own there"
        )


def _supported_language(
    language: str | None, whisper: "faster_whisper.WhisperModel", weights: Weights
) -> str | None:
    """Return the language's first subtag, which must be one of the model's."""
    if language is None:
        return None
    code = language.replace("_", "-").split("-")[0].lower()
    if code not in whisper.supported_languages:
        allowed = ", ".join(sorted(whisper.supported_languages))
        raise UsageError(f"language={language!r}: {weights.name} knows only {allowed}")
    return code


def _probe_gpu(whisper: "faster_whisper.WhisperModel") -> None:
    """Run the encoder once: CTranslate2 opens its CUDA libraries only then."""
    try:
        whisper.encode(whisper.feature_extractor(np.zeros(SAMPLE_RATE_HZ, np.float32)))
    except RuntimeError as error:
        raise _machine_fault(error, "the GPU cannot be used") from error


def _machine_fault(error: Exception, what: str) -> EnvironmentFault:
    text = f"{what}: {error}"
    if "cublas" in str(error).lower() or "cudnn" in str(error).lower():
        # CTranslate2 4.8 is linked with CUDA 12, torch 2.13 brings CUDA 13
        # (SYSTRAN/faster-whisper#1431).
        text += (
            "; CTranslate2 needs CUDA 12's libraries: run pip install nvidia-cublas-cu12 and put "
            "its lib folder on LD_LIBRARY_PATH, or set device: cpu"
        )
    return EnvironmentFault(text)
