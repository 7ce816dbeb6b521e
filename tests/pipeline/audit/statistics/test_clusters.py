import numpy as np
import pytest

from interlink.pipeline.audit.statistics.clusters import clustered_share
from interlink.pipeline.audit.statistics.intervals import wilson


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_simulated_audits_of_forty_videos_are_covered(share):
    covered, width, means = simulate(share, num_videos=40, num_audits=500)
    assert 0.92 <= covered <= 0.97
    assert width < 0.25
    assert means == pytest.approx(share, abs=0.01)


def test_errors_in_a_few_videos_are_covered_rather_too_often():
    covered, _, _ = simulate(0.02, num_videos=40, num_audits=300)
    assert covered >= 0.95


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


@pytest.mark.parametrize("num_items", [0, 1, 2, 3])
def test_hardly_any_items_do_not_crash(num_items):
    found = clustered_share(np.arange(num_items) < 1, np.ones(num_items), np.arange(num_items))
    assert 0.0 <= found.lower <= (found.value or 0.0) <= found.upper <= 1.0
    assert (found.value is None) == (num_items == 0)
    assert found.caveats


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"clusters of shape \(3,\) must be \(2,\)"):
        clustered_share(np.array([True, False]), np.ones(2), np.arange(3))


def simulate(share, *, num_videos, num_audits):
    """Return coverage, mean width and mean estimate where clips of a video correlate by .3.

    Verdicts are beta-binomial, whose intraclass correlation is 1 / (a + b + 1); videos have 1 +
    Poisson(7) clips, with weights of 1, 2 or 5.
    """
    random = np.random.default_rng(13)
    a, b = share * (1 / 0.3 - 1), (1 - share) * (1 / 0.3 - 1)
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
