"""Sound of any channels becomes mono: mixed where there is a rule, else its first channel."""

from fractions import Fraction

import av
import numpy as np
import pytest

from interlink.transforms.media.mixer import Mixer

RATE_HZ = 48_000


def frames(layout, levels, *, rate_hz=RATE_HZ, num=5):
    """Return frames of 1024 samples of which each channel has one level; the rest are 0."""
    num_channels = av.AudioLayout(layout).nb_channels
    samples = np.zeros((1024, num_channels), np.int16)
    samples[:, : len(levels)] = levels
    for n in range(num):
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 1024 * n, Fraction(1, rate_hz)
        yield frame


def mix(given, **target):
    mixer = Mixer(**{"sample_format": "s16", "layout": "mono", "rate_hz": 16_000, **target})
    parts = [part for frame in given for part in mixer.push(frame)] + mixer.finish()
    return np.concatenate([part.to_ndarray() for part in parts], axis=1)


@pytest.mark.parametrize(
    ("layout", "levels", "level"),
    [
        ("mono", (8000,), 8000),
        ("stereo", (8000, 4000), 6000),
        ("3 channels", (3000, 3000, 3000), 3000),
        ("ambisonic 1", (8000, 4000), 8000),
        ("ambisonic 3", (8000, 4000), 8000),
        ("32 channels", (8000, 4000), 8000),
    ],
)
def test_all_channels_become_one(layout, levels, level):
    mixed = mix(frames(layout, levels))
    assert mixed.shape == (1, pytest.approx(5 * 1024 / 3, abs=2))
    assert mixed[0, 500:600] == pytest.approx(level, abs=2)


def test_sound_that_needs_no_mixing_passes_as_it_is():
    assert mix(frames("mono", (8000,), rate_hz=16_000)).tolist() == [[8000] * 5 * 1024]


def test_the_first_channel_becomes_stereo_too():
    mixed = mix(frames("ambisonic 1", (8000,)), layout="stereo", sample_format="s16p")
    assert (mixed[:, 500:600] > 5000).all()


def test_a_frame_that_nothing_can_be_made_of_costs_itself():
    good = list(frames("stereo", (8000, 8000)))
    [broken] = frames("stereo", (8000, 8000), num=1)
    broken.sample_rate = 0
    assert mix([broken, *good]).shape == mix(good).shape
