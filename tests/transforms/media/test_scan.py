"""Scanning real files: each becomes a record or a clear code."""

import dataclasses
import hashlib
import io
import os
import pickle
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import PIL.Image
import pytest

from interlink.schemas.arrow import from_table, to_table
from interlink.schemas.outcome import ErrorCode
from interlink.schemas.video import BoundaryKind, Video
from interlink.transforms.base import Failed
from interlink.transforms.media.scan import ScanVideos


def test_a_file_with_cuts_and_sound_is_scanned(make_video, scan):
    made = make_video("a.mp4", shots=(2.0, 2.0, 1.5), audio=(440,))
    found = scan(made.path).record.scan
    assert [b.time_us for b in found.boundaries] == list(made.cuts_us)
    assert (found.start_us, found.end_us) == (0, 5_500_000)
    assert [f.time_us for f in found.frames if f.is_grid] == list(range(0, 5_500_000, 500_000))
    assert found.audio[0].start_us == 0
    assert found.audio[-1].end_us == pytest.approx(5_500_000, abs=50_000)
    assert found.video_stream.codec == "h264"
    assert found.video_stream.frames_per_s == pytest.approx(30.0)
    assert found.audio_stream.index == 1
    assert found.num_streams == 2


def test_shots_cover_the_video_without_gap(make_video, scan):
    made = make_video("a.mp4", shots=(3.0, 3.0, 3.0, 3.0), joins=("cut", "dissolve", "fade"))
    found = scan(made.path).record.scan
    kinds = [b.kind for b in found.boundaries]
    assert kinds == [BoundaryKind.CUT, BoundaryKind.DISSOLVE, BoundaryKind.FADE]
    assert found.shots[0].start_us == found.start_us
    assert found.shots[-1].end_us == found.end_us
    assert [s.end_us for s in found.shots[:-1]] == [s.start_us for s in found.shots[1:]]


def test_both_sides_of_a_cut_are_in_the_frame_set(make_video, scan):
    made = make_video("a.mp4", shots=(2.1, 2.1))
    frames = scan(made.path).record.scan.frames
    beside = [f.time_us for f in frames if not f.is_grid]
    assert beside == [made.frame_times_us[62], made.frame_times_us[63]]
    assert [f.time_us for f in frames] == sorted(f.time_us for f in frames)


def test_pictures_in_the_media_file_are_those_of_their_times(make_video, scan, workspace):
    made = make_video("a.mp4", shots=(1.3, 1.3), size=(640, 480))
    frames = scan(made.path).record.scan.frames
    with av.open(str(made.path)) as container:
        decoded = {round(f.time * 1e6): f for f in container.decode(video=0)}
    for frame in frames:
        image = PIL.Image.open(io.BytesIO(workspace_bytes(workspace, frame.reference)))
        assert image.size == (frame.width_px, frame.height_px) == (448, 336)
        wanted = decoded[frame.time_us].to_image(width=448, height=336)
        difference = np.abs(np.asarray(image, float) - np.asarray(wanted, float)).mean()
        assert difference < 6


def workspace_bytes(workspace, reference):
    """Read a row of the part's media file, which the first call closes; scan before it."""
    if not getattr(workspace, "_closed_for_reading", False):
        path = workspace.finish_media()
        workspace._store.put(reference.file, path.read_bytes())
        workspace._closed_for_reading = True
    return workspace.read(reference)


def test_sound_lies_on_the_videos_clock(make_video, scan, workspace):
    made = make_video("a.mkv", shots=(3.0,), start_s=0.7, audio=(440,), audio_start_s=1.0)
    chunk = scan(made.path).record.scan.audio[0]
    samples = np.frombuffer(workspace_bytes(workspace, chunk.reference), np.int16)
    assert chunk.end_us - chunk.start_us == pytest.approx(len(samples) * 1e6 / 16_000, abs=100)
    # The tone sounds in the first half of every second of the source's clock.
    start = chunk.start_us / 1e6
    loud = np.abs(samples.astype(float)) > 3000
    times = start + np.flatnonzero(loud) / 16_000
    assert times.min() == pytest.approx(1.0, abs=0.03)
    assert ((times % 1 < 0.53) | (times % 1 > 0.98)).all()


