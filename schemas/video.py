"""One fetched, checked source file, and what the scan and the recogniser found in it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from .arrow import Float32, Int32, Unit
from .reference import Reference
from .source import Source
from .text import Transcript


class BoundaryKind(StrEnum):
    """How one shot gives way to the next, or where a clip edge comes from. Closed list."""

    START = "start"
    """The video's first frame."""
    END = "end"
    """The video's last frame."""
    CUT = "cut"
    """One shot follows the other at once."""
    FADE = "fade"
    """The picture goes to black or white and comes back."""
    DISSOLVE = "dissolve"
    """One shot blends into the next."""
    SILENCE = "silence"
    """A long shot was split where nobody speaks."""
    EVEN = "even"
    """A long shot was split evenly."""
    GIVEN = "given"
    """The manifest said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A transition between two shots."""

    kind: BoundaryKind
    """`cut`, `fade` or `dissolve`."""
    time_us: Annotated[int, Unit("us")]
    """Where the next shot starts: the first frame after a cut, the middle of a fade or dissolve."""
    start_us: Annotated[int, Unit("us")]
    """Start of the transition; equal to `time_us` for a cut."""
    end_us: Annotated[int, Unit("us")]
    """End of the transition; equal to `time_us` for a cut."""
    score: Annotated[float, Float32(), Unit("share")]
    """The detector's certainty, in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """The frames between two boundaries: `[start_us, end_us)`."""

    start_us: Annotated[int, Unit("us")]
    """Presentation time of its first frame."""
    end_us: Annotated[int, Unit("us")]
    """Where the next shot starts, or the end of the video."""
    start_kind: BoundaryKind
    """What it starts with."""
    end_kind: BoundaryKind
    """What it ends with."""
    score: Annotated[float, Float32(), Unit("share")]
    """The lower of its two boundaries' scores; 1 at the ends of the video."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture of the frame set, and what was measured on it."""

    time_us: Annotated[int, Unit("us")]
    """Its own presentation time."""
    reference: Reference
    """The JPEG in the part's media file."""
    width_px: Annotated[int, Int32(), Unit("px")]
    """Width as stored, rotation applied."""
    height_px: Annotated[int, Int32(), Unit("px")]
    """Height as stored, rotation applied."""
    is_grid: bool
    """Whether it lies on the fixed grid, else it stands beside a shot boundary."""
    brightness: Annotated[float, Float32()]
    """Mean luma, 0 to 255."""
    contrast: Annotated[float, Float32()]
    """Standard deviation of luma, 0 to 127.5."""
    sharpness: Annotated[float, Float32()]
    """Variance of the Laplacian of the stored picture's luma; low for blur."""
    motion: Annotated[float, Float32()]
    """Mean absolute luma change since the grid frame before, in levels per s; 0 for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStream:
    """The video stream that is used: the first one that is not a cover picture."""

    index: Annotated[int, Int32()]
    """Its index in the container."""
    codec: str
    """FFmpeg's codec name, such as `h264`."""
    pixel_format: str
    """FFmpeg's name, such as `yuv420p`."""
    width_px: Annotated[int, Int32(), Unit("px")]
    """Width as shown: rotation applied."""
    height_px: Annotated[int, Int32(), Unit("px")]
    """Height as shown: rotation applied."""
    rotation_degrees: Annotated[int, Int32(), Unit("degrees")]
    """Clockwise turn that the file asks for: 0, 90, 180 or 270."""
    frames_per_s: Annotated[float, Unit("1/s")]
    """Decoded frames over the presentation span."""
    is_variable_rate: bool
    """Whether frame durations differ by more than half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """The audio stream that is used: the container's default, else the first."""

    index: Annotated[int, Int32()]
    """Its index in the container."""
    codec: str
    """FFmpeg's codec name, such as `aac`."""
    sample_rate_hz: Annotated[int, Int32(), Unit("hz")]
    """Samples per second in the file."""
    num_channels: Annotated[int, Int32()]
    """Channels in the file."""
    language: str | None = None
    """The stream's language tag, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the video packets cover: tells a truncated file from a whole one."""

    num_packets: Annotated[int, Int32()]
    """Video packets in the file."""
    num_frames_declared: Annotated[int, Int32()]
    """Frames that the header declares; 0 where it does not say."""
    num_frames_decoded: Annotated[int, Int32()]
    """Frames that were decoded."""
    num_frames_corrupt: Annotated[int, Int32()]
    """Frames that the decoder marked as damaged."""
    num_keyframes: Annotated[int, Int32()]
    """Packets that a decoder can start at."""
    declared_duration_us: Annotated[int | None, Unit("us")]
    """Duration that the header declares."""
    max_gap_us: Annotated[int, Unit("us")]
    """Longest time between two neighbouring frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioChunk:
    """At most 60 s of sound: s16le, 16 kHz, mono."""

    start_us: Annotated[int, Unit("us")]
    """Presentation time of its first sample."""
    end_us: Annotated[int, Unit("us")]
    """End, exclusive."""
    reference: Reference
    """The samples in the part's media file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What one demux and decode pass found."""

    container: str
    """FFmpeg's format name, such as `mov,mp4,m4a,3gp,3g2,mj2`."""
    start_us: Annotated[int, Unit("us")]
    """Presentation time of the first video frame."""
    end_us: Annotated[int, Unit("us")]
    """End of the last video frame, exclusive."""
    video_stream: VideoStream
    """The video stream used."""
    audio_stream: AudioStream | None
    """The audio stream used; null where there is none."""
    num_streams: Annotated[int, Int32()]
    """Streams of any kind in the container."""
    coverage: Coverage
    """Integrity of the video packets."""
    shots: tuple[Shot, ...]
    """Shots in time order; together they cover `[start_us, end_us)`."""
    boundaries: tuple[Boundary, ...]
    """Boundaries between shots in time order."""
    frames: tuple[Frame, ...]
    """The frame set in time order."""
    audio: tuple[AudioChunk, ...]
    """The sound in time order; empty where there is none."""
    keyframes_us: Annotated[tuple[int, ...], Unit("us")] = ()
    """Presentation times that a copy cut can start at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a video site says of a video: an allow-listed few fields."""

    name: str
    """The site's extractor, such as `Youtube`."""
    page_url: str | None = None
    """The video's page."""
    creator: str | None = None
    """Channel or uploader."""
    creator_uri: str | None = None
    """The channel's page."""
    published: str | None = None
    """Date of publication, `YYYY-MM-DD`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """One fetched source file."""

    video_id: str
    """First 32 hexadecimal digits of the sha256 of the file."""
    source: Source
    """What was asked for."""
    file: Reference
    """The fetched file."""
    num_bytes: Annotated[int, Unit("bytes")]
    """Its size."""
    final_uri: str
    """Where it came from in the end, after redirects, without query, fragment or user name."""
    mime: str | None = None
    """Media type that the server named."""
    title: str | None = None
    """Title: the source's, else the site's."""
    language: str | None = None
    """Language: the source's, else the site's."""
    license_raw: str | None = None
    """License as found."""
    license: str | None = None
    """License as normalised: an SPDX identifier such as `CC-BY-4.0`; null when unknown."""
    license_source: str | None = None
    """Where the license was found: `manifest`, `site`, or null."""
    site: Site | None = None
    """What the site says, if it came from one."""
    scan: Scan | None = None
    """Filled by the scan step."""
    transcript: Transcript | None = None
    """Filled by the transcribe step."""
    metadata: dict[str, str] = field(default_factory=dict)
    """The source's own further columns."""
