"""The sound of a video: 16 kHz, mono, s16le, on the presentation clock, in chunks of 60 s."""

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
from av.audio.frame import AudioFrame

from .blobs import Blob, BlobWriter
from .container import MICROSECONDS
from .mixer import Mixer

RATE_HZ = 16_000
BYTES_PER_SAMPLE = 2
CHUNK_SAMPLES = 60 * RATE_HZ
_TOLERANCE = RATE_HZ * 3 // 100
"""Containers round times to 1 ms and encoders to a frame: shifts under 30 ms are not followed."""
_MAX_SILENCE = CHUNK_SAMPLES
"""Longer gaps end a chunk, and the next one starts where the sound goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """At most 60 s of sound."""

    start_us: int
    end_us: int
    blob: Blob


class SoundWriter:
    """Takes decoded sound in order and stores it in chunks without gaps.

    The first sample's presentation time is where sound starts. Short gaps are filled with silence
    and overlaps are dropped, so that a sample's place always gives its time.

    Args:
        blobs: where the samples go.
        time_base: seconds per tick of the frames' pts.
    """

    def __init__(self, blobs: BlobWriter, time_base: Fraction) -> None:
        self._blobs = blobs
        # PyAV builds a new Fraction for each look at a frame's own: 5 % of a scan.
        self._samples_per_tick = RATE_HZ * time_base.numerator / time_base.denominator
        self._input_tick = time_base
        self._mixer: Mixer | None = None
        self._start: int | None = None
        """Place of the chunk's first sample, in samples since time 0."""
        self._waiting = bytearray()
        self._layout: tuple[object, ...] = ()
        self._fed = 0
        """Samples given to the mixer, at the file's rate."""
        self._skip = 0
        """Samples to drop because their time is taken."""
        self.chunks: list[Chunk] = []

    @property
    def _place(self) -> int | None:
        """Place of the next sample that is stored, in samples since time 0."""
        if self._start is None:
            return None
        return self._start + len(self._waiting) // BYTES_PER_SAMPLE

    def push(self, frame: AudioFrame) -> None:
        """Take the next frame of sound; its own times are changed."""
        layout = (frame.format.name, frame.layout.name, frame.sample_rate)
        if layout != self._layout:
            self._drain()
            self._layout = layout
            self._input_tick = Fraction(1, frame.sample_rate)
        if frame.pts is not None:
            self._move_to(round(frame.pts * self._samples_per_tick))
        if self._mixer is None:
            self._mixer = Mixer(sample_format="s16", layout="mono", rate_hz=RATE_HZ)
            self._fed = 0
        # Places are ours: with times of its own the mixer would stretch what we place.
        frame.pts, frame.time_base = self._fed, self._input_tick
        self._fed += frame.samples
        for part in self._mixer.push(frame):
            self._store(part)

    def finish(self) -> None:
        """Take the end of the sound."""
        self._drain()
        self._end_chunk()

    def _move_to(self, place: int) -> None:
        """Fill a gap before `place`, or drop what overlaps; a small shift is left alone."""
        pending = self._place
        if pending is None:
            self._start = place
            return
        gap = place - pending
        # An overlap once begun is dropped to its last sample.
        self._skip = max(0, -gap) if self._skip or gap < -_TOLERANCE else 0
        if gap <= _TOLERANCE:
            return
        self._drain()
        if gap > _MAX_SILENCE:
            self._end_chunk()
            self._start = place
        else:
            self._write(bytes(gap * BYTES_PER_SAMPLE))

    def _drain(self) -> None:
        if self._mixer is None:
            return
        for part in self._mixer.finish():
            self._store(part)
        self._mixer = None

    def _store(self, part: AudioFrame) -> None:
        samples = np.frombuffer(cast(bytes, part.planes[0]), np.int16)[: part.samples]
        dropped = min(self._skip, len(samples))
        self._skip -= dropped
        self._write(samples[dropped:].tobytes())

    def _write(self, data: bytes) -> None:
        if self._start is None:
            self._start = 0
        self._waiting += data
        size = CHUNK_SAMPLES * BYTES_PER_SAMPLE
        while len(self._waiting) >= size:
            self._add_chunk(bytes(self._waiting[:size]))
            del self._waiting[:size]

    def _end_chunk(self) -> None:
        if self._waiting:
            self._add_chunk(bytes(self._waiting))
            self._waiting.clear()

    def _add_chunk(self, data: bytes) -> None:
        assert self._start is not None
        end = self._start + len(data) // BYTES_PER_SAMPLE
        self.chunks.append(
            Chunk(start_us=_to_us(self._start), end_us=_to_us(end), blob=self._blobs.add(data))
        )
        self._start = end


def _to_us(place: int) -> int:
    return round(Fraction(place * MICROSECONDS, RATE_HZ))
