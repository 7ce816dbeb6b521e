import numpy as np
import pytest
from scipy.stats import t

from interlink.pipeline.audit.statistics import bootstrap
from interlink.pipeline.audit.statistics.bootstrap import bootstrap_t


def test_many_normal_clusters_give_students_interval():
    values = np.random.default_rng(0).normal(0.4, 0.1, 400)
    low, high = bootstrap_t(values, np.ones(400), confidence=0.95, seed=1, num_resamples=20_000)
    error = values.std(ddof=1) / 20
    reach = t.ppf(0.975, 399) * error
    assert (low, high) == pytest.approx(
        (values.mean() - reach, values.mean() + reach), abs=0.1 * error
    )


def test_equal_seeds_give_equal_ends_and_others_do_not():
    values = np.random.default_rng(0).random(50)
    ends = [bootstrap_t(values, np.ones(50), confidence=0.95, seed=seed) for seed in (4, 4, 5)]
    assert ends[0] == ends[1] != ends[2]


def test_the_scale_of_the_weights_does_not_matter():
    random = np.random.default_rng(2)
    wrong, totals = random.random(40), 1 + random.random(40)
    ends = [bootstrap_t(wrong * k, totals * k, confidence=0.95, seed=0) for k in (1.0, 1024.0)]
    assert ends[0] == pytest.approx(ends[1], abs=1e-12)


def test_drawing_in_blocks_changes_nothing(monkeypatch):
    values = np.random.default_rng(0).random(50)
    whole = bootstrap_t(values, np.ones(50), confidence=0.95, seed=4)
    monkeypatch.setattr(bootstrap, "_CELLS", 5000)
    assert bootstrap_t(values, np.ones(50), confidence=0.95, seed=4) == whole


def test_clusters_without_spread_have_no_interval():
    assert bootstrap_t(np.ones(1), np.ones(1), confidence=0.95, seed=0) is None
    assert bootstrap_t(np.full(9, 0.5), np.ones(9), confidence=0.95, seed=0) is None