@pytest.mark.parametrize(
    ("arguments", "check"),
    [
        ({"name": "a.mp4", "codec": "hevc10"}, lambda s: s.video_stream.codec == "hevc"),
        ({"name": "a.mkv", "codec": "av1"}, lambda s: s.video_stream.codec == "av1"),
        ({"name": "a.webm", "codec": "vp9"}, lambda s: s.container.startswith("matroska")),
        ({"name": "a.avi", "codec": "mpeg4"}, lambda s: s.video_stream.codec == "mpeg4"),
        ({"name": "a.mkv", "codec": "h264_422"}, lambda s: s.video_stream.pixel_format[-1] == "p"),
        ({"name": "a.mp4", "variable_rate": True}, lambda s: s.video_stream.is_variable_rate),
        ({"name": "a.mp4", "start_s": 0.7}, lambda s: s.start_us == 700_000),
        ({"name": "a.ts", "start_s": 0.5}, lambda s: s.container == "mpegts"),
        ({"name": "a.mp4", "size": (180, 320)}, lambda s: s.video_stream.height_px == 320),
        ({"name": "a.mp4", "size": (322, 182)}, lambda s: s.frames[0].width_px == 322),
        ({"name": "a.mp4", "audio": (440, 660)}, lambda s: s.audio_stream.index == 1),
        ({"name": "a.mp4", "audio": ()}, lambda s: s.audio_stream is None and s.audio == ()),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_an_odd_but_whole_file_is_scanned(make_video, scan, arguments, check):
    made = make_video(arguments.pop("name"), shots=(1.5, 1.5), **arguments)
    found = scan(made.path).record.scan
    assert check(found)
    times = [b.time_us - found.start_us for b in found.boundaries]
    assert times == pytest.approx([made.cuts_us[0] - made.frame_times_us[0]], abs=1000)
    assert found.coverage.num_frames_corrupt == 0


@pytest.mark.parametrize(("rotation", "size"), [(90, (180, 320)), (180, (320, 180))])
def test_a_rotated_video_is_stored_upright(make_video, scan, workspace, rotation, size):
    plain = make_video("plain.mp4", shots=(0.5,))
    turned = make_video("turned.mp4", shots=(0.5,), rotation=rotation)
    a, b = (scan(made.path).record.scan for made in (plain, turned))
    assert b.video_stream.rotation_degrees == rotation
    assert (b.video_stream.width_px, b.video_stream.height_px) == size
    before, after = (
        np.asarray(PIL.Image.open(io.BytesIO(workspace_bytes(workspace, s.frames[0].reference))))
        for s in (a, b)
    )
    turned_back = np.rot90(after.astype(float), rotation // 90)
    assert np.abs(turned_back - before).mean() < 3


def test_pixels_that_are_not_square_become_so(make_video, scan):
    made = make_video("a.mkv", shots=(0.5,), sample_aspect_ratio=Fraction(4, 3))
    found = scan(made.path).record.scan
    assert (found.frames[0].width_px, found.frames[0].height_px) == (320, 136)


def _moovless(make_video):
    made = make_video("a.mp4", shots=(2.0,))
    make_video.truncate(made.path, 0.5)
    return made.path


def _truncated(make_video):
    made = make_video("a.mp4", shots=(4.0, 4.0), audio=(440,))
    make_video.move_index_first(made.path)
    make_video.truncate(made.path, 0.5)
    return made.path


def _truncated_mkv(make_video):
    made = make_video("a.mkv", shots=(4.0, 4.0))
    make_video.truncate(made.path, 0.5)
    return made.path


def _flipped(make_video):
    made = make_video("a.mp4", shots=(2.0, 2.0))
    make_video.move_index_first(made.path)
    make_video.flip_bytes(made.path, count=400, seed=1)
    return made.path


def _written(text):
    def write(make_video):
        path = make_video.folder / "a.mp4"
        path.write_bytes(text)
        return path

    return write


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_moovless, ErrorCode.BAD_CONTAINER),
        (_truncated, ErrorCode.TRUNCATED),
        (_truncated_mkv, ErrorCode.TRUNCATED),
        (_flipped, ErrorCode.MEDIA_CORRUPT),
        (_written(b""), ErrorCode.EMPTY_FILE),
        (_written(b"<html><body>not found</body></html>" * 50), ErrorCode.NOT_MEDIA),
        (_written(b"ffconcat version 1.0\nfile 'b.mp4'\n"), ErrorCode.NOT_MEDIA),
        (_written(b"#EXTM3U\n#EXTINF:1\nseg.ts\n"), ErrorCode.NOT_MEDIA),
        (_written(np.random.default_rng(0).bytes(20_000)), ErrorCode.NOT_MEDIA),
    ],
    ids=["moovless", "truncated", "truncated-mkv", "flipped", "empty", "html", "concat", "m3u",
         "noise"],
)  # fmt: skip
def test_an_unusable_file_fails_with_a_clear_code(make_video, scan, make, code):
    result = scan(make(make_video))
    assert isinstance(result, Failed)
    assert result.code is code
    assert 10 < len(result.message) < 400


def test_sound_alone_and_an_unknown_codec_fail_with_their_codes(make_video, scan):
    sound = make_video("a.mp4", shots=(1.0,), with_video=False, audio=(440,))
    assert scan(sound.path).code is ErrorCode.NO_VIDEO_STREAM
    exotic = make_video("a.mkv", shots=(0.2,), codec="ffv1")
    assert scan(exotic.path).code is ErrorCode.UNSUPPORTED_CODEC


