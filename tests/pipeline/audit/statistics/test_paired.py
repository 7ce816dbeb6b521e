import numpy as np
import pytest
from scipy.stats import binomtest

from interlink.pipeline.audit.statistics.paired import mcnemar_p_value, paired_difference


def clips(both, only_first, only_second, neither):
    """Return the verdicts on two captioners with the given counts of clips."""
    counts = (both, only_first, only_second, neither)
    first, second = np.repeat([1, 1, 0, 0], counts), np.repeat([1, 0, 1, 0], counts)
    return first.astype(bool), second.astype(bool)


def test_agrestis_approval_ratings():
    # Categorical Data Analysis (1990), table 10.1: 1600 people asked twice; .59 and .55 approve,
    # difference .04 with the 95 % interval (.02, .06).
    found = paired_difference(*clips(794, 150, 86, 570), np.ones(1600))
    assert (found.first, found.second) == pytest.approx((944 / 1600, 880 / 1600), abs=1e-9)
    assert found.difference.value == pytest.approx(-0.04, abs=1e-9)
    error = np.sqrt(86 + 150 - (86 - 150) ** 2 / 1600) / 1600
    reach = 1.959963984540054 * error
    assert found.difference.lower == pytest.approx(-0.04 - reach, abs=0.002)
    assert found.difference.upper == pytest.approx(-0.04 + reach, abs=0.002)
    assert (found.num_only_first, found.num_only_second) == (150, 86)
    assert found.p_value == pytest.approx(binomtest(86, 236).pvalue, abs=1e-9)


def test_mcnemar_is_the_binomial_test():
    for first, second in [(0, 1), (5, 5), (3, 14)]:
        exact = binomtest(first, first + second).pvalue
        assert mcnemar_p_value(first, second) == pytest.approx(exact, abs=1e-12)
    assert mcnemar_p_value(0, 0) == 1.0


def test_coverage_of_the_difference_over_forty_videos():
    random = np.random.default_rng(17)
    hits = 0
    for seed in range(400):
        videos = np.repeat(np.arange(40), 1 + random.poisson(7, 40))
        hard = random.beta(0.7, 1.63, 40)[videos]  # a share of .3, intraclass correlation .3
        first = random.random(videos.size) < hard
        second = first & (random.random(videos.size) < 0.5)  # half of the errors are mended
        weights = random.choice([1.0, 2.0, 5.0], videos.size)
        found = paired_difference(first, second, weights, clusters=videos, seed=seed).difference
        hits += found.lower <= -0.3 * 0.5 <= found.upper
    assert 0.92 <= hits / 400 <= 0.97


def test_coverage_of_the_difference_of_shares_over_forty_videos():
    random = np.random.default_rng(18)
    hits = 0
    for seed in range(1600):
        videos = np.repeat(np.arange(40), 1 + random.poisson(7, 40))
        hard = random.beta(0.7, 1.63, 40)[videos]
        num_claims = 1 + random.poisson(2, videos.size)
        first = random.binomial(num_claims, hard) / num_claims
        second = random.binomial(num_claims, 0.5 * hard) / num_claims
        weights = random.choice([1.0, 2.0, 5.0], videos.size)
        found = paired_difference(first, second, weights, clusters=videos, seed=seed).difference
        hits += found.lower <= -0.3 * 0.5 <= found.upper
    assert 0.92 <= hits / 1600 <= 0.97


@pytest.mark.parametrize("num_videos", [4, 29])
def test_few_videos_are_covered(num_videos):
    random = np.random.default_rng(19)
    hits = 0
    for seed in range(200):
        videos = np.repeat(np.arange(num_videos), 1 + random.poisson(7, num_videos))
        first = random.random(videos.size) < random.beta(0.7, 1.63, num_videos)[videos]
        second = first & (random.random(videos.size) < 0.5)
        weights = np.ones(videos.size)
        found = paired_difference(first, second, weights, clusters=videos, seed=seed).difference
        hits += found.lower <= -0.3 * 0.5 <= found.upper
    assert hits / 200 >= 0.93


def test_a_few_videos_with_the_same_difference_are_no_proof():
    # One of four clips is mended in each of four videos: the bootstrap sees no spread at all.
    videos = np.repeat(np.arange(4), [4, 4, 4, 5])
    first = np.array([1, 0, 0, 0] * 4 + [0], bool)
    found = paired_difference(first, np.zeros(17, bool), np.ones(17), clusters=videos).difference
    assert found.lower < -0.45
    assert found.upper > -0.1


def test_pairs_that_never_differ_still_leave_doubt():
    found = paired_difference(*clips(30, 0, 0, 70), np.ones(100))
    assert found.difference.value == 0.0
    assert found.difference.upper == -found.difference.lower == pytest.approx(0.037, abs=1e-3)
    assert found.p_value == 1.0
    assert any("in 0 of 100 videos" in caveat for caveat in found.difference.caveats)


def test_one_always_wrong_and_the_other_never_is_a_difference_of_one():
    found = paired_difference(np.ones(50, bool), np.zeros(50, bool), np.ones(50))
    assert found.difference.value == found.difference.lower == -1.0
    assert -1.0 < found.difference.upper < -0.8


def test_no_items_and_one_item_do_not_crash():
    none = paired_difference(np.zeros(0, bool), np.zeros(0, bool), np.ones(0))
    assert (none.first, none.difference.value, none.p_value) == (None, None, 1.0)
    assert (none.difference.lower, none.difference.upper) == (-1.0, 1.0)
    one = paired_difference(np.array([True]), np.array([False]), np.ones(1))
    assert one.difference.lower == one.difference.value == -1.0
    assert any("only 1 video" in caveat for caveat in one.difference.caveats)


def test_verdicts_on_different_clips_are_refused():
    with pytest.raises(ValueError, match=r"values of shape \(3,\) and weights of shape \(2,\)"):
        paired_difference(np.zeros(2, bool), np.zeros(3, bool), np.ones(2))
