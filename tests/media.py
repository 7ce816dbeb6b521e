"""Small real videos with known truth, made on the fly with PyAV; no system ffmpeg is needed.

Tests reach it through the fixture `make_video` of `conftest.py`:

    def test_something(make_video):
        video = make_video("a.mp4", shots=(2.0, 1.5), joins=("dissolve",), audio=(440,))
        video.path, video.cuts_us, video.frame_times_us

`make_video.truncate`, `flip_bytes`, `move_index_first` and `add_data_stream` change a file.
Everything is seeded: the same arguments give the same pictures and the same sound.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

TICKS = 90_000
"""Ticks per second of the video's pts: whole for 24, 25, 30, 50 and 60 frames per second."""

ENCODERS = {
    "h264": ("libx264", "yuv420p", {"preset": "veryfast", "crf": "20"}),
    "h264_nv12": ("libx264", "nv12", {"preset": "veryfast", "crf": "20"}),
    "h264_422": ("libx264", "yuv422p", {"preset": "veryfast", "crf": "20"}),
    "hevc": ("libx265", "yuv420p", {"preset": "ultrafast", "x265-params": "log-level=none"}),
    "hevc10": ("libx265", "yuv420p10le", {"preset": "ultrafast", "x265-params": "log-level=none"}),
    "av1": ("libsvtav1", "yuv420p", {"preset": "12", "crf": "35"}),
    "vp9": ("libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "8", "crf": "32"}),
    "mpeg4": ("mpeg4", "yuv420p", {"q:v": "4"}),
    "wmv2": ("wmv2", "yuv420p", {"q:v": "4"}),
    "ffv1": ("ffv1", "yuv420p", {}),
}


@contextmanager
def same_priority() -> Iterator[None]:
    """Encode AV1 within: SVT-AV1 makes a thread of root's a real-time one, for ever, with all that
    it starts from then on, so that a busy child brings the whole machine to a halt."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


@dataclass(frozen=True, kw_only=True)
class MadeVideo:
    """A file and what is true of it. Times in us on the file's presentation clock.

    Matroska, WebM and AVI round times to 1 ms, so files of theirs differ by up to 500 us.
    """

    path: Path
    frame_times_us: tuple[int, ...]
    """Presentation time of each frame."""
    cuts_us: tuple[int, ...]
    """Time of the first frame after each cut."""
    dissolves_us: tuple[tuple[int, int], ...]
    """First and last blended frame of each dissolve."""
    fades_us: tuple[tuple[int, int], ...]
    """First darkened frame before black and last darkened frame after it."""
    flashes_us: tuple[int, ...]
    """First frame of each camera flash (two frames long): not a boundary."""


def make_video(
    path: Path,
    *,
    shots: Sequence[float] = (2.0, 2.0, 2.0),
    joins: Sequence[str] | None = None,
    size: tuple[int, int] = (320, 180),
    fps: int = 30,
    codec: str = "h264",
    keyframe_every_s: float = 2.0,
    transition_s: float = 0.5,
    flashes_s: Sequence[float] = (),
    variable_rate: bool = False,
    start_s: float = 0.0,
    rotation: int = 0,
    sample_aspect_ratio: Fraction | None = None,
    audio: Sequence[int] = (),
    audio_start_s: float = 0.0,
    audio_codec: str | None = None,
    with_video: bool = True,
    seed: int = 0,
) -> MadeVideo:
    """Make one file; its container follows the suffix of `path`.

    Args:
        path: where to write.
        shots: durations in seconds.
        joins: `cut`, `dissolve` or `fade`, one fewer than shots; all cuts by default.
        size: width and height as coded, even numbers.
        fps: frames per second.
        codec: a key of `ENCODERS`.
        keyframe_every_s: distance of keyframes; x264 adds more at cuts.
        transition_s: length of dissolves and fades, centred on the join.
        flashes_s: where to brighten two frames.
        variable_rate: leave out frames in a seeded pattern.
        start_s: presentation time of the first frame.
        rotation: clockwise turn a player applies: 0, 90, 180, 270 (`.mp4` and `.mov` only).
        sample_aspect_ratio: shape of a pixel, if not square.
        audio: one tone in Hz for each audio stream, each beeping in the first half of every second.
        audio_start_s: presentation time of the first sample.
        audio_codec: by default what suits the container.
        with_video: False for a file with sound alone.
        seed: of pictures and frame pattern.
    """
    joins = tuple(joins) if joins is not None else ("cut",) * (len(shots) - 1)
    plan = _Plan(shots, joins, fps=fps, transition_s=transition_s)
    kept = _kept_frames(plan.num_frames, variable_rate, seed)
    offset = round(start_s * TICKS)
    ticks = {i: offset + i * TICKS // fps for i in range(plan.num_frames)}
    with same_priority(), av.open(str(path), "w") as container:
        streams = []
        if with_video:
            streams.append(_video_stream(container, codec, size, fps, keyframe_every_s))
            if sample_aspect_ratio is not None:
                streams[0].codec_context.sample_aspect_ratio = sample_aspect_ratio
        tones = [_audio_stream(container, path.suffix, audio_codec) for _ in audio]
        duration_s = plan.num_frames / fps
        sounds = [
            _tone_packets(stream, tone, duration_s, audio_start_s)
            for stream, tone in zip(tones, audio, strict=True)
        ]
        if with_video:
            flashes = {round(s * fps) + k for s in flashes_s for k in (0, 1)}
            pictures = _Pictures(size, len(shots), seed)
            stream = streams[0]
            for i in kept:
                frame = plan.render(i, pictures, flash=i in flashes)
                frame = frame.reformat(format=stream.codec_context.pix_fmt)
                frame.pts, frame.time_base = ticks[i], Fraction(1, TICKS)
                container.mux(stream.encode(frame))
                for sound in sounds:
                    _mux_until(container, sound, i / fps)
            container.mux(stream.encode(None))
        for sound in sounds:
            _mux_until(container, sound, float("inf"))
    if rotation:
        _rotate(path, rotation, size)

    def time_us(frame: int) -> int:
        shown = min((k for k in kept if k >= frame), default=kept[-1])
        return round(ticks[shown] * 1_000_000 / TICKS)

    return MadeVideo(
        path=path,
        frame_times_us=tuple(time_us(i) for i in kept) if with_video else (),
        cuts_us=tuple(time_us(at) for at, _, kind in plan.joins if kind == "cut"),
        dissolves_us=tuple(
            (time_us(at - half), time_us(at + half - 1))
            for at, half, kind in plan.joins
            if kind == "dissolve"
        ),
        fades_us=tuple(
            (time_us(at - half), time_us(at + half - 1))
            for at, half, kind in plan.joins
            if kind == "fade"
        ),
        flashes_us=tuple(time_us(round(s * fps)) for s in flashes_s),
    )


def truncate(path: Path, share: float) -> None:
    """Keep only the first `share` of the file's bytes."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def flip_bytes(path: Path, *, count: int, seed: int = 0, after_share: float = 0.2) -> None:
    """Overwrite `count` bytes at seeded places behind the first `after_share` of the file."""
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for place in rng.integers(int(len(data) * after_share), len(data), count):
        data[place] ^= int(rng.integers(1, 256))
    path.write_bytes(bytes(data))


def move_index_first(path: Path) -> None:
    """Remux an MP4 with its index before the data, as web servers have it (`faststart`)."""
    other = path.with_suffix(f".faststart{path.suffix}")
    with av.open(str(path)) as source:
        target = av.open(str(other), "w", options={"movflags": "+faststart"})
        with target:
            pairs = {s.index: target.add_stream_from_template(s) for s in source.streams}
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = pairs[packet.stream.index]
                    target.mux(packet)
    other.replace(path)


def add_data_stream(path: Path, *, first: bool) -> None:
    """Remux an MPEG-TS with a stream of data, as cameras write positions; `first` or last."""
    other = path.with_suffix(f".data{path.suffix}")
    with av.open(str(path)) as source, av.open(str(other), "w", format="mpegts") as target:
        data = target.add_data_stream() if first else None
        pairs = {s.index: target.add_stream_from_template(s) for s in source.streams}
        data = data or target.add_data_stream()
        for packet in source.demux():
            if packet.dts is None:
                continue
            if packet.is_keyframe and packet.stream.type == "video":
                position = av.Packet(b"52.1 N, 4.3 E")
                position.stream, position.time_base = data, packet.time_base
                position.pts = position.dts = packet.dts
                target.mux(position)
            packet.stream = pairs[packet.stream.index]
            target.mux(packet)
    other.replace(path)


class VideoMaker:
    """What the fixture `make_video` gives: makes files in one folder.

    Args:
        folder: where to write.
    """

    truncate = staticmethod(truncate)
    flip_bytes = staticmethod(flip_bytes)
    add_data_stream = staticmethod(add_data_stream)
    move_index_first = staticmethod(move_index_first)
    same_priority = staticmethod(same_priority)

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str, **arguments) -> MadeVideo:
        """Make `name` in the folder; the arguments are those of `make_video`."""
        return make_video(self.folder / name, **arguments)


