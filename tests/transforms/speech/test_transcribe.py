import dataclasses
import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pydantic
import pytest

from interlink.pipeline.parts.workspace import PartWorkspace
from interlink.pipeline.storage.store import Store
from interlink.schemas.arrow import from_table, to_table
from interlink.schemas.errors import EnvironmentFault, RecordError
from interlink.schemas.outcome import ErrorCode
from interlink.schemas.reference import Reference
from interlink.schemas.source import Source
from interlink.schemas.text import Segment, Transcript
from interlink.schemas.video import AudioChunk, Coverage, Scan, Video, VideoStream
from interlink.transforms.base import Failed, Kept
from interlink.transforms.speech.faster_whisper import FasterWhisper
from interlink.transforms.speech.sound import Sound, to_us
from interlink.transforms.speech.transcribe import Transcribe


def scanned(video_id: str, audio: tuple[AudioChunk, ...]) -> Video:
    stream = VideoStream(
        index=0,
        codec="h264",
        pixel_format="yuv420p",
        width_px=320,
        height_px=180,
        rotation_degrees=0,
        frames_per_s=float(Fraction(30)),
        is_variable_rate=False,
    )
    coverage = Coverage(
        num_packets=1,
        num_frames_declared=1,
        num_frames_decoded=1,
        num_frames_corrupt=0,
        num_keyframes=1,
        declared_duration_us=None,
        max_gap_us=0,
    )
    scan = Scan(
        container="mp4",
        start_us=0,
        end_us=33_333,
        video_stream=stream,
        audio_stream=None,
        num_streams=1,
        coverage=coverage,
        shots=(),
        boundaries=(),
        frames=(),
        audio=audio,
    )
    return Video(
        video_id=video_id,
        source=Source(source_id="s", uri="a.mp4"),
        file=Reference(file="a.mp4", sha256="0" * 64),
        num_bytes=1,
        final_uri="a.mp4",
        scan=scan,
    )


@pytest.fixture
def make_scanned(tmp_path: Path) -> Callable[..., Video]:
    """Commit sound to the run's store, as a scan does, and return the video that refers to it."""
    store = Store(str(tmp_path / "run"))

    def make(video_id: str, *pieces: tuple[int, np.ndarray]) -> Video:
        attempt = f"steps/scan/part/{video_id}"
        space = PartWorkspace(store, attempt, tmp_path / f"scan-{video_id}")
        chunks = []
        for start_us, samples in pieces:
            end_us = start_us + to_us(len(samples))
            reference = space.add_media(
                samples.astype("<i2").tobytes(),
                video_id=video_id,
                owner_id=video_id,
                kind="audio",
                start_us=start_us,
                end_us=end_us,
                mime="audio/L16;rate=16000;channels=1",
            )
            chunks.append(AudioChunk(start_us=start_us, end_us=end_us, reference=reference))
        media = space.finish_media()
        if media is not None:
            store.put_file(f"{attempt}/{media.name}", media)
        return scanned(video_id, tuple(chunks))

    return make


