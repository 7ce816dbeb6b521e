"""The sound of a video as a recogniser takes it: chunks joined, holes kept, long ones divided."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...schemas.reference import Reference
from ...schemas.video import AudioChunk

SAMPLE_RATE_HZ = 16_000
"""Of all audio in media files."""

MAX_SOUND_S = 300
"""One stretch at most. It bounds memory: a worker with Whisper base peaked at 0.66 GB with 300 s
of speech and at 1.0 GB with 600 s, most of it mel features."""

MAX_HOLE_S = 30
"""Longer holes in the sound part two stretches; shorter ones are filled with silence."""

_SEARCH_S = 30
_WINDOW = SAMPLE_RATE_HZ // 10

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A stretch of sound: 16 kHz, mono."""

    start_us: int
    """Presentation time of its first sample."""
    samples: Samples
    """int16, shape (num_samples,)."""

    @property
    def end_us(self) -> int:
        """Its end, exclusive."""
        return self.start_us + to_us(len(self.samples))


def to_us(num_samples: int) -> int:
    """Return how long so many samples last, in microseconds."""
    return round(num_samples * 1_000_000 / SAMPLE_RATE_HZ)


def sounds(
    chunks: Iterable[AudioChunk], read: Callable[[Reference], bytes], *, max_s: int = MAX_SOUND_S
) -> Iterator[Sound]:
    """Yield the sound in stretches of at most `max_s` seconds; long sound is divided in lulls.

    Args:
        chunks: the scan's chunks, in time order.
        read: returns a chunk's bytes: s16le, 16 kHz, mono.
        max_s: length of a stretch, more than 30 s.
    """
    start_us = 0
    samples: Samples = np.empty(0, np.int16)
    for chunk in chunks:
        new = np.frombuffer(read(chunk.reference), "<i2").astype(np.int16, copy=False)
        gap = round((chunk.start_us - start_us) * SAMPLE_RATE_HZ / 1_000_000) - len(samples)
        if len(samples) == 0 or gap > MAX_HOLE_S * SAMPLE_RATE_HZ:
            if len(samples):
                yield Sound(start_us=start_us, samples=samples)
            start_us, samples = chunk.start_us, new
        elif gap >= 0:
            samples = np.concatenate([samples, np.zeros(gap, np.int16), new])
        else:
            # Chunks that overlap (clocks that step back): what came first stays, times stay true.
            samples = np.concatenate([samples, new[-gap:]])
        while len(samples) > max_s * SAMPLE_RATE_HZ:
            cut = _lull(samples[: max_s * SAMPLE_RATE_HZ])
            yield Sound(start_us=start_us, samples=samples[:cut])
            start_us, samples = start_us + to_us(cut), samples[cut:]
    if len(samples):
        yield Sound(start_us=start_us, samples=samples)


def _lull(samples: Samples) -> int:
    """Return the middle of the quietest tenth of a second in the last 30 s, as a sample number."""
    tail = samples[-_SEARCH_S * SAMPLE_RATE_HZ :]
    windows = tail[: len(tail) // _WINDOW * _WINDOW].reshape(-1, _WINDOW).astype(np.int64)
    quietest = int(np.argmin((windows**2).sum(axis=1)))
    return len(samples) - len(tail) + quietest * _WINDOW + _WINDOW // 2