def test_a_neighbour_of_a_bad_file_is_scanned_by_the_same_scanner(make_video, scan):
    bad = _written(b"<html>")(make_video)
    good = make_video("good.mp4", shots=(0.5,))
    assert isinstance(scan(bad), Failed)
    assert scan(good.path).record.scan.end_us == 500_000


@pytest.mark.parametrize("seed", range(6))
def test_flipped_bytes_never_hang_or_crash_the_scanner(make_video, scan, seed):
    made = make_video("a.mp4", shots=(1.0,), audio=(440,), seed=seed)
    make_video.flip_bytes(made.path, count=30, seed=seed, after_share=0.0)
    result = scan(made.path)
    assert not isinstance(result, Failed) or result.code is not ErrorCode.TRANSFORM_ERROR


EXPECTED_SHARED = {
    "av1.mkv": None,
    "corrupted.mp4": ErrorCode.MEDIA_CORRUPT,
    "hevc_10bit.mp4": None,
    "jfk_speech.flac": ErrorCode.NO_VIDEO_STREAM,
    "nasa_multistream_speech.mp4": None,
    "pancake_240p_opus.mkv": None,
    "portrait_50s.mp4": None,
    "rotated_180.mov": None,
    "rotated_90.mov": None,
    "unordered_pts.mov": None,
}


@pytest.mark.parametrize("name", EXPECTED_SHARED)
def test_a_real_file_ends_as_expected(shared_videos, scan, name):
    result = scan(shared_videos / name)
    code = EXPECTED_SHARED[name]
    if code is not None:
        assert result.code is code
        return
    found = result.record.scan
    assert found.frames
    assert found.coverage.num_frames_decoded == found.coverage.num_packets
    times = [frame.time_us for frame in found.frames]
    assert times == sorted(set(times))


def test_a_record_survives_parquet(make_video, scan):
    record = scan(make_video("a.mp4", shots=(0.6, 0.6), audio=(440,)).path).record
    [again] = from_table(to_table([record], Video), Video)
    assert dataclasses.replace(again, scan=None) == dataclasses.replace(record, scan=None)
    spans = [[(s.start_us, s.end_us, s.start_kind) for s in r.scan.shots] for r in (again, record)]
    assert spans[0] == spans[1]
    assert [f.reference for f in again.scan.frames] == [f.reference for f in record.scan.frames]


REPEAT = """
import json, sys, hashlib, tempfile
from pathlib import Path
from dataclasses import asdict
from interlink.transforms.media.limits import MediaLimits
from interlink.transforms.media.scan_file import scan_file
folder = tempfile.mkdtemp()
options = {"grid_us": 500000, "short_side_px": 336, "jpeg_quality": 88}
answer = scan_file(sys.argv[1], folder, options, asdict(MediaLimits()))
blobs = Path(folder, "blobs.bin").read_bytes()
print(hashlib.sha256(blobs + json.dumps(answer, sort_keys=True).encode()).hexdigest())
"""


def test_another_process_hash_seed_and_time_zone_give_the_same_bytes(make_video):
    made = make_video("a.mp4", shots=(1.2, 1.2), joins=("dissolve",), audio=(440,))
    digests = set()
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        variables = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        variables["PYTHONPATH"] = os.pathsep.join(sys.path)
        command = [sys.executable, "-c", REPEAT, str(made.path)]
        digests.add(subprocess.check_output(command, env=variables, text=True))
    assert len(digests) == 1


def test_golden_output_is_that_of_this_version(make_video, scan, workspace):
    """Fails when output changes: raise `ScanVideos.version` and set the digest anew."""
    made = make_video("a.mp4", shots=(1.0, 1.0), codec="mpeg4")
    found = scan(made.path).record.scan
    numbers = [(f.time_us, f.is_grid, f.width_px, round(f.brightness, 1)) for f in found.frames]
    text = repr((ScanVideos.version, numbers, [b.time_us for b in found.boundaries]))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == GOLDEN, text


GOLDEN = "27bdd5f07a591db3"


def test_parameters_out_of_range_are_named():
    with pytest.raises(ValueError, match=r"jpeg_quality=0 must be between 1 and 100"):
        ScanVideos(jpeg_quality=0)


def test_what_never_changes_output_is_not_in_the_digest():
    plain = ScanVideos()
    assert ScanVideos(deadline_factor=9.0, memory_bytes=8 << 30).digest() == plain.digest()
    assert ScanVideos(short_side_px=448).digest() != plain.digest()
    assert pickle.loads(pickle.dumps(plain)).digest() == plain.digest()


def test_a_video_longer_than_allowed_is_refused(make_video, workspace, as_video):
    scanner = ScanVideos(max_duration_s=1.0)
    scanner.setup()
    scanner.open_part(workspace)
    [result] = scanner.process_batch([as_video(make_video("a.mp4", shots=(2.0,)).path)])
    scanner.teardown()
    assert result.code is ErrorCode.TOO_BIG
    assert list(workspace.scratch.glob("scan-*")) == []
