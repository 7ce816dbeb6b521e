import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from interlink.pipeline.audit.statistics.weighted import checked, effective_size, share


def test_weights_of_strata_give_the_estimate_by_hand():
    # 100 of 1000 clips drawn with 30 wrong, 50 of 100 with 20 wrong: (300 + 40) / 1100.
    wrong = np.r_[np.arange(100) < 30, np.arange(50) < 20].astype(float)
    weights = np.r_[np.full(100, 10.0), np.full(50, 2.0)]
    assert share(wrong, weights) == pytest.approx(340 / 1100, abs=1e-12)
    assert effective_size(weights) == pytest.approx(1100**2 / (100 * 100 + 50 * 4))


def test_the_share_is_statsmodels_weighted_mean():
    random = np.random.default_rng(3)
    wrong, weights = (random.random(200) < 0.2).astype(float), random.uniform(1, 9, 200)
    assert share(wrong, weights) == pytest.approx(DescrStatsW(wrong, weights).mean, abs=1e-12)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_alike_is_exactly_that(value):
    assert share(np.full(7, value), np.full(7, 0.1)) == value


def test_effective_size_is_kishs():
    assert effective_size(np.array([1.0, 1.0, 2.0])) == pytest.approx(16 / 6)
    assert effective_size(np.array([])) == 0.0


def test_bad_weights_and_shapes_are_refused():
    with pytest.raises(ValueError, match=r"weights\[1\]=0.0 must be above 0 and finite"):
        checked(np.array([True, False]), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"weights of shape \(1,\)"):
        checked(np.array([True, False]), np.ones(1))
