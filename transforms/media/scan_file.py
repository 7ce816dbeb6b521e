"""The one pass over a file: demux and decode once, feed shots, frame set, sound and coverage.

Runs in the child (`transforms/child.py`); `scan.py` is the transform that calls it.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av.error
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.video.frame import VideoFrame

from ...schemas.arrow import to_plain
from ...schemas.errors import RecordError
from ...schemas.outcome import ErrorCode
from ...schemas.video import Scan
from .blobs import BLOB_NAME, BlobWriter
from .container import MICROSECONDS, OpenFile, open_video, read_declared, read_packets, to_us
from .coverage import CoverageCounter
from .frame_set import FrameSet
from .limits import MediaLimits
from .pictures import PictureMaker, PictureShape, clockwise_turn
from .scan_record import PassResult, make_scan
from .shots.detector import ShotDetector, Transition
from .shots.jumps import JumpFinder
from .shots.planes import PlaneSampler
from .sound import SoundWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOptions:
    """What decides the output of a scan."""

    grid_us: int
    """Distance of the frame set's grid times."""
    short_side_px: int
    """Short side of stored pictures; smaller ones stay as they are."""
    jpeg_quality: int
    """1 to 100."""


def probe_file(path: str, limits: dict[str, Any]) -> dict[str, Any]:
    """Open a file and return its declared duration, or null; a cheap first look.

    Raises:
        RecordError: as `open_video`.
    """
    file = open_video(Path(path), MediaLimits(**limits))
    try:
        return {"duration_us": read_declared(file).duration_us}
    finally:
        file.container.close()


def scan_file(
    path: str, folder: str, options: dict[str, Any], limits: dict[str, Any]
) -> dict[str, Any]:
    """Scan one file.

    Args:
        path: the file.
        folder: where to write the blob file `BLOB_NAME` with pictures and sound.
        options: the fields of `ScanOptions`.
        limits: the fields of `MediaLimits`.

    Returns:
        `scan`, a `Scan` as plain values whose references name no file yet; `frames` and `audio`,
        for each of its frames and chunks `[offset, size]` in the blob file.

    Raises:
        RecordError: the file cannot be used; the code says why.
    """
    file = open_video(Path(path), MediaLimits(**limits))
    try:
        with (Path(folder) / BLOB_NAME).open("wb") as blob_file:
            one_pass = _OnePass(file, BlobWriter(blob_file), ScanOptions(**options))
            result = one_pass.run(MediaLimits(**limits))
        scan: Scan = make_scan(file, result)
    finally:
        file.container.close()
    return {
        "scan": to_plain(scan),
        "frames": [[kept.blob.offset, kept.blob.size] for kept in result.frames],
        "audio": [[chunk.blob.offset, chunk.blob.size] for chunk in result.chunks],
    }