class _Plan:
    """Which shots are seen in each frame, and how they are mixed."""

    def __init__(
        self, shots: Sequence[float], joins: Sequence[str], *, fps: int, transition_s: float
    ) -> None:
        ends = np.cumsum([round(s * fps) for s in shots]).tolist()
        self.num_frames: int = ends[-1]
        self._ends = ends
        half = max(1, round(transition_s * fps / 2))
        self.joins = [(at, half, kind) for at, kind in zip(ends, joins, strict=False)]

    def render(self, i: int, pictures: "_Pictures", *, flash: bool) -> av.VideoFrame:
        shot = next(k for k, end in enumerate(self._ends) if i < end)
        image = pictures.picture(shot, i)
        for k, (at, half, kind) in enumerate(self.joins):
            if not at - half <= i < at + half or kind == "cut":
                continue
            if kind == "dissolve":
                share = (i - (at - half) + 1) / (2 * half + 1)
                before, after = pictures.picture(k, i), pictures.picture(k + 1, i)
                image = _mix(before, after, share)
            else:
                share = abs(i - at + 0.5) / (half + 0.5)
                image = _mix(pictures.black, image, share)
        if flash:
            image = image.copy()
            luma = image[: pictures.height]
            luma[:] = np.minimum(luma.astype(np.int16) + 110, 235).astype(np.uint8)
        return av.VideoFrame.from_ndarray(image, format="yuv420p")


