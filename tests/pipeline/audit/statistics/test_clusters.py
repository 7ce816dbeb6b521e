import numpy as np
import pytest

from interlink.pipeline.audit.statistics.clusters import clustered_share
from interlink.pipeline.audit.statistics.intervals import (
    clopper_pearson,
    share_interval,
    wilson,
)
from interlink.schemas.estimate import Method

# (clips of the stratum, share of them that is wrong, clips drawn of it)
WORST_DECILE_TWICE = [(10_000, 0.19, 66)] + [(10_000, 0.01 + 0.02 * n, 37) for n in range(9)]
ERRORS_SAMPLED_MOST = [(90_000, 0.03, 150), (10_000, 0.73, 150)]


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_simulated_audits_of_forty_videos_are_covered(share):
    covered, width, means = simulate(share, num_videos=40, num_audits=500)
    assert 0.92 <= covered <= 0.97
    assert width < 0.25
    assert means == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_videos_with_more_errors_that_were_sampled_more_are_covered(share):
    """Of 40 videos half have three times the errors of the others, and a fifth of their weight."""
    random = np.random.default_rng(5)
    a, b = share * (1 / 0.3 - 1), (1 - share) * (1 / 0.3 - 1)
    is_worse = np.arange(40) % 2 == 1
    truth = (5 * 0.5 * share + 1.5 * share) / 6
    audits = []
    for seed in range(300):
        chances = random.beta(
            np.where(is_worse, 1.5, 0.5) * a, b + np.where(is_worse, -0.5, 0.5) * a
        )
        videos = np.repeat(np.arange(40), 1 + random.poisson(7, 40))
        wrong = random.random(videos.size) < chances[videos]
        audits.append(
            clustered_share(wrong, np.where(is_worse, 1.0, 5.0)[videos], videos, seed=seed)
        )
    assert 0.92 <= np.mean([e.lower <= truth <= e.upper for e in audits]) <= 0.97


@pytest.mark.parametrize("design", [WORST_DECILE_TWICE, ERRORS_SAMPLED_MOST])
def test_audits_by_strata_are_unbiased_and_covered(design):
    random = np.random.default_rng(11)
    clips, shares, drawn = (np.array(column) for column in zip(*design, strict=True))
    wrong = np.round(clips * shares).astype(int)
    truth = wrong.sum() / clips.sum()
    counts = random.hypergeometric(wrong, clips - wrong, drawn, (1500, len(design)))
    strata, weights = np.repeat(np.arange(len(design)), drawn), np.repeat(clips / drawn, drawn)
    place = np.concatenate([np.arange(n) for n in drawn])
    values = [weights @ (place < row[strata]) / weights.sum() for row in counts]
    assert np.mean(values) == pytest.approx(truth, abs=0.003)
    audits = [
        clustered_share(place < row[strata], weights, np.arange(place.size)) for row in counts[:100]
    ]
    assert [e.value for e in audits] == pytest.approx(values[:100], abs=1e-12)
    assert 0.92 <= np.mean([e.lower <= truth <= e.upper for e in audits]) <= 0.99


def test_errors_in_a_few_videos_are_covered_rather_too_often():
    covered, _, _ = simulate(0.02, num_videos=40, num_audits=300)
    assert covered >= 0.95


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("likeness", [0.001, 0.3, 0.8])
@pytest.mark.parametrize("num_videos", [4, 29])
def test_simulated_audits_of_few_videos_are_covered(share, likeness, num_videos):
    covered, _, _ = simulate(share, num_videos=num_videos, num_audits=100, likeness=likeness)
    assert covered >= 0.93


def test_a_few_videos_that_happen_to_be_alike_are_no_proof():
    # 2 of 4 clips in each of three videos and 2 of 3 in the fourth: the bootstrap sees no spread.
    wrong = np.array([1, 1, 0, 0] * 3 + [1, 1, 0], bool)
    videos = np.repeat(np.arange(4), [4, 4, 4, 3])
    found = clustered_share(wrong, np.ones(15), videos)
    exact = clopper_pearson(8, 15)
    assert (found.lower, found.upper) == pytest.approx((exact.lower, exact.upper), abs=1e-9)


