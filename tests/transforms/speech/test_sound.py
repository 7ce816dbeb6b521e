import hashlib

import numpy as np
import pytest

from interlink.schemas.reference import Reference
from interlink.schemas.video import AudioChunk
from interlink.transforms.speech.sound import SAMPLE_RATE_HZ, Sound, sounds, to_us


def noise(num_samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3000, 3000, num_samples).astype(np.int16)


class Tape:
    """Chunks with their bytes, as a scan leaves them."""

    def __init__(self, *pieces: tuple[int, np.ndarray]) -> None:
        self.bytes = {hashlib.sha256(s.tobytes()).hexdigest(): s.tobytes() for _, s in pieces}
        self.chunks = [
            AudioChunk(
                start_us=start_us,
                end_us=start_us + to_us(len(samples)),
                reference=Reference(
                    file="m",
                    row_group=0,
                    row=0,
                    sha256=hashlib.sha256(samples.tobytes()).hexdigest(),
                ),
            )
            for start_us, samples in pieces
        ]

    def sounds(self, max_s: int = 600) -> list[Sound]:
        return list(sounds(self.chunks, lambda r: self.bytes[r.sha256], max_s=max_s))


def test_chunks_that_touch_become_one_sound_that_starts_where_the_first_does():
    samples = noise(50_000)
    (sound,) = Tape((1_400_000, samples[:32_000]), (3_400_000, samples[32_000:])).sounds()
    assert (sound.start_us, sound.end_us) == (1_400_000, 1_400_000 + 3_125_000)
    np.testing.assert_array_equal(sound.samples, samples)


def test_a_microsecond_of_rounding_between_chunks_is_no_hole():
    samples = noise(40_001)
    second_us = 20_001 * 1_000_000 // SAMPLE_RATE_HZ  # a 16 kHz sample lasts 62.5 us
    (sound,) = Tape((0, samples[:20_001]), (second_us, samples[20_001:])).sounds()
    np.testing.assert_array_equal(sound.samples, samples)


def test_a_short_hole_is_filled_with_silence_so_that_times_stay_true():
    first, second = noise(16_000), noise(8_000, seed=1)
    (sound,) = Tape((0, first), (3_000_000, second)).sounds()
    assert len(sound.samples) == 3 * 16_000 + 8_000
    assert not sound.samples[16_000:48_000].any()
    np.testing.assert_array_equal(sound.samples[48_000:], second)


def test_a_long_hole_parts_two_sounds_and_costs_no_memory():
    day_us = 24 * 3600 * 1_000_000
    first, second = Tape((0, noise(16_000)), (day_us, noise(16_000, seed=1))).sounds()
    assert (first.start_us, first.end_us) == (0, 1_000_000)
    assert (second.start_us, second.end_us) == (day_us, day_us + 1_000_000)


def test_where_chunks_overlap_the_first_one_stays():
    first, second = noise(16_000), noise(16_000, seed=1)
    (sound,) = Tape((0, first), (750_000, second)).sounds()
    np.testing.assert_array_equal(sound.samples, np.concatenate([first, second[4_000:]]))


def test_a_chunk_that_lies_inside_the_one_before_adds_nothing():
    first = noise(16_000)
    (sound,) = Tape((0, first), (250_000, noise(4_000, seed=1))).sounds()
    np.testing.assert_array_equal(sound.samples, first)


def test_long_sound_is_divided_in_a_lull_and_nothing_is_lost():
    samples = noise(100 * SAMPLE_RATE_HZ)
    samples[52 * SAMPLE_RATE_HZ : 52 * SAMPLE_RATE_HZ + 8_000] = 0
    parts = Tape((500_000, samples)).sounds(max_s=60)
    assert len(parts) == 2
    assert 52.0 <= (parts[1].start_us - 500_000) / 1e6 <= 52.5
    assert parts[0].end_us == parts[1].start_us
    np.testing.assert_array_equal(np.concatenate([p.samples for p in parts]), samples)


@pytest.mark.parametrize("num_chunks", [3, 10])
def test_no_sound_is_longer_than_the_maximum(num_chunks: int):
    chunk = noise(60 * SAMPLE_RATE_HZ)
    pieces = [(i * 60_000_000, chunk) for i in range(num_chunks)]
    parts = Tape(*pieces).sounds(max_s=90)
    assert all(len(part.samples) <= 90 * SAMPLE_RATE_HZ for part in parts)
    assert sum(len(part.samples) for part in parts) == num_chunks * len(chunk)
    assert [p.end_us for p in parts[:-1]] == [p.start_us for p in parts[1:]]


def test_no_chunks_are_no_sound():
    assert Tape().sounds() == []
    assert Tape((0, noise(0))).sounds() == []