class Listener:
    """A loaded recogniser that writes down what it was given to hear."""

    model, revision = "listener", "1"

    def __init__(self, error: Exception | None = None) -> None:
        self.heard: list[Sound] = []
        self.error = error

    def transcribe(self, sound: Sound) -> Transcript:
        self.heard.append(sound)
        if self.error is not None:
            raise self.error
        segment = Segment(start_us=sound.start_us, end_us=sound.end_us, text="la")
        return Transcript(
            language="en", model=self.model, revision=self.revision, segments=(segment,)
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ListenerConfig:
    """Loads the listener that it was given."""

    listener: Listener

    def models(self) -> tuple[str, ...]:
        return ("listener@1",)

    def load(self) -> Listener:
        return self.listener


def ready(transform: Transcribe, workspace: PartWorkspace) -> Transcribe:
    transform.setup()
    transform.open_part(workspace)
    return transform


@pytest.mark.slow
def test_speech_in_two_chunks_is_heard_as_one_on_the_videos_clock(
    workspace: PartWorkspace, make_scanned, jfk, heard_jfk
):
    late_us = 1_400_000
    cut = 74_000  # in the middle of a word
    video = make_scanned("v", (late_us, jfk[:cut]), (late_us + to_us(cut), jfk[cut:]))
    transform = ready(Transcribe(recognizer=FasterWhisper(device="cpu")), workspace)
    (kept,) = transform.process_batch([video])
    assert isinstance(kept, Kept)
    assert kept.input_id == "v"
    transcript = kept.record.transcript
    assert transcript.segments[0].text == heard_jfk.segments[0].text
    assert [w.start_us for w in transcript.segments[0].words] == [
        w.start_us + late_us for w in heard_jfk.segments[0].words
    ]
    assert dataclasses.replace(kept.record, transcript=None) == video
    (read_back,) = from_table(to_table([kept.record], Video), Video)
    assert read_back.transcript.segments[0].text == kept.record.transcript.segments[0].text


def test_a_video_without_sound_is_kept_with_an_empty_transcript(
    workspace: PartWorkspace, make_scanned
):
    listener = Listener()
    transform = ready(Transcribe(recognizer=ListenerConfig(listener=listener)), workspace)
    (kept,) = transform.process_batch([make_scanned("v")])
    assert isinstance(kept, Kept)
    assert kept.record.transcript == Transcript(language=None, model="listener", revision="1")
    assert listener.heard == []


def test_a_long_hole_keeps_its_time(workspace: PartWorkspace, make_scanned):
    listener = Listener()
    transform = ready(Transcribe(recognizer=ListenerConfig(listener=listener)), workspace)
    samples = np.ones(16_000, np.int16)
    (kept,) = transform.process_batch([make_scanned("v", (0, samples), (90_000_000, samples))])
    assert isinstance(kept, Kept)
    starts = [segment.start_us for segment in kept.record.transcript.segments]
    assert starts == [0, 90_000_000]


def test_one_video_on_which_the_model_fails_does_not_cost_the_others(
    workspace: PartWorkspace, make_scanned
):
    listener = Listener(RecordError(ErrorCode.MODEL_ERROR, "no"))
    transform = ready(Transcribe(recognizer=ListenerConfig(listener=listener)), workspace)
    videos = [make_scanned("a", (0, np.ones(16_000, np.int16))), make_scanned("b")]
    failed, kept = transform.process_batch(videos)
    assert failed == Failed(input_id="a", code=ErrorCode.MODEL_ERROR, message="no")
    assert isinstance(kept, Kept)


def test_a_fault_of_the_machine_stops_the_batch(workspace: PartWorkspace, make_scanned):
    listener = Listener(EnvironmentFault("no GPU"))
    transform = ready(Transcribe(recognizer=ListenerConfig(listener=listener)), workspace)
    with pytest.raises(EnvironmentFault, match="no GPU"):
        transform.process_batch([make_scanned("a", (0, np.ones(16_000, np.int16)))])


def test_a_video_that_was_not_scanned_is_a_mistake_of_the_pipeline(workspace: PartWorkspace):
    transform = ready(Transcribe(recognizer=ListenerConfig(listener=Listener())), workspace)
    video = dataclasses.replace(scanned("v", ()), scan=None)
    with pytest.raises(ValueError, match="video v was not scanned"):
        transform.process_batch([video])


def test_without_setup_there_is_no_model(workspace: PartWorkspace):
    with pytest.raises(RuntimeError, match="call setup first"):
        Transcribe().process_batch([scanned("v", ())])


def make_model(folder, numbers: str):
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (folder / name).write_text("{}")
    (folder / "model.bin").write_text(numbers)
    return str(folder)


def test_the_digest_follows_the_weights_and_not_their_path(tmp_path):
    def digest(folder: str, **fields: object) -> str:
        return Transcribe(recognizer=FasterWhisper(model=folder, **fields)).digest()

    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    here = digest(make_model(tmp_path / "here" / "m", "1"))
    assert digest(make_model(tmp_path / "there" / "m", "1")) == here
    assert digest(str(tmp_path / "here" / "m"), device="cpu") == here
    assert digest(str(tmp_path / "here" / "m"), beam_size=1) != here
    assert digest(make_model(tmp_path / "there" / "n", "2")) != here


def test_it_pickles_before_setup():
    transform = Transcribe(recognizer=FasterWhisper(language="en"))
    assert pickle.loads(pickle.dumps(transform)) == transform


def test_a_recipe_names_the_recogniser_and_its_parameters():
    adapter = pydantic.TypeAdapter(Transcribe)
    section = {"recognizer": {"backend": "faster-whisper", "model": "small", "language": "en"}}
    assert adapter.validate_python(section).recognizer == FasterWhisper(
        model="small", language="en"
    )
    assert adapter.validate_python({}) == Transcribe()


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ({"recogniser": {}}, "recogniser"),
        ({"recognizer": {"beams": 3}}, "beams"),
        ({"recognizer": {"backend": "sphinx"}}, "faster-whisper"),
        ({"recognizer": {"beam_size": 0}}, "beam_size=0 must be >= 1"),
        ({"recognizer": {"compute_type": "int4"}}, "int8"),
    ],
)
def test_a_recipe_with_a_wrong_key_or_value_is_refused(section: dict, text: str):
    with pytest.raises(pydantic.ValidationError, match=text):
        pydantic.TypeAdapter(Transcribe).validate_python(section)
