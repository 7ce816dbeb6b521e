"""How records point at pixels and sound: into a file of the run, never by value."""

from dataclasses import dataclass
from typing import Annotated

from .arrow import Int32, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A file of the run directory, or one row of a media file in it."""

    file: str
    """Path under the run's root, with forward slashes."""
    row_group: Annotated[int | None, Int32()] = None
    """Row group of the media file; null when the whole file is meant."""
    row: Annotated[int | None, Int32()] = None
    """Row inside the row group; null when the whole file is meant."""
    sha256: str
    """Digest of the bytes meant, hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One row of a media file: a frame, a stretch of audio, or a clip file.

    Row groups hold at most 16 MiB (or one row) and never span two videos.
    """

    owner_id: str
    """The `video_id` of frames and audio, the `clip_id` of clip files."""
    kind: str
    """`frame` (JPEG), `audio` (s16le, 16 kHz, mono) or `clip` (a container file)."""
    start_us: Annotated[int, Unit("us")]
    """Presentation time of the frame, or of the first sample or frame of the stretch."""
    end_us: Annotated[int, Unit("us")]
    """End of the stretch, exclusive; equal to `start_us` for a frame."""
    mime: str
    """Media type, such as `image/jpeg`, `audio/L16;rate=16000;channels=1`, `video/mp4`."""
    sha256: str
    """Digest of `bytes`, hexadecimal; empty in a run where the content was taken down."""
    bytes: bytes
    """The content, last so that the other columns can be read without it; empty in a run where it
    was taken down, as the row keeps its place."""
