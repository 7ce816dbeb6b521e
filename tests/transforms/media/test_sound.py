"""Sound on the presentation clock: gaps, overlaps, chunks."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from interlink.transforms.media.blobs import BlobWriter
from interlink.transforms.media.sound import SoundWriter

RATE = 48_000
TICK = Fraction(1, RATE)


def write(*stretches, rate=RATE):
    """Feed (start s, duration s, level) stretches in frames of 20 ms; return chunks and samples."""
    file = io.BytesIO()
    writer = SoundWriter(BlobWriter(file), Fraction(1, rate))
    for start, duration, level in stretches:
        step = rate // 50
        for n in range(round(duration * 50)):
            samples = np.full((1, step), level, np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.pts = rate, round(start * rate) + n * step
            frame.time_base = Fraction(1, rate)
            writer.push(frame)
    writer.finish()
    data = file.getvalue()
    parts = [
        np.frombuffer(data[c.blob.offset : c.blob.offset + c.blob.size], np.int16)
        for c in writer.chunks
    ]
    return writer.chunks, parts


def test_sound_starts_where_its_first_sample_does():
    chunks, [samples] = write((1.25, 2.0, 8000))
    assert chunks[0].start_us == 1_250_000
    assert chunks[0].end_us == pytest.approx(3_250_000, abs=2000)
    assert len(samples) == pytest.approx(32_000, abs=32)


def test_a_gap_is_filled_with_silence():
    [chunk], [samples] = write((0.0, 1.0, 8000), (3.0, 1.0, 8000))
    assert chunk.end_us == pytest.approx(4_000_000, abs=2000)
    loud = np.abs(samples) > 4000
    assert loud[100:15_900].all()
    assert not loud[16_100:47_900].any()
    assert loud[48_100:63_900].all()


def test_an_overlap_is_dropped():
    [chunk], [samples] = write((0.0, 2.0, 8000), (1.0, 2.0, -8000))
    assert chunk.end_us == pytest.approx(3_000_000, abs=2000)
    assert (samples[100:31_900] > 4000).all()
    assert (samples[32_100:47_900] < -4000).all()


def test_small_shifts_of_rounded_times_are_not_followed():
    stretches = [(i * 0.1 + (0.0004 if i % 2 else 0), 0.1, 8000) for i in range(20)]
    [chunk], [samples] = write(*stretches)
    assert chunk.end_us == pytest.approx(2_000_000, abs=2000)
    assert (np.abs(samples[100:-100]) > 7000).all()


def test_a_slow_drift_is_followed_in_the_end():
    stretches = [(i * 0.1005, 0.1, 8000) for i in range(200)]
    [chunk], _ = write(*stretches)
    assert chunk.end_us == pytest.approx(200 * 100_500, abs=35_000)


def test_chunks_are_of_60_s_and_join():
    chunks, parts = write((0.5, 130.0, 100))
    assert [c.start_us for c in chunks] == [500_000, 60_500_000, 120_500_000]
    assert chunks[0].end_us == chunks[1].start_us
    assert [len(p) for p in parts[:2]] == [960_000, 960_000]


def test_a_long_gap_starts_a_new_chunk_at_its_own_time():
    chunks, parts = write((0.0, 1.0, 8000), (500.0, 1.0, 8000))
    assert [c.start_us for c in chunks] == [0, 500_000_000]
    assert sum(map(len, parts)) == pytest.approx(32_000, abs=64)


def test_another_rate_and_a_change_of_rate_keep_the_place():
    chunks, [samples] = write((0.0, 1.0, 8000), rate=44_100)
    assert len(samples) == pytest.approx(16_000, abs=32)
    assert chunks[0].end_us == pytest.approx(1_000_000, abs=2000)


def test_no_sound_gives_no_chunk():
    writer = SoundWriter(BlobWriter(io.BytesIO()), TICK)
    writer.finish()
    assert writer.chunks == []
