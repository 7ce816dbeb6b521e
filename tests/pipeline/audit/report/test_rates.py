import numpy as np
import pytest
from scipy.stats import binomtest

from interlink.pipeline.audit.report.judged import judged_clips
from interlink.pipeline.audit.report.rates import RATES, all_rates, text_rates
from interlink.pipeline.audit.statistics.clusters import clustered_share
from interlink.schemas.audit import Pool


@pytest.fixture
def clips(small_audit):
    # Of 90 clips in en 3 are drawn, each stands for 30; of 10 in de 2, each stands for 5.
    plan = small_audit.plan(
        [("v0", 2, "en"), ("v0", 2, "en"), ("v1", 2, "en"), ("v1", 1, "de"), ("v2", 3, "de")],
        {"en": 90, "de": 10},
    )
    said = {"i0": "rr", "i1": "rw1", "i2": "cc:bad", "i3": "w3:bad", "i4": "rcw3"}
    return judged_clips(plan, small_audit.judge("ann", said), Pool.ESTIMATION)


def rates_of(clips):
    return {rate.name: rate for rate in all_rates(clips)}


@pytest.mark.parametrize(
    ("name", "value", "num_of", "num_items"),
    [
        # Claims decided: 4 of weight 30, 3 of weight 5; wrong: one of 30 and two of 5.
        ("wrong", (30 + 5 + 5) / (4 * 30 + 3 * 5), 3, 7),
        ("severe", (5 + 5) / (4 * 30 + 3 * 5), 2, 7),
        ("cannot_tell", (2 * 30 + 5) / (6 * 30 + 4 * 5), 3, 10),
        ("clips_with_error", (30 + 5 + 5) / 100, 3, 5),
        ("bad", (30 + 5) / 100, 2, 5),
        ("not_good", (2 * 30 + 2 * 5) / 100, 4, 5),
    ],
)
def test_rates_are_weighted_as_by_hand(clips, name, value, num_of, num_items):
    rate = rates_of(clips)[name]
    assert rate.estimate.value == pytest.approx(value)
    assert (rate.num_of, rate.num_items) == (num_of, num_items)
    assert rate.estimate.num_clusters == 3
    assert (rate.title, rate.what) == RATES[name]


def test_exact_and_wilson_are_those_of_scipy(clips):
    for rate in all_rates(clips):
        test = binomtest(rate.num_of, rate.num_items)
        for found, method in ((rate.exact, "exact"), (rate.wilson, "wilson")):
            ends = test.proportion_ci(0.95, method)
            assert (found.lower, found.upper) == pytest.approx((ends.low, ends.high), abs=1e-6)


def test_the_quoted_interval_is_clustered_by_video(clips):
    found = rates_of(clips)["wrong"].estimate
    weights = np.array([30.0] * 4 + [5.0] * 3)
    wrong = np.array([0, 0, 0, 1, 1, 0, 1])
    videos = np.array(["v0"] * 4 + ["v1"] + ["v2"] * 2)
    assert found == clustered_share(wrong, weights, videos)
    kish = weights.sum() ** 2 / np.square(weights).sum()
    assert found.num_effective_items == pytest.approx(kish)


def test_a_part_reaches_no_higher_than_the_whole(small_audit):
    plan = small_audit.plan([(f"v{n % 4}", 3) for n in range(24)])
    said = {f"i{n}": "rrr" if n % 6 else "w1rr" for n in range(24)} | {"i1": "w3rr:bad"}
    rates = rates_of(judged_clips(plan, small_audit.judge("ann", said), Pool.ESTIMATION))
    for part, whole in (("severe", "wrong"), ("bad", "not_good")):
        assert rates[part].estimate.upper == rates[whole].estimate.upper
        assert rates[part].estimate.value < rates[whole].estimate.value


def test_of_nothing_nothing_is_known():
    for rate in all_rates([]):
        assert (rate.estimate.value, rate.exact.value, rate.num_items) == (None, None, 0)
        assert (rate.estimate.lower, rate.estimate.upper) == (0.0, 1.0)


def test_a_clip_whose_claims_have_no_verdict_counts_as_a_clip_only(small_audit):
    plan = small_audit.plan([("v0", 2), ("v1", 2)])
    ratings = small_audit.judge("ann", {"i0": "rr", "i1": "w-:bad"})
    rates = rates_of(judged_clips(plan, ratings, Pool.ESTIMATION))
    assert (rates["wrong"].num_of, rates["wrong"].num_items) == (0, 2)
    assert (rates["bad"].num_of, rates["bad"].num_items) == (1, 2)
    assert rates["clips_with_error"].num_items == 1


def test_texts_have_the_rates_of_their_claims(clips):
    rates = {r.name: r for r in text_rates([(clip, clip.item.texts[0]) for clip in clips])}
    assert list(rates) == ["wrong", "texts_with_error", "severe", "cannot_tell"]
    assert rates["wrong"] == rates_of(clips)["wrong"]
    assert rates["texts_with_error"].estimate == rates_of(clips)["clips_with_error"].estimate
