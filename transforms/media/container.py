"""Opening a file for one pass: its format, the streams that are used, and what they declare."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream as AvVideoStream

from ...schemas.errors import RecordError
from ...schemas.outcome import ErrorCode
from .limits import AUDIO_CODECS, FORMATS, PROBE_BYTES, PROBE_US, VIDEO_CODECS, MediaLimits

MICROSECONDS = 1_000_000
_MAGIC = (
    b"ftyp",
    b"moov",
    b"mdat",
    b"\x1aE\xdf\xa3",
    b"RIFF",
    b"OggS",
    b"FLV",
    b"\x00\x00\x01\xba",
)
_MAGIC_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """A container and the streams of it that are read."""

    container: InputContainer
    video: AvVideoStream
    audio: AvAudioStream | None
    num_streams: int


def open_video(path: Path, limits: MediaLimits) -> OpenFile:
    """Open a file and choose its streams; the caller closes `container`.

    Raises:
        RecordError: `EMPTY_FILE`, `NOT_MEDIA`, `BAD_CONTAINER`, `NO_VIDEO_STREAM`,
            `UNSUPPORTED_CODEC`, `TOO_LARGE_PICTURE` or `TOO_BIG`.
    """
    if path.stat().st_size == 0:
        raise RecordError(ErrorCode.EMPTY_FILE, f"{path.name} holds no byte")
    container = _open(path)
    try:
        video = _video_stream(container)
        _check_video(container, video, limits)
        audio = _audio_stream(container)
        if audio is not None:
            audio.codec_context.thread_count = 1
    except RecordError:
        container.close()
        raise
    return OpenFile(
        container=container, video=video, audio=audio, num_streams=len(container.streams)
    )


def read_packets(container: InputContainer, *streams: Stream) -> Iterator["Packet[Any]"]:
    """Yield the packets of some streams, or of all; at the end one without data for each stream.

    Those flush the decoders. Their `stream_index` is always 0: ask for `stream.index`.

    Raises:
        av.error.FFmpegError: the container breaks off.
    """
    # PyAV 18 raises it for a stream that began midway, after it has flushed those that it knows.
    with contextlib.suppress(IndexError):
        yield from container.demux(*streams)


def to_us(pts: int, time_base: Fraction) -> int:
    """Convert a presentation time to microseconds, to the nearest."""
    return (2 * pts * time_base.numerator * MICROSECONDS + time_base.denominator) // (
        2 * time_base.denominator
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the header says of the video's length."""

    num_frames: int
    """Frames; 0 where it does not say."""
    duration_us: int | None
    """Duration of the video stream, else of the container."""
    container_start_us: int | None
    """Where the container's duration counts from; None where the stream has its own."""


def read_declared(file: OpenFile) -> Declared:
    """Read what the header says; a truncated file's header still tells of the whole."""
    video, container = file.video, file.container
    if video.duration is not None and video.time_base is not None:
        return Declared(
            num_frames=video.frames,
            duration_us=to_us(video.duration, video.time_base),
            container_start_us=None,
        )
    # Matroska counts from time 0, all others from where their first stream starts.
    is_matroska = "matroska" in container.format.name
    return Declared(
        num_frames=video.frames,
        duration_us=None if container.duration is None else int(container.duration),
        container_start_us=0 if is_matroska else int(container.start_time or 0),
    )


def _open(path: Path) -> InputContainer:
    options = {
        "format_whitelist": ",".join(sorted(FORMATS)),
        "codec_whitelist": ",".join(sorted(VIDEO_CODECS | AUDIO_CODECS | {"mov_text", "srt"})),
        "protocol_whitelist": "file",
        "probesize": str(PROBE_BYTES),
        "analyzeduration": str(PROBE_US),
    }
    try:
        # An explicit protocol: a name such as `concat:a` must not choose one.
        return av.open(f"file:{path}", options=options, metadata_errors="replace")
    except av.error.FFmpegError as error:
        # "Out of memory" too: FFmpeg says so of sizes and counts that a damaged header asks for.
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: av.error.FFmpegError) -> RecordError:
    with path.open("rb") as file:
        head = file.read(_MAGIC_BYTES)
    if any(magic in head for magic in _MAGIC):
        return RecordError(
            ErrorCode.BAD_CONTAINER,
            f"the file starts like a video, but its container cannot be read: {error.strerror}; "
            "its index may be missing, as after a download that was cut short",
        )
    return RecordError(
        ErrorCode.NOT_MEDIA,
        f"the file is none of the formats that are read; it starts with {head!r}",
    )


def _video_stream(container: InputContainer) -> AvVideoStream:
    """Return the first video stream that is not a cover picture."""
    for stream in container.streams.video:
        covers = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
        if not stream.disposition & covers:
            found: AvVideoStream = stream
            return found
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "none"
    raise RecordError(ErrorCode.NO_VIDEO_STREAM, f"no video stream; streams of the file: {kinds}")


def _audio_stream(container: InputContainer) -> AvAudioStream | None:
    """Return the default audio stream, else the first; None if there is none that is readable."""
    readable = [
        stream
        for stream in container.streams.audio
        if stream.codec_context is not None and stream.codec_context.name in AUDIO_CODECS
    ]
    defaults = [stream for stream in readable if stream.disposition & Disposition.default]
    return next(iter(defaults or readable), None)


def _check_video(container: InputContainer, video: AvVideoStream, limits: MediaLimits) -> None:
    context = video.codec_context
    if context is None or context.name not in VIDEO_CODECS:
        name = context.name if context is not None else "unknown"
        raise RecordError(ErrorCode.UNSUPPORTED_CODEC, f"video codec {name!r} is not read")
    width, height = context.width, context.height
    if max(width, height) > limits.max_side_px or width * height > limits.max_pixels:
        raise RecordError(
            ErrorCode.TOO_LARGE_PICTURE,
            f"pictures of {width} x {height} px; at most {limits.max_side_px} px a side and "
            f"{limits.max_pixels} px in all are read",
            value=float(width * height),
        )
    if len(container.streams) > limits.max_streams:
        raise RecordError(
            ErrorCode.BAD_CONTAINER,
            f"{len(container.streams)} streams; at most {limits.max_streams} are read",
            value=float(len(container.streams)),
        )
    seconds = (container.duration or 0) / MICROSECONDS
    if seconds > limits.max_duration_s:
        raise RecordError(
            ErrorCode.TOO_BIG,
            f"{seconds:.0f} s declared; at most max_duration_s={limits.max_duration_s} are read",
            value=seconds,
        )
    context.thread_count = 1
    context.thread_type = "NONE"
    context.options = {"max_pixels": str(limits.max_pixels)}
