"""Descriptors against plain numpy."""

import numpy as np
import pytest

from interlink.transforms.media.shots.descriptors import Describer, distance
from interlink.transforms.media.shots.planes import Planes


def samples(seed=0, rows=45, columns=80):
    rng = np.random.default_rng(seed)
    half = (rows + 1) // 2, (columns + 1) // 2
    return Planes(
        *(rng.integers(0, 256, shape, np.uint8) for shape in ((rows, columns), half, half))
    )


def test_a_descriptor_holds_the_means_of_cells():
    frame = samples()
    history = Describer(frame).describe([frame, frame], [0, 40_000])
    cells = frame.luma.reshape(9, 5, 16, 5).mean((1, 3))
    assert history.descriptors.shape == (2, 224)
    assert history.descriptors[0, :144].reshape(9, 16) == pytest.approx(cells, abs=1e-3)
    assert history.descriptors[0, 144:184].mean() == pytest.approx(frame.blue.mean(), abs=3)


def test_the_distance_adds_luma_and_colour():
    a, b = np.zeros((2, 224), np.float32)
    b[:144], b[144:] = 10, 4
    assert distance(a, b) == pytest.approx(14)


def test_portrait_uses_standing_cells():
    frame = samples(rows=80, columns=45)
    describer = Describer(frame)
    assert describer.is_portrait
    cells = frame.luma.reshape(16, 5, 9, 5).mean((1, 3))
    found = describer.describe([frame], [0]).descriptors[0, :144].reshape(16, 9)
    assert found == pytest.approx(cells, abs=1e-3)


@pytest.mark.parametrize("shape", [(45, 80), (80, 45), (8, 8), (10, 384)])
def test_coarse_descriptors_keep_the_mean_of_flat_pictures(shape):
    half = (shape[0] + 1) // 2, (shape[1] + 1) // 2
    flat = Planes(*(np.full(s, v, np.uint8) for s, v in ((shape, 90), (half, 60), (half, 200))))
    describer = Describer(flat)
    coarse = describer.coarse(describer.describe([flat], [0]).descriptors)
    assert coarse.shape == (1, 20)
    assert coarse[0] == pytest.approx([90] * 12 + [60] * 4 + [200] * 4, rel=1e-5)


def test_histograms_of_equal_frames_do_not_differ_and_of_disjoint_ones_do_fully():
    dark, bright = (
        Planes(*(np.full(s, v, np.uint8) for s in ((45, 80), (23, 40), (23, 40))))
        for v in (20, 220)
    )
    describer = Describer(dark)
    history = describer.describe([dark, dark, bright], [0, 1, 2])
    assert describer.histogram_distances(history, 0, 1) == (0, 0)
    assert describer.histogram_distances(history, 0, 2) == (1, 1)


def test_a_history_is_extended_and_cut():
    frame = samples()
    describer = Describer(frame)
    history = describer.describe([frame], [0]).extended(describer.describe([frame] * 3, [1, 2, 3]))
    assert history.time_us.tolist() == [0, 1, 2, 3]
    rest = history.since(2)
    assert rest.time_us.tolist() == [2, 3]
    assert len(rest.luma) == len(rest.descriptors) == 2
    assert rest.luma.base is None
