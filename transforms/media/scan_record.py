"""From what one pass found to the `Scan` record."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from av.video.frame import VideoFrame

from ...schemas.reference import Reference
from ...schemas.video import (
    AudioChunk,
    AudioStream,
    Boundary,
    BoundaryKind,
    Coverage,
    Frame,
    Scan,
    Shot,
    VideoStream,
)
from .container import MICROSECONDS, OpenFile
from .frame_set import KeptFrame
from .pictures import clockwise_turn, square_size
from .shots.detector import Transition
from .sound import Chunk

NOWHERE = Reference(file="", sha256="")
"""Stands where the parent puts the reference to the media file's row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassResult:
    """What one pass found."""

    first: VideoFrame
    start_us: int
    end_us: int
    coverage: Coverage
    is_variable_rate: bool
    transitions: list[Transition]
    frames: list[KeptFrame]
    chunks: list[Chunk]
    keyframes_us: list[int]


def make_scan(file: OpenFile, found: PassResult) -> Scan:
    """Return the record; its references name no file yet."""
    boundaries = tuple(
        Boundary(
            kind=t.kind, time_us=t.time_us, start_us=t.start_us, end_us=t.end_us, score=t.score
        )
        for t in found.transitions
    )
    return Scan(
        container=file.container.format.name,
        start_us=found.start_us,
        end_us=found.end_us,
        video_stream=_video_stream(file, found),
        audio_stream=_audio_stream(file),
        num_streams=file.num_streams,
        coverage=found.coverage,
        shots=make_shots(boundaries, found.start_us, found.end_us),
        boundaries=boundaries,
        frames=tuple(_frame(kept) for kept in found.frames),
        audio=tuple(
            AudioChunk(start_us=chunk.start_us, end_us=chunk.end_us, reference=NOWHERE)
            for chunk in found.chunks
        ),
        keyframes_us=tuple(found.keyframes_us),
    )


def make_shots(boundaries: tuple[Boundary, ...], start_us: int, end_us: int) -> tuple[Shot, ...]:
    """Return the shots between boundaries; together they cover `[start_us, end_us)`."""
    ends = [
        (start_us, BoundaryKind.START, 1.0),
        *((b.time_us, b.kind, b.score) for b in boundaries if start_us < b.time_us < end_us),
        (end_us, BoundaryKind.END, 1.0),
    ]
    return tuple(
        Shot(
            start_us=start,
            end_us=end,
            start_kind=start_kind,
            end_kind=end_kind,
            score=min(start_score, end_score),
        )
        for (start, start_kind, start_score), (end, end_kind, end_score) in pairwise(ends)
        if start < end
    )


def _video_stream(file: OpenFile, found: PassResult) -> VideoStream:
    frame, stream = found.first, file.video
    aspect = stream.sample_aspect_ratio or Fraction(1)
    width, height = (round(side) for side in square_size((frame.width, frame.height), aspect))
    turn = clockwise_turn(frame)
    if turn in (90, 270):
        width, height = height, width
    return VideoStream(
        index=stream.index,
        codec=stream.codec.canonical_name,
        pixel_format=frame.format.name,
        width_px=width,
        height_px=height,
        rotation_degrees=turn,
        frames_per_s=found.coverage.num_frames_decoded
        * MICROSECONDS
        / (found.end_us - found.start_us),
        is_variable_rate=found.is_variable_rate,
    )


def _audio_stream(file: OpenFile) -> AudioStream | None:
    stream = file.audio
    if stream is None:
        return None
    return AudioStream(
        index=stream.index,
        codec=stream.codec.canonical_name,
        sample_rate_hz=stream.sample_rate,
        num_channels=stream.channels,
        language=stream.language,
    )


def _frame(kept: KeptFrame) -> Frame:
    return Frame(
        time_us=kept.time_us,
        reference=NOWHERE,
        width_px=kept.width_px,
        height_px=kept.height_px,
        is_grid=kept.is_grid,
        brightness=kept.measures.brightness,
        contrast=kept.measures.contrast,
        sharpness=kept.measures.sharpness,
        motion=kept.motion,
    )
