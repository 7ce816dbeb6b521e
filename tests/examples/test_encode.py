import av
import numpy as np
import pytest

from interlink.examples.drawing import HEIGHT_PX, WIDTH_PX
from interlink.examples.encode import encode
from interlink.examples.narration import SAMPLE_RATE_HZ

COLORS = [(200, 30, 40), (40, 80, 210), (245, 245, 245)]


def pictures(frames: int = 30) -> list[np.ndarray]:
    """Ten frames of each colour."""
    plain = [np.full((HEIGHT_PX, WIDTH_PX, 3), color, np.uint8) for color in COLORS]
    return [plain[number // 10 % 3] for number in range(frames)]


def tone(seconds: float) -> np.ndarray:
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (12_000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)


def test_the_same_pictures_and_sound_give_the_same_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        encode(tmp_path / name, pictures(), tone(1.2))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_pictures_come_back_in_their_colors_at_25_frames_per_second(tmp_path):
    encode(tmp_path / "a.mp4", pictures(), tone(1.2))
    with av.open(str(tmp_path / "a.mp4")) as container:
        frames = list(container.decode(video=0))
    assert [frame.time for frame in frames] == pytest.approx([n / 25 for n in range(30)])
    for number in (5, 15, 25):
        shown = frames[number].to_ndarray(format="rgb24")[100, 100].astype(int)
        assert shown == pytest.approx(COLORS[number // 10], abs=6)


def test_sound_comes_back_where_it_was_put(tmp_path):
    silence = np.zeros(SAMPLE_RATE_HZ // 2, np.int16)
    encode(tmp_path / "a.mp4", pictures(50), np.concatenate([silence, tone(1.5)]))
    with av.open(str(tmp_path / "a.mp4")) as container:
        frames = list(container.decode(audio=0))
    assert frames[0].time == 0
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    loud = np.nonzero(np.abs(samples) > 0.1)[0]
    assert loud[0] / SAMPLE_RATE_HZ == pytest.approx(0.5, abs=0.01)
    assert loud[-1] / SAMPLE_RATE_HZ == pytest.approx(2.0, abs=0.01)


def test_sound_that_ends_with_a_whole_audio_frame_is_written_too(tmp_path):
    num_samples = 16 * 1024  # 1.024 s, a bit more than 25 pictures
    encode(tmp_path / "a.mp4", pictures(26), np.ones(num_samples, np.int16))
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) >= num_samples


def test_the_index_comes_before_the_pictures(tmp_path):
    encode(tmp_path / "a.mp4", pictures(), tone(1.2))
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