class _Pictures:
    """One panning, textured scene with moving boxes for each shot, as yuv420p arrays."""

    def __init__(self, size: tuple[int, int], num_shots: int, seed: int) -> None:
        self.width, self.height = size
        self.black = np.full((self.height * 3 // 2, self.width), 128, np.uint8)
        self.black[: self.height] = 16
        self._scenes = [self._scene(np.random.default_rng([seed, k])) for k in range(num_shots)]
        rng = np.random.default_rng([seed, 999])
        self._grain = [rng.integers(0, 5, (self.height, self.width), np.uint8) for _ in range(4)]

    def picture(self, shot: int, i: int) -> np.ndarray:
        scene, boxes, pan = self._scenes[shot]
        w, h = self.width, self.height
        x = int(w // 8 + w // 8 * np.sin(pan[0] * i / 60)) & ~1
        y = int(h // 8 + h // 8 * np.sin(pan[1] * i / 60)) & ~1
        out = np.empty((h * 3 // 2, w), np.uint8)
        np.add(scene[0][y : y + h, x : x + w], self._grain[i % 4], out=out[:h])
        chroma = [c[y // 2 : (y + h) // 2, x // 2 : (x + w) // 2].copy() for c in scene[1:]]
        for left, top, speed, side, colour in boxes:
            bx = int(left + speed * i) % (w - side) & ~1
            by = int(top) & ~1
            out[by : by + side, bx : bx + side] = colour[0]
            for plane, value in zip(chroma, colour[1:], strict=True):
                plane[by // 2 : (by + side) // 2, bx // 2 : (bx + side) // 2] = value
        out[h:] = np.concatenate([c.ravel() for c in chroma]).reshape(-1, w)
        return out

    def _scene(self, rng: np.random.Generator) -> tuple[list[np.ndarray], list, np.ndarray]:
        w, h = self.width * 5 // 4 + 8, self.height * 5 // 4 + 8
        base = 40 + rng.integers(0, 90)
        luma = base + 70 * _noise(rng, 5, 8, h, w) + 25 * _noise(rng, h // 8, w // 8, h, w)
        chroma = [
            rng.integers(90, 166) + 45 * (_noise(rng, 3, 4, h // 2, w // 2) - 0.5) for _ in range(2)
        ]
        planes = [np.clip(p, 20, 230).astype(np.uint8) for p in (luma, *chroma)]
        side = max(8, self.height // 5) & ~1
        boxes = [
            (
                rng.uniform(0, self.width - side),
                rng.uniform(0, self.height - side),
                rng.uniform(-1, 1) * self.width / 150,
                side,
                rng.integers(40, 220, 3),
            )
            for _ in range(3)
        ]
        return planes, boxes, rng.uniform(0.3, 1.0, 2)


def _noise(rng: np.random.Generator, rows: int, columns: int, h: int, w: int) -> np.ndarray:
    """Smooth noise in [0, 1], float32 of shape (h, w), by bilinear enlargement."""
    small = rng.random((rows + 1, columns + 1), np.float32)
    y, x = np.linspace(0, rows, h, endpoint=False), np.linspace(0, columns, w, endpoint=False)
    j, i = y.astype(int), x.astype(int)
    v, u = (y - j).astype(np.float32)[:, None], (x - i).astype(np.float32)[None]
    top = small[j][:, i] * (1 - u) + small[j][:, i + 1] * u
    bottom = small[j + 1][:, i] * (1 - u) + small[j + 1][:, i + 1] * u
    return top * (1 - v) + bottom * v


def _mix(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    return (a + (b.astype(np.float32) - a) * np.float32(share) + np.float32(0.5)).astype(np.uint8)


def _kept_frames(num_frames: int, variable_rate: bool, seed: int) -> list[int]:
    if not variable_rate:
        return list(range(num_frames))
    rng = np.random.default_rng([seed, 77])
    keep = rng.random(num_frames) > 0.35
    keep[0] = keep[-1] = True
    return np.flatnonzero(keep).tolist()


def _video_stream(container, codec: str, size: tuple[int, int], fps: int, keyframe_s: float):
    name, pixel_format, options = ENCODERS[codec]
    stream = container.add_stream(name, rate=fps, options=dict(options))
    stream.width, stream.height = size
    stream.pix_fmt = pixel_format
    stream.codec_context.time_base = Fraction(1, fps if name == "mpeg4" else TICKS)
    stream.codec_context.gop_size = max(1, round(keyframe_s * fps))
    stream.codec_context.thread_count = 1
    return stream


def _audio_stream(container, suffix: str, codec: str | None):
    codec = codec or {".webm": "libopus", ".mkv": "libopus", ".avi": "mp2"}.get(suffix, "aac")
    return container.add_stream(codec, rate=48_000, layout="mono")


def _tone_packets(stream, tone: int, duration_s: float, start_s: float) -> Iterator[tuple]:
    """Yield (seconds, packets) of a tone that sounds in the first half of every second."""
    rate, step = 48_000, 960
    resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
    for n in range(round(start_s * rate), round((start_s + duration_s) * rate), step):
        t = np.arange(n, n + step) / rate
        wave = 0.4 * np.sin(2 * np.pi * tone * t) * (t % 1 < 0.5)
        samples = (wave * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, n, Fraction(1, rate)
        yield n / rate, [p for f in resampler.resample(frame) for p in stream.encode(f)]
    yield duration_s, stream.encode(None)


def _mux_until(container, sound: Iterator[tuple], until_s: float) -> None:
    for seconds, packets in sound:
        container.mux(packets)
        if seconds >= until_s:
            return


def _rotate(path: Path, rotation: int, size: tuple[int, int]) -> None:
    """Write the display matrix of the first track of an MP4 (ISO 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    one = 0x10000
    w, h = size[0] * one, size[1] * one
    a, b, c, d, x, y = {
        90: (0, one, -one, 0, h, 0),
        180: (-one, 0, 0, -one, w, h),
        270: (0, -one, one, 0, 0, w),
    }[rotation]
    matrix = (a, b, 0, c, d, 0, x, y, 1 << 30)
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = b"".join(v.to_bytes(4, "big", signed=True) for v in matrix)
    path.write_bytes(bytes(data))
