"""Records as the scan and the recogniser make them, for tests of what comes after."""

from collections.abc import Sequence

import pytest

from interlink.schemas.reference import Reference
from interlink.schemas.source import Source
from interlink.schemas.text import Segment, Transcript, Word
from interlink.schemas.video import (
    AudioStream,
    Boundary,
    BoundaryKind,
    Coverage,
    Frame,
    Scan,
    Shot,
    Video,
    VideoStream,
)

SECOND = 1_000_000


class Records:
    """Makes records; times in seconds, as people count."""

    @staticmethod
    def shots(*ends_s: float, kind=BoundaryKind.CUT, score=0.9, start_s=0.0):
        """Shots that end at `ends_s`, and the boundaries between them."""
        times = [round(s * SECOND) for s in (start_s, *ends_s)]
        scores = score if isinstance(score, Sequence) else [score] * (len(times) - 2)
        boundaries = tuple(
            Boundary(kind=kind, time_us=time, start_us=time, end_us=time, score=value)
            for time, value in zip(times[1:-1], scores, strict=True)
        )
        kinds = [BoundaryKind.START, *[kind] * len(boundaries), BoundaryKind.END]
        edge_scores = [1.0, *scores, 1.0]
        shots = tuple(
            Shot(
                start_us=times[n],
                end_us=times[n + 1],
                start_kind=kinds[n],
                end_kind=kinds[n + 1],
                score=min(edge_scores[n], edge_scores[n + 1]),
            )
            for n in range(len(times) - 1)
        )
        return shots, boundaries

    @staticmethod
    def frame(time_us: int, *, is_grid=True, brightness=100.0, contrast=40.0, sharpness=50.0,
              motion=0.0) -> Frame:  # fmt: skip
        """A frame whose picture nobody reads."""
        return Frame(
            time_us=time_us,
            reference=Reference(file="media.parquet", row_group=0, row=0, sha256="0" * 64),
            width_px=64,
            height_px=36,
            is_grid=is_grid,
            brightness=brightness,
            contrast=contrast,
            sharpness=sharpness,
            motion=motion,
        )

    @staticmethod
    def segment(start_s: float, text: str, *, end_s: float | None = None, **fields) -> Segment:
        """A sentence whose words last 0.4 s and follow each other after 0.1 s."""
        words, at = [], round(start_s * SECOND)
        for word in text.split():
            words.append(Word(text=word, start_us=at, end_us=at + 400_000, probability=0.9))
            at += 500_000
        end_us = words[-1].end_us if end_s is None else round(end_s * SECOND)
        return Segment(
            start_us=words[0].start_us, end_us=end_us, text=text, words=tuple(words), **fields
        )

    @classmethod
    def video(cls, *ends_s: float, source=None, segments=None, has_audio=True, corrupt=0,
              start_s=0.0, score=0.9, frames=None) -> Video:  # fmt: skip
        """A scanned video; `segments` None means that no recogniser listened."""
        shots, boundaries = cls.shots(*ends_s, start_s=start_s, score=score)
        end_us = shots[-1].end_us
        if frames is None:
            frames = [cls.frame(t) for t in range(shots[0].start_us, end_us, SECOND // 2)]
        scan = Scan(
            container="mov",
            start_us=shots[0].start_us,
            end_us=end_us,
            video_stream=VideoStream(
                index=0,
                codec="h264",
                pixel_format="yuv420p",
                width_px=64,
                height_px=36,
                rotation_degrees=0,
                frames_per_s=25.0,
                is_variable_rate=False,
            ),
            audio_stream=AudioStream(index=1, codec="aac", sample_rate_hz=48000, num_channels=2)
            if has_audio
            else None,
            num_streams=2,
            coverage=Coverage(
                num_packets=100,
                num_frames_declared=100,
                num_frames_decoded=100,
                num_frames_corrupt=corrupt,
                num_keyframes=4,
                declared_duration_us=None,
                max_gap_us=40_000,
            ),
            shots=shots,
            boundaries=boundaries,
            frames=tuple(frames),
            audio=(),
        )
        transcript = None
        if segments is not None:
            transcript = Transcript(
                language="en",
                language_probability=0.98,
                model="base",
                revision="905e5bf8336b",
                segments=tuple(segments),
            )
        return Video(
            video_id="v" * 32,
            source=source or Source(source_id="s", uri="a.mp4"),
            file=Reference(file="a.mp4", sha256="v" * 64),
            num_bytes=1000,
            final_uri="a.mp4",
            scan=scan,
            transcript=transcript,
        )


@pytest.fixture
def records() -> type[Records]:
    """Makes scanned videos, shots, frames and sentences; see `Records`."""
    return Records