def test_where_errors_were_seen_in_few_videos_the_lower_end_is_above_none():
    wrong = np.isin(np.arange(48), [0, 1, 12, 24, 25, 26])
    found = clustered_share(wrong, np.ones(48), np.repeat(np.arange(4), 12))
    assert 0 < found.lower <= clopper_pearson(6, 48).lower
    of_videos = share_interval(6 / 48, 4, method=Method.CLOPPER_PEARSON, confidence=0.95)
    assert of_videos[0] <= found.lower < found.upper <= of_videos[1]


def test_alike_clips_of_a_video_say_less_than_strangers():
    wrong = np.repeat(np.arange(40) < 8, 8)
    together = clustered_share(wrong, np.ones(320), np.repeat(np.arange(40), 8))
    apart = clustered_share(wrong, np.ones(320), np.arange(320))
    assert together.value == apart.value == 0.2
    assert together.upper - together.lower > 2 * (apart.upper - apart.lower)
    assert (together.num_clusters, apart.num_clusters) == (40, 320)


@pytest.mark.parametrize(("num_videos", "is_warned"), [(29, True), (30, False)])
def test_below_thirty_videos_the_result_says_so(num_videos, is_warned):
    wrong = np.tile([True, False], num_videos)
    found = clustered_share(wrong, np.ones(wrong.size), np.repeat(np.arange(num_videos), 2))
    assert any(f"only {num_videos} videos" in caveat for caveat in found.caveats) == is_warned


@pytest.mark.parametrize("is_wrong", [False, True])
def test_all_alike_is_as_sure_as_so_many_videos(is_wrong):
    found = clustered_share(np.full(80, is_wrong), np.ones(80), np.repeat(np.arange(40), 2))
    plain = wilson(40 * is_wrong, 40)
    assert (found.value, found.lower, found.upper) == pytest.approx(
        (float(is_wrong), plain.lower, plain.upper), abs=1e-9
    )
    assert any("in 0 of 40 videos" in caveat for caveat in found.caveats)


def test_claims_of_one_clip_do_not_count_as_many_clips():
    # Each clip's three claims are right or wrong together: as sure as of the clips alone.
    clips = np.arange(100) < 10
    alone = clustered_share(clips, np.ones(100), np.arange(100))
    claims = clustered_share(np.repeat(clips, 3), np.ones(300), np.repeat(np.arange(100), 3))
    assert (claims.lower, claims.upper) == pytest.approx((alone.lower, alone.upper), abs=1e-12)
    assert (claims.num_items, claims.num_clusters) == (300, 100)


@pytest.mark.parametrize("num_items", [0, 1, 2, 3])
def test_hardly_any_items_do_not_crash(num_items):
    found = clustered_share(np.arange(num_items) < 1, np.ones(num_items), np.arange(num_items))
    assert 0.0 <= found.lower <= (found.value or 0.0) <= found.upper <= 1.0
    assert (found.value is None) == (num_items == 0)
    assert found.caveats


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"clusters of shape \(3,\) must be \(2,\)"):
        clustered_share(np.array([True, False]), np.ones(2), np.arange(3))


def simulate(share, *, num_videos, num_audits, likeness=0.3):
    """Return coverage, mean width and mean estimate where clips of a video correlate.

    Verdicts are beta-binomial, whose intraclass correlation `likeness` is 1 / (a + b + 1); videos
    have 1 + Poisson(7) clips, with weights of 1, 2 or 5.
    """
    random = np.random.default_rng(13)
    a, b = share * (1 / likeness - 1), (1 - share) * (1 / likeness - 1)
    found = []
    for seed in range(num_audits):
        videos = np.repeat(np.arange(num_videos), 1 + random.poisson(7, num_videos))
        wrong = random.random(videos.size) < random.beta(a, b, num_videos)[videos]
        weights = random.choice([1.0, 2.0, 5.0], videos.size)
        found.append(clustered_share(wrong, weights, videos, seed=seed))
    return (
        np.mean([e.lower <= share <= e.upper for e in found]),
        np.mean([e.upper - e.lower for e in found]),
        np.mean([e.value for e in found]),
    )
