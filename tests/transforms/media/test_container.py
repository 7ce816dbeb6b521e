"""Opening files: which streams are used, what is refused before decoding."""

from fractions import Fraction

import av
import numpy as np
import pytest

from interlink.schemas.errors import RecordError
from interlink.schemas.outcome import ErrorCode
from interlink.transforms.media.container import open_video, read_declared, to_us
from interlink.transforms.media.limits import MediaLimits


def refusal(path, **limits):
    with pytest.raises(RecordError, match=r".") as caught:
        open_video(path, MediaLimits(**limits))
    return caught.value


def test_times_are_rounded_to_the_nearest_microsecond_also_below_zero():
    assert to_us(1, Fraction(1, 3)) == 333_333
    assert to_us(2, Fraction(1, 3)) == 666_667
    assert to_us(-2, Fraction(1, 3)) == -666_667
    assert to_us(90_000, Fraction(1, 90_000)) == 1_000_000


def test_the_default_audio_stream_is_used(shared_videos):
    file = open_video(shared_videos / "nasa_multistream_speech.mp4", MediaLimits())
    assert (file.video.index, file.audio.index, file.num_streams) == (0, 1, 6)
    file.container.close()


def test_a_cover_picture_is_not_the_video(make_video, tmp_path):
    made = make_video("a.mp4", shots=(0.5,), audio=(440,))
    path = tmp_path / "covered.mp4"
    with av.open(str(made.path)) as source, av.open(str(path), "w") as target:
        cover = target.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        pairs = {s.index: target.add_stream_from_template(s) for s in source.streams}
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        target.mux(cover.encode(picture))
        target.mux(cover.encode(None))
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = pairs[packet.stream.index]
                target.mux(packet)
    file = open_video(path, MediaLimits())
    assert file.video.codec_context.name == "h264"
    file.container.close()


def test_pictures_past_the_limits_are_refused_before_decoding(make_video):
    path = make_video("a.mp4", shots=(0.2,)).path
    error = refusal(path, max_side_px=300)
    assert error.code is ErrorCode.TOO_LARGE_PICTURE
    assert "320 x 180" in error.message
    assert refusal(path, max_pixels=1000).code is ErrorCode.TOO_LARGE_PICTURE


def test_too_long_and_too_many_streams_are_refused(make_video):
    path = make_video("a.mp4", shots=(1.0,), audio=(300, 400, 500)).path
    assert refusal(path, max_duration_s=0.5).code is ErrorCode.TOO_BIG
    assert refusal(path, max_streams=2).code is ErrorCode.BAD_CONTAINER


def test_a_script_that_names_its_neighbour_is_not_followed(make_video):
    made = make_video("neighbour.mp4", shots=(0.5,))
    script = made.path.with_name("script.mp4")
    script.write_text("ffconcat version 1.0\nfile 'neighbour.mp4'\n")
    assert refusal(script).code is ErrorCode.NOT_MEDIA


def test_a_name_does_not_choose_a_protocol(make_video):
    made = make_video("a.mp4", shots=(0.5,))
    path = made.path.rename(made.path.with_name("concat:a?b#c%20.mp4"))
    open_video(path, MediaLimits()).container.close()


@pytest.mark.parametrize(("name", "start"), [("a.mp4", None), ("a.mkv", 0), ("a.ts", 0)])
def test_what_the_header_declares(make_video, name, start):
    made = make_video(name, shots=(1.0, 1.0))
    file = open_video(made.path, MediaLimits())
    declared = read_declared(file)
    assert declared.duration_us == pytest.approx(2_000_000, abs=70_000)
    if name == "a.mp4":
        assert (declared.num_frames, declared.container_start_us) == (60, start)
    file.container.close()
