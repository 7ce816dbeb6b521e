import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from interlink.pipeline.audit.statistics.intervals import clopper_pearson, wilson
from interlink.pipeline.audit.statistics.weighted import effective_size, weighted_share
from interlink.schemas.estimate import Method

# (clips of the stratum, share of them that is wrong, clips drawn of it)
WORST_DECILE_TWICE = [(10_000, 0.19, 66)] + [(10_000, 0.01 + 0.02 * n, 37) for n in range(9)]
ERRORS_SAMPLED_LEAST = [(50_000, 0.01, 300), (50_000, 0.19, 100)]
ERRORS_SAMPLED_MOST = [(90_000, 0.03, 150), (10_000, 0.73, 150)]
SMALL_STRATA = [(60_000, 0.08, 200), (20_000, 0.10, 70), (10_000, 0.15, 40), (500, 0.40, 20)]


def test_equal_weights_are_an_ordinary_share():
    wrong = np.arange(300) < 12
    found = weighted_share(wrong, np.full(300, 7.5))
    assert found.value == pytest.approx(0.04, abs=1e-12)
    assert found.num_effective_items == pytest.approx(300)
    plain = wilson(12, 300)
    # A sample's variance divides by n - 1.
    assert (found.lower, found.upper) == pytest.approx((plain.lower, plain.upper), abs=2e-4)


def test_weights_of_strata_give_the_estimate_by_hand():
    # 100 of 1000 clips drawn with 30 wrong, 50 of 100 with 20 wrong: (300 + 40) / 1100.
    wrong = np.r_[np.arange(100) < 30, np.arange(50) < 20]
    weights = np.r_[np.full(100, 10.0), np.full(50, 2.0)]
    found = weighted_share(wrong, weights, strata=np.array(["a"] * 100 + ["b"] * 50))
    share = 340 / 1100
    assert found.value == pytest.approx(share, abs=1e-12)
    assert found.num_effective_items == pytest.approx(1100**2 / (100 * 100 + 50 * 4))
    # Variance by strata: sum of (N_h / N)^2 p_h q_h / (n_h - 1).
    variance = (1000 / 1100) ** 2 * 0.3 * 0.7 / 99 + (100 / 1100) ** 2 * 0.4 * 0.6 / 49
    size = share * (1 - share) / variance
    z = 1.959963984540054
    center = (share + z * z / 2 / size) / (1 + z * z / size)
    reach = z * np.sqrt(share * (1 - share) / size + (z / 2 / size) ** 2) / (1 + z * z / size)
    assert (found.lower, found.upper) == pytest.approx((center - reach, center + reach), abs=1e-9)


def test_the_share_is_statsmodels_weighted_mean():
    random = np.random.default_rng(3)
    wrong, weights = random.random(200) < 0.2, random.uniform(1, 9, 200)
    theirs = DescrStatsW(wrong.astype(float), weights)
    assert weighted_share(wrong, weights).value == pytest.approx(theirs.mean, abs=1e-12)


def test_effective_size_is_kishs():
    assert effective_size(np.array([1.0, 1.0, 2.0])) == pytest.approx(16 / 6)
    assert effective_size(np.array([])) == 0.0


@pytest.mark.parametrize(
    ("design", "most"),
    [
        (WORST_DECILE_TWICE, 0.97),
        (ERRORS_SAMPLED_LEAST, 0.97),
        (SMALL_STRATA, 0.97),
        (ERRORS_SAMPLED_MOST, 1.0),
    ],
)
def test_simulated_audits_are_unbiased_and_covered(design, most):
    truth, audits = simulate(design, num_audits=1500)
    assert np.mean([e.value for e in audits]) == pytest.approx(truth, abs=0.003)
    assert 0.92 <= np.mean([e.lower <= truth <= e.upper for e in audits]) <= most


def test_claims_of_one_clip_do_not_count_as_many_clips():
    # Each clip's three claims are right or wrong together: as sure as of the clips alone.
    clips = np.arange(100) < 10
    alone = weighted_share(clips, np.ones(100))
    claims = weighted_share(
        np.repeat(clips, 3), np.ones(300), units=np.repeat([f"clip {n}" for n in range(100)], 3)
    )
    assert (claims.lower, claims.upper) == pytest.approx((alone.lower, alone.upper), abs=1e-12)
    assert (claims.num_items, claims.num_effective_items) == (300, 100)
    naive = weighted_share(np.repeat(clips, 3), np.ones(300))
    assert naive.upper < claims.upper - 0.02


@pytest.mark.parametrize("wrong", [False, True])
def test_all_alike_falls_back_on_kishs_size(wrong):
    weights = np.r_[np.ones(50), np.full(50, 3.0)]
    found = weighted_share(np.full(100, wrong), weights, method=Method.CLOPPER_PEARSON)
    assert found.value == float(wrong)
    assert found.num_effective_items == pytest.approx(80)
    plain = clopper_pearson(80 * wrong, 80)
    assert (found.lower, found.upper) == pytest.approx((plain.lower, plain.upper), abs=1e-9)


def test_strata_that_are_alike_within_still_leave_doubt():
    # 20 clips stand for 95 % and none is wrong, 280 for 5 % and all are: as sure as of 22 clips.
    is_wrong = np.arange(300) >= 20
    weights = np.where(is_wrong, 0.05 / 280, 0.95 / 20)
    found = weighted_share(is_wrong, weights, strata=is_wrong)
    assert found.value == pytest.approx(0.05)
    assert found.upper == pytest.approx(wilson(1, 22).upper, abs=0.01)


@pytest.mark.parametrize("num_items", [0, 1, 2])
def test_tiny_strata_do_not_crash(num_items):
    found = weighted_share(
        np.arange(num_items) < 1, np.ones(num_items), strata=np.arange(num_items)
    )
    assert 0.0 <= found.lower <= (found.value or 0.0) <= found.upper <= 1.0
    assert (found.value is None) == (num_items == 0)


def test_bad_weights_and_shapes_are_refused():
    with pytest.raises(ValueError, match=r"weights\[1\]=0.0 must be above 0 and finite"):
        weighted_share(np.array([True, False]), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"weights of shape \(1,\)"):
        weighted_share(np.array([True, False]), np.ones(1))
    with pytest.raises(ValueError, match=r"strata of shape \(3,\) must be \(2,\)"):
        weighted_share(np.array([True, False]), np.ones(2), strata=np.arange(3))


def simulate(design, *, num_audits):
    """Return the true share and the estimates of audits that draw without replacement."""
    random = np.random.default_rng(11)
    clips, shares, drawn = (np.array(column) for column in zip(*design, strict=True))
    wrong = np.round(clips * shares).astype(int)
    strata, weights = np.repeat(np.arange(len(design)), drawn), np.repeat(clips / drawn, drawn)
    counts = random.hypergeometric(wrong, clips - wrong, drawn, (num_audits, len(design)))
    place = np.concatenate([np.arange(n) for n in drawn])
    audits = [weighted_share(place < row[strata], weights, strata=strata) for row in counts]
    return wrong.sum() / clips.sum(), audits
