"""The maker of test videos says what is true of its files."""

import os

import av
import pytest


@pytest.mark.parametrize(
    ("name", "codec", "decoder"),
    [
        ("a.mp4", "h264", "h264"),
        ("a.mp4", "hevc10", "hevc"),
        ("a.mkv", "av1", "libdav1d"),
        ("a.webm", "vp9", "vp9"),
    ],
)
def test_frame_times_and_codec_are_as_said(make_video, name, codec, decoder):
    made = make_video(name, codec=codec, shots=(0.5, 0.5), variable_rate=True)
    with av.open(str(made.path)) as container:
        assert container.streams.video[0].codec_context.name == decoder
        times = [round(frame.time * 1e6) for frame in container.decode(video=0)]
    assert times == pytest.approx(list(made.frame_times_us), abs=500)


def test_a_late_start_and_two_tones_are_in_the_file(make_video):
    made = make_video("a.mp4", shots=(1.0,), start_s=0.7, audio=(440, 660))
    with av.open(str(made.path)) as container:
        assert len(container.streams.audio) == 2
        assert next(container.decode(video=0)).time == pytest.approx(0.7)


def test_rotation_is_a_clockwise_turn(make_video, shared_videos):
    made = make_video("a.mp4", shots=(0.2,), rotation=90)
    with av.open(str(made.path)) as ours, av.open(str(shared_videos / "rotated_90.mov")) as other:
        turn = next(ours.decode(video=0)).rotation
        assert turn == next(other.decode(video=0)).rotation


def test_making_av1_leaves_this_process_as_it_was(make_video):
    before = os.sched_getscheduler(0)
    make_video("a.mkv", codec="av1", shots=(0.5,))
    assert os.sched_getscheduler(0) == before
