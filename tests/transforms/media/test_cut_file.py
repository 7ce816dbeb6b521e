"""Cut files against their source, frame by frame: what is recorded is what is in the file."""

from fractions import Fraction

import av
import numpy as np
import pytest

from interlink.schemas.errors import RecordError
from interlink.transforms.media.cut_file import cut_file

SECOND = 1_000_000


def decode(path):
    """Return `[(time_us, luma as uint8 array)]` in presentation order, by PyAV alone."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [
            (round(f.pts * f.time_base * SECOND), f.reformat(format="gray").to_ndarray())
            for f in container.decode(stream)
        ]


def sound(path):
    """Return `(first sample's time in s, mono float samples at 48 kHz)`."""
    resampler = av.AudioResampler("fltp", "mono", 48_000)
    with av.open(str(path)) as container:
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    start = float(frames[0].pts * frames[0].time_base)
    return start, np.concatenate([f.to_ndarray()[0] for f in frames])


def cut(path, folder, mode, *spans):
    folder.mkdir(exist_ok=True)
    clips = [[f"clip{n}", round(a * SECOND), round(b * SECOND)] for n, (a, b) in enumerate(spans)]
    answer = cut_file(path=str(path), folder=str(folder), mode=mode, clips=clips)["clips"]
    assert [clip["clip_id"] for clip in answer] == [clip[0] for clip in clips]
    return answer


VIDEOS = {
    "h264.mp4": {},
    "long_gop.mp4": {"keyframe_every_s": 10.0, "shots": (6.0,)},
    "variable.mp4": {"variable_rate": True},
    "late.mp4": {"start_s": 1.5},
    "late.mkv": {"start_s": 0.046},
    "hevc.mp4": {"codec": "hevc"},
    "hevc10.mp4": {"codec": "hevc10"},
    "vp9.webm": {"codec": "vp9"},
    "av1.mkv": {"codec": "av1"},
    "mpeg4.avi": {"codec": "mpeg4"},
    "ts.ts": {},
}


@pytest.fixture(params=VIDEOS)
def video(request, make_video):
    arguments = {"shots": (2.2, 1.4, 2.4), "audio": (440,), "fps": 25, **VIDEOS[request.param]}
    return make_video(request.param, **arguments)


def test_a_copy_holds_the_source_s_frames_from_its_recorded_start_to_its_recorded_end(
    video, tmp_path
):
    source = dict(decode(video.path))
    begin = min(source) / SECOND
    for answer, (start, end) in zip(
        cut(video.path, tmp_path / "out", "copy", (begin + 2.7, begin + 4.3), (begin, begin + 1)),
        [(begin + 2.7, begin + 4.3), (begin, begin + 1)],
        strict=True,
    ):
        frames = decode(tmp_path / "out" / answer["clip_id"])
        assert answer["start_us"] <= round(start * SECOND)
        for time_us, luma in frames:
            # Containers round times to their own ticks, up to 1 ms.
            (at,) = [t for t in source if abs(t - answer["start_us"] - time_us) <= 1000]
            np.testing.assert_array_equal(luma, source[at])
        expected = [t for t in source if answer["start_us"] <= t < answer["end_us"]]
        assert len(frames) == len(expected)
        assert frames[0][0] == 0
        assert answer["end_us"] >= max(t for t in source if t < round(end * SECOND))


NUMBERED = {
    "libx264": (".mp4", "yuv420p", {"preset": "veryfast"}, 0),
    "libx264 late": (".mkv", "yuv420p", {"preset": "veryfast"}, 46),
    "libx265": (".mp4", "yuv420p10le", {"preset": "ultrafast", "x265-params": "log-level=none"}, 0),
    "libvpx-vp9": (".webm", "yuv420p", {"deadline": "realtime", "cpu-used": "8"}, 7),
    "libsvtav1": (".mkv", "yuv420p", {"preset": "10", "crf": "12"}, 0),
}
BLOCK_PX = 32


def write_numbered(path, encoder, pixel_format, options, start_ms):
    """Write 90 frames at uneven times that show their number: 8 blocks, one for each bit."""
    times = [start_ms + 33 * n + 200 * (n // 25) for n in range(90)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(encoder, rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = 4 * BLOCK_PX, 2 * BLOCK_PX, pixel_format
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.thread_count = 1
        for n, time in enumerate(times):
            bits = np.array([(n >> k) & 1 for k in range(8)], np.uint8).reshape(2, 4)
            luma = (bits * 200 + 20).repeat(BLOCK_PX, 0).repeat(BLOCK_PX, 1)
            frame = av.VideoFrame.from_ndarray(luma, format="gray").reformat(format=pixel_format)
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return times


def number(luma):
    """Read the number that a frame shows."""
    h, w = luma.shape[0] // 2, luma.shape[1] // 4
    blocks = luma[: 2 * h, : 4 * w].reshape(2, h, 4, w).mean((1, 3)).ravel() > 120
    return sum(int(bit) << k for k, bit in enumerate(blocks))


@pytest.mark.parametrize("encoder", NUMBERED)
def test_an_exact_cut_shows_the_clip_s_frames_and_no_other(make_video, tmp_path, encoder):
    suffix, pixel_format, options, start_ms = NUMBERED[encoder]
    path = tmp_path / f"numbered{suffix}"
    with make_video.same_priority():
        times = write_numbered(path, encoder.split()[0], pixel_format, options, start_ms)
    assert [number(luma) for _, luma in decode(path)] == list(range(90))
    # From frame to frame, and between two: the frame shown at the start then begins the file.
    spans = [(times[41], times[70]), (times[10] + 5, times[24] + 150), (times[0], times[3])]
    answers = cut(path, tmp_path / "out", "exact", *[(a / 1000, b / 1000) for a, b in spans])
    for answer, (start, end) in zip(answers, spans, strict=True):
        assert (answer["start_us"], answer["end_us"]) == (start * 1000, end * 1000)
        shown = [n for n in range(89) if times[n] < end and times[n + 1] > start]
        frames = decode(tmp_path / "out" / answer["clip_id"])
        assert [number(luma) for _, luma in frames] == shown
        assert [time for time, _ in frames] == pytest.approx(
            [max(times[n] - start, 0) * 1000 for n in shown], abs=1
        )
        with av.open(str(tmp_path / "out" / answer["clip_id"])) as container:
            stream = container.streams.video[0]
            assert float(stream.duration * stream.time_base) == pytest.approx(
                (end - start) / 1000, abs=1e-5
            )


@pytest.mark.parametrize("mode", ["copy", "exact"])
def test_sound_stays_in_step_with_the_picture(make_video, tmp_path, mode):
    video = make_video("beeps.mp4", shots=(6.0,), audio=(440,), keyframe_every_s=2.0)
    (answer,) = cut(video.path, tmp_path / "out", mode, (2.75, 4.6))
    start, samples = sound(tmp_path / "out" / "clip0")
    file_start = answer["start_us"] / SECOND
    loud = np.abs(samples) > 0.1
    for n in np.flatnonzero(np.diff(loud.astype(int)) > 0):
        # The tone swings: look only at where it sets in after 0.4 s of silence.
        if not loud[max(0, n - 19_200) : n].any() and n > 19_200:
            onset = file_start + start + n / 48_000
            assert onset == pytest.approx(round(onset), abs=0.012)
            break
    else:
        pytest.fail("no beep found")


def test_an_exact_cut_s_sound_has_the_clip_s_length(make_video, tmp_path):
    video = make_video("beeps.mp4", shots=(6.0,), audio=(440,))
    cut(video.path, tmp_path / "out", "exact", (1.3, 3.8))
    start, samples = sound(tmp_path / "out" / "clip0")
    assert start == pytest.approx(0, abs=0.001)
    assert len(samples) / 48_000 == pytest.approx(2.5, abs=1024 / 48_000)


@pytest.mark.parametrize("mode", ["copy", "exact"])
@pytest.mark.parametrize("name", ["h264.mp4", "vp9.webm", "mpeg4.avi", "ts.ts"])
def test_bytes_are_the_same_each_time_and_whatever_is_cut_beside(make_video, tmp_path, mode, name):
    video = make_video(name, shots=(2.2, 3.8), audio=(440,), **VIDEOS[name])
    spans = [(1.7, 3.1), (3.1, 5.6), (2.0, 4.0)]
    cut(video.path, tmp_path / "all", mode, *spans)
    cut(video.path, tmp_path / "again", mode, *spans)
    for n, span in enumerate(spans):
        cut(video.path, tmp_path / f"alone{n}", mode, span)
        together = (tmp_path / "all" / f"clip{n}").read_bytes()
        assert together == (tmp_path / "again" / f"clip{n}").read_bytes()
        assert together == (tmp_path / f"alone{n}" / "clip0").read_bytes()


@pytest.mark.parametrize(
    ("name", "arguments", "mime"),
    [
        ("a.mp4", {}, "video/mp4"),
        ("a.webm", {"codec": "vp9", "audio": (440,)}, "video/mp4"),
        ("a.mkv", {"codec": "av1"}, "video/mp4"),
        ("a.mkv", {"codec": "h264", "audio": (440,), "audio_codec": "flac"}, "video/x-matroska"),
        ("a.avi", {"codec": "mpeg4", "audio": (440,)}, "video/x-matroska"),
    ],
)
def test_a_copy_is_matroska_only_where_players_do_not_expect_the_codec_in_an_mp4(
    make_video, tmp_path, name, arguments, mime
):
    video = make_video(name, shots=(2.0,), **arguments)
    (answer,) = cut(video.path, tmp_path / "out", "copy", (0.5, 1.5))
    assert answer["mime"] == mime
    with av.open(str(tmp_path / "out" / "clip0")) as container:
        assert ("mp4" in container.format.name) == (mime == "video/mp4")
        assert len(container.streams.audio) == len(arguments.get("audio", ()))


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_copy_asks_for_the_turn_and_an_exact_cut_has_made_it(make_video, tmp_path, rotation):
    video = make_video("r.mp4", shots=(2.0,), rotation=rotation)
    cut(video.path, tmp_path / "copy", "copy", (0, 1))
    cut(video.path, tmp_path / "exact", "exact", (0, 1))
    source = decode(video.path)
    with av.open(str(tmp_path / "copy" / "clip0")) as container:
        (frame, *_) = container.decode(video=0)
        assert -frame.rotation % 360 == rotation
    with av.open(str(tmp_path / "exact" / "clip0")) as container:
        (frame, *_) = container.decode(video=0)
        assert frame.rotation == 0
    upright = np.rot90(source[0][1], k=-rotation // 90)
    shown = decode(tmp_path / "exact" / "clip0")[0][1]
    assert shown.shape == upright.shape
    assert np.abs(shown.astype(int) - upright).mean() < 4


def test_an_exact_cut_has_360_lines_square_pixels_and_a_keyframe_each_second(make_video, tmp_path):
    video = make_video(
        "wide.mp4", size=(640, 480), shots=(3.0,), sample_aspect_ratio=Fraction(4, 3)
    )
    cut(video.path, tmp_path / "out", "exact", (0.2, 2.9))
    with av.open(str(tmp_path / "out" / "clip0")) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (480, 270) or stream.height == 360
        assert stream.sample_aspect_ratio in (None, 1)
        assert Fraction(stream.width, stream.height) == pytest.approx(Fraction(16, 9), abs=0.01)
        keys = [p.pts * p.time_base for p in container.demux(stream) if p.size and p.is_keyframe]
    assert [float(k) for k in keys] == pytest.approx([0, 1, 2], abs=0.034)


def test_a_file_without_sound_gives_clips_without_sound(make_video, tmp_path):
    video = make_video("silent.mp4", shots=(2.0,))
    for mode in ("copy", "exact"):
        cut(video.path, tmp_path / mode, mode, (0.5, 1.5))
        with av.open(str(tmp_path / mode / "clip0")) as container:
            assert [stream.type for stream in container.streams] == ["video"]


def test_sound_that_starts_after_the_clip_is_left_out(make_video, tmp_path):
    video = make_video("late_sound.mp4", shots=(5.0,), audio=(440,), audio_start_s=3.0)
    for mode in ("copy", "exact"):
        cut(video.path, tmp_path / mode, mode, (0, 1), (2.0, 4.5))
        with av.open(str(tmp_path / mode / "clip0")) as container:
            assert len(container.streams.audio) == 0
        start, _ = sound(tmp_path / mode / "clip1")
        # The keyframe lies at 2.0; each AAC encoder puts 21 ms of silence before the sound.
        assert start == pytest.approx(1.0, abs=0.05)


def test_a_truncated_file_is_cut_up_to_where_it_ends(make_video, tmp_path):
    video = make_video("short.mp4", shots=(3.0, 3.0), audio=(440,))
    make_video.move_index_first(video.path)
    make_video.truncate(video.path, 0.6)
    good, bad = cut(video.path, tmp_path / "out", "copy", (0.5, 2.0), (5.0, 6.0))
    assert len(decode(tmp_path / "out" / "clip0")) >= 60
    assert good["mime"] == "video/mp4"
    assert bad.get("code", "cut_failed") == "cut_failed"


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_gives_clips_or_says_why_not(make_video, tmp_path, seed):
    video = make_video("damaged.mp4", shots=(3.0, 3.0), audio=(440,))
    make_video.move_index_first(video.path)
    make_video.flip_bytes(video.path, count=40, seed=seed)
    for mode in ("copy", "exact"):
        for answer in cut(video.path, tmp_path / mode, mode, (0.5, 2.0), (3.5, 5.0)):
            if "code" in answer:
                assert answer["code"] == "cut_failed"
            else:
                assert (tmp_path / mode / answer["clip_id"]).stat().st_size > 1000


def test_a_file_that_is_no_video_is_an_error_of_all_its_clips(tmp_path):
    (tmp_path / "page.mp4").write_text("<html>not here</html>")
    with pytest.raises(RecordError, match="not_media"):
        cut(tmp_path / "page.mp4", tmp_path / "out", "copy", (0, 1))


@pytest.mark.parametrize("parameters", ["open-gop=1", "open-gop=1:b-pyramid=normal:bframes=8"])
def test_a_copy_from_an_open_group_of_pictures_shows_no_frame_that_it_cannot_decode(
    tmp_path, parameters
):
    options = {"preset": "medium", "x264-params": f"{parameters}:keyint=20:scenecut=0:b-adapt=0"}
    path = tmp_path / "open.mp4"
    times = write_numbered(path, "libx264", "yuv420p", options, 0)
    (answer,) = cut(path, tmp_path / "out", "copy", (times[50] / 1000, times[71] / 1000))
    frames = decode(tmp_path / "out" / "clip0")
    first = times.index(answer["start_us"] // 1000)
    assert 20 < first <= 50
    assert [number(luma) for _, luma in frames] == list(range(first, first + len(frames)))
    assert first + len(frames) >= 71
    assert [time for time, _ in frames] == [
        1000 * (times[first + n] - times[first]) for n in range(len(frames))
    ]