class _OnePass:
    """State of one pass."""

    def __init__(self, file: OpenFile, blobs: BlobWriter, options: ScanOptions) -> None:
        self._file = file
        self._blobs = blobs
        self._options = options
        self._coverage = CoverageCounter(read_declared(file))
        self._sampler = PlaneSampler()
        self._jumps = JumpFinder()
        self._detector = ShotDetector()
        self._ticks = [s.time_base or Fraction(1, MICROSECONDS) for s in file.container.streams]
        self._video_tick = self._ticks[file.video.index]
        sound = file.audio or file.video
        self._decoded_streams = {file.video.index, sound.index}
        self._sound = SoundWriter(blobs, self._ticks[sound.index])
        self._frame_set: FrameSet | None = None
        self._first: VideoFrame | None = None
        self._start_us = self._last_us = 0
        self._last_duration_us = 0
        self._keyframes_us: list[int] = []

    def run(self, limits: MediaLimits) -> PassResult:
        """Go through the file and return what was found."""
        max_us = round(limits.max_duration_s * MICROSECONDS)
        for frame in self._decoded():
            if isinstance(frame, AudioFrame):
                self._sound.push(frame)
                continue
            self._take_picture(frame)
            if self._last_us - self._start_us > max_us:
                raise RecordError(
                    ErrorCode.TOO_BIG, f"more than {limits.max_duration_s:.0f} s of frames"
                )
        end_us = self._end_us()
        self._coverage.check(start_us=self._start_us, end_us=end_us)
        assert self._first is not None
        assert self._frame_set is not None
        self._frame_set.finish(end_us)
        found, transitions = self._detector.finish()
        self._keep_beside(found)
        self._sound.finish()
        return PassResult(
            first=self._first,
            start_us=self._start_us,
            end_us=end_us,
            coverage=self._coverage.coverage(),
            is_variable_rate=self._coverage.is_variable_rate,
            transitions=transitions,
            frames=self._frame_set.frames([(t.before_us, t.end_us) for t in transitions]),
            chunks=self._sound.chunks,
            keyframes_us=sorted(self._keyframes_us),
        )

    def _decoded(self) -> Iterator[VideoFrame | AudioFrame]:
        """Yield frames of both streams as they come; damaged packets are counted and left out."""
        packets = read_packets(self._file.container)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:  # the container breaks off: take what came before
                for stream in (self._file.video, self._file.audio):
                    if stream is not None:
                        with contextlib.suppress(av.error.FFmpegError):
                            yield from stream.codec_context.decode(None)
                return
            if packet is None:
                return
            yield from self._decode(packet)

    def _decode(self, packet: "Packet[Any]") -> list[Any]:
        index = packet.stream.index
        is_video = index == self._file.video.index
        if packet.size:
            self._count(packet, is_video=is_video)
        if index not in self._decoded_streams:
            return []
        try:
            return packet.decode()
        except av.error.FFmpegError:
            # "Out of memory" too: damaged packets ask for sizes that no machine has, and blaming
            # the machine would stop the run.
            if is_video:
                self._coverage.add_undecodable()
            return []

    def _count(self, packet: "Packet[Any]", *, is_video: bool) -> None:
        if packet.pts is not None:
            end = packet.pts + (packet.duration or 0)
            self._coverage.add_end(to_us(end, self._ticks[packet.stream.index]))
        if not is_video:
            return
        self._coverage.add_packet(is_keyframe=packet.is_keyframe)
        if packet.is_keyframe and packet.pts is not None:
            self._keyframes_us.append(to_us(packet.pts, self._video_tick))

    def _take_picture(self, frame: VideoFrame) -> None:
        time_us = self._time_us(frame)
        is_shown = self._first is None or time_us > self._last_us
        self._coverage.add_frame(time_us if is_shown else None, is_corrupt=frame.is_corrupt)
        if not is_shown:
            return
        if self._first is None or self._frame_set is None:
            self._start(frame, time_us)
        assert self._frame_set is not None
        planes = self._sampler.sample(frame)
        self._frame_set.push(frame, time_us, is_jump=self._jumps.push(planes))
        self._last_us = time_us
        self._last_duration_us = to_us(frame.duration or 0, self._video_tick)
        self._keep_beside(self._detector.push(planes, time_us))

    def _start(self, frame: VideoFrame, time_us: int) -> None:
        shape = PictureShape.of(
            (frame.width, frame.height),
            sample_aspect_ratio=self._file.video.sample_aspect_ratio or Fraction(1),
            turn=clockwise_turn(frame),
            short_side_px=self._options.short_side_px,
        )
        maker = PictureMaker(shape, jpeg_quality=self._options.jpeg_quality)
        self._frame_set = FrameSet(maker, self._blobs, grid_us=self._options.grid_us)
        self._first, self._start_us = frame, time_us

    def _time_us(self, frame: VideoFrame) -> int:
        """Return a frame's presentation time; one without follows the frame before."""
        pts = frame.pts if frame.pts is not None else frame.dts
        if pts is not None:
            return to_us(pts, self._video_tick)
        return self._last_us + (self._last_duration_us or self._usual_interval_us())

    def _usual_interval_us(self) -> int:
        rate = self._file.video.average_rate or Fraction(25)
        return round(MICROSECONDS / rate)

    def _end_us(self) -> int:
        median = self._coverage.median_interval_us or self._usual_interval_us()
        return self._last_us + (self._last_duration_us or median)

    def _keep_beside(self, transitions: list[Transition]) -> None:
        for transition in transitions:
            assert self._frame_set is not None
            self._frame_set.keep_beside(transition.before_us, transition.end_us)
