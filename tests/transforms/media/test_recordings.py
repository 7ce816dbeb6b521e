"""Recordings as cameras and receivers write them: data beside, late sound, joints, old codecs."""

import av
import pytest

from interlink.transforms.media.cut_file import cut_file


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_a_stream_of_data_beside_picture_and_sound_changes_nothing(make_video, scan, first):
    made = make_video("a.ts", shots=(1.0, 1.0), audio=(440,))
    plain = scan(made.path).record.scan
    make_video.add_data_stream(made.path, first=first)
    found = scan(made.path).record.scan
    assert (plain.num_streams, found.num_streams) == (2, 3)
    assert found.video_stream.index == int(first)
    assert found.coverage == plain.coverage
    assert found.coverage.num_frames_decoded == len(made.frame_times_us)
    seen, wanted = ([f.time_us - s.start_us for f in s.frames] for s in (found, plain))
    assert seen == wanted
    lengths = [[c.end_us - c.start_us for c in s.audio] for s in (found, plain)]
    assert lengths[0] == lengths[1]


def test_sound_that_begins_midway_leaves_the_pictures_alone(make_video, scan):
    """As in a recording that ran on into the next programme: no header names its sound."""
    parts = [
        make_video("a.ts", shots=(6.0, 6.0)),
        make_video("b.ts", shots=(1.0,), start_s=12.0, audio=(440,), audio_start_s=12.0),
        make_video("c.ts", shots=(9.0, 9.0), start_s=13.0),
    ]
    path = make_video.folder / "all.ts"
    path.write_bytes(b"".join(part.path.read_bytes() for part in parts))
    found = scan(path).record.scan
    assert found.num_streams == 1
    assert found.coverage.num_frames_decoded == 31 * 30
    cuts = [b.time_us - found.start_us for b in found.boundaries]
    assert cuts == pytest.approx([6e6, 12e6, 22e6], abs=100_000)


def presented(path):
    """Return the presentation times of frames and of sound in a file, each as decoded, in us."""
    with av.open(str(path)) as container:
        return [
            [round(f.pts * f.time_base * 1e6) for f in container.decode(stream)]
            for stream in container.streams
            if not container.seek(0)
        ]


@pytest.fixture
def joined(make_video):
    """Two recordings in one file, the second of which begins before the first has ended."""
    parts = [
        make_video("a.ts", shots=(2.0,), audio=(440,)),
        make_video("b.ts", shots=(2.0,), audio=(440,), start_s=1.9, audio_start_s=1.9),
    ]
    path = make_video.folder / "joined.ts"
    path.write_bytes(b"".join(part.path.read_bytes() for part in parts))
    return path


def test_times_go_on_over_a_joint(joined, scan):
    found = scan(joined).record.scan
    times = [frame.time_us for frame in found.frames]
    assert times == sorted(set(times))
    assert found.end_us - found.start_us == pytest.approx(3.9e6, abs=100_000)


@pytest.mark.parametrize("mode", ["copy", "exact"])
def test_a_clip_over_a_joint_is_cut(joined, scan, tmp_path, mode):
    found = scan(joined).record.scan
    span = [found.start_us, found.end_us]
    [clip] = cut_file(str(joined), str(tmp_path), mode, [["clip", *span]])["clips"]
    assert [clip["start_us"], clip["end_us"]] == pytest.approx(span, abs=50_000)
    frames, sound = presented(tmp_path / "clip")
    assert frames[0] == 0
    assert frames[-1] == pytest.approx(3.9e6, abs=150_000)
    assert len(frames) == pytest.approx(118, abs=4)
    assert sound == sorted(set(sound))
    if mode == "exact":
        assert frames == sorted(set(frames))


def test_a_clip_whose_sound_begins_long_after_the_header_is_cut_with_it(make_video, scan, tmp_path):
    """No container takes sound whose rate the header does not know; a decoder finds it out."""
    path = make_video("a.ts", shots=(12.0,), audio=(440,), audio_start_s=10.0).path
    found = scan(path).record.scan
    assert found.audio[0].start_us - found.start_us == pytest.approx(10e6, abs=100_000)
    span = [found.start_us + 9_000_000, found.end_us]
    [clip] = cut_file(str(path), str(tmp_path), "copy", [["clip", *span]])["clips"]
    assert [clip["start_us"], clip["end_us"]] == span
    frames, sound = presented(tmp_path / "clip")
    assert len(frames) == 90
    assert sound[0] == pytest.approx(1e6, abs=100_000)


def test_a_clip_whose_codec_no_container_of_ours_holds_is_encoded_anew(make_video, tmp_path):
    made = make_video("a.avi", shots=(2.0,), codec="wmv2", audio=(440,))
    clips = [["clip", 500_000, 1_500_000]]
    [clip] = cut_file(str(made.path), str(tmp_path), "copy", clips)["clips"]
    assert [clip["mime"], clip["start_us"], clip["end_us"]] == ["video/mp4", 500_000, 1_500_000]
    frames, sound = presented(tmp_path / "clip")
    assert len(frames) == 30
    assert sound[-1] == pytest.approx(1e6, abs=50_000)
