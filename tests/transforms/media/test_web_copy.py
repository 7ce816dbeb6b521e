"""Copies against their source, decoded by PyAV alone."""

import av
import pytest

from interlink.schemas.errors import RecordError
from interlink.transforms.media.web_copy import web_copy

SECOND = 1_000_000
ROOM = 2 << 20


def copy(video, target, *, start_s=0.0, end_s=2.0, max_bytes=ROOM):
    return web_copy(
        path=str(video.path),
        target=str(target),
        start_us=round(start_s * SECOND),
        end_us=round(end_s * SECOND),
        max_bytes=max_bytes,
    )


def streams(path):
    with av.open(str(path)) as container:
        names = [s.codec_context.codec.canonical_name for s in container.streams]
        frames = list(container.decode(video=0))
        times = [round(f.pts * f.time_base * SECOND) for f in frames]
        return container.format.name, names, frames[0].format.name, times


def test_a_file_that_browsers_play_is_copied_byte_by_byte(make_video, tmp_path):
    video = make_video("a.mp4", shots=(2.0,), audio=(440,))
    answer = copy(video, tmp_path / "copy.mp4")
    assert answer == {"start_us": 0, "is_encoded": False}
    assert (tmp_path / "copy.mp4").read_bytes() == video.path.read_bytes()


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "hevc"),
        ("a.mkv", "av1"),
        ("a.webm", "vp9"),
        ("b.mp4", "h264_422"),
        ("b.mkv", "h264"),
    ],
)
def test_what_not_every_browser_plays_becomes_h264_in_an_mp4(make_video, tmp_path, name, codec):
    video = make_video(name, shots=(2.0,), codec=codec, audio=(440,))
    answer = copy(video, tmp_path / "copy.mp4", start_s=0.5, end_s=1.5)
    assert answer == {"start_us": 500_000, "is_encoded": True}
    form, names, pixels, times = streams(tmp_path / "copy.mp4")
    assert "mp4" in form
    assert names == ["h264", "aac"]
    assert pixels == "yuv420p"
    assert times[0] == 0
    assert 0.9 * SECOND < times[-1] < SECOND


def test_a_file_that_is_too_large_is_encoded_until_it_fits(make_video, tmp_path):
    video = make_video("a.mp4", shots=(1.0, 1.0, 1.0, 1.0), size=(640, 360))
    room = 24_000
    assert video.path.stat().st_size > room
    assert copy(video, tmp_path / "copy.mp4", end_s=4.0, max_bytes=room)["is_encoded"]
    assert (tmp_path / "copy.mp4").stat().st_size <= room


def test_a_size_that_cannot_be_met_is_an_error(make_video, tmp_path):
    video = make_video("a.mp4", shots=(1.0, 1.0))
    with pytest.raises(RecordError, match="takes more than max_bytes=500"):
        copy(video, tmp_path / "copy.mp4", max_bytes=500)


def test_a_file_that_is_no_video_is_an_error(make_video, tmp_path):
    video = make_video("a.mp4", shots=(1.0,))
    video.path.write_bytes(b"no video at all")
    with pytest.raises(RecordError, match="none of the formats"):
        copy(video, tmp_path / "copy.mp4")
