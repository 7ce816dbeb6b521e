import numpy as np
import pytest
from scipy.stats import binom, binomtest

from interlink.pipeline.audit.statistics.intervals import clopper_pearson, wilson
from interlink.schemas.estimate import Method

SHARES = np.linspace(0.001, 0.999, 999)


@pytest.mark.parametrize(("count", "num_items"), [(0, 1), (1, 1), (3, 7), (12, 300), (299, 300)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
@pytest.mark.parametrize(("interval", "name"), [(clopper_pearson, "exact"), (wilson, "wilson")])
def test_intervals_are_those_of_scipy(interval, name, count, num_items, confidence):
    ours = interval(count, num_items, confidence=confidence)
    theirs = binomtest(count, num_items).proportion_ci(confidence, method=name)
    assert (ours.lower, ours.upper) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert ours.value == count / num_items
    assert ours.num_effective_items == ours.num_items == num_items


@pytest.mark.parametrize(
    ("count", "num_items", "lower", "upper"),
    # Newcombe, Statistics in Medicine 17 (1998), table I: method 3 (score).
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_newcombes_table(count, num_items, lower, upper):
    found = wilson(count, num_items)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=5e-5)


@pytest.mark.parametrize(
    ("count", "num_items", "lower", "upper"),
    # The same table, method 5 (exact, Clopper-Pearson).
    [
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_clopper_pearson_is_newcombes_table(count, num_items, lower, upper):
    found = clopper_pearson(count, num_items)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=5e-5)


def test_the_numbers_that_auditors_are_told_are_right():
    assert np.round([wilson(90, 100).lower, wilson(90, 100).upper], 3).tolist() == [0.826, 0.945]
    assert np.round([wilson(12, 300).lower, wilson(12, 300).upper], 3).tolist() == [0.023, 0.069]
    assert round(clopper_pearson(0, 300).upper, 3) == 0.012
    assert round(clopper_pearson(0, 100).upper, 3) == 0.036
    for num_items, reach in [(96, 0.10), (384, 0.05), (1067, 0.03)]:
        half = wilson(num_items // 2, num_items)
        assert (half.upper - half.lower) / 2 == pytest.approx(reach, abs=2e-3)


@pytest.mark.parametrize("num_items", [20, 96, 300])
def test_coverage_is_what_the_docstring_says(num_items):
    exact = coverage(clopper_pearson, num_items)
    score = coverage(wilson, num_items)
    assert exact.min() >= 0.95
    assert score.mean() >= 0.95  # averaged over shares, as in Brown, Cai and DasGupta (2001)
    often = SHARES * num_items >= 1
    assert score[often & often[::-1]].min() >= 0.90


def test_coverage_in_simulated_audits_of_a_tenth_wrong():
    counts = np.random.default_rng(7).binomial(300, 0.10, 2000)
    for interval, promised in [(clopper_pearson, 0.95), (wilson, 0.93)]:
        found = {count: interval(count, 300) for count in set(counts.tolist())}
        covered = [found[n].lower <= 0.10 <= found[n].upper for n in counts.tolist()]
        assert np.mean(covered) >= promised


def test_nothing_judged_leaves_everything_possible():
    found = wilson(0, 0)
    assert (found.value, found.lower, found.upper) == (None, 0.0, 1.0)
    assert found.method is Method.WILSON


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match=r"count=4 must be in \[0, num_items=3\]"):
        wilson(4, 3)
    with pytest.raises(ValueError, match="confidence=95 must lie between 0 and 1"):
        clopper_pearson(1, 3, confidence=95)


def coverage(interval, num_items):
    """Return the exact coverage at each share: binomial weight of the counts that cover it."""
    found = [interval(count, num_items) for count in range(num_items + 1)]
    covers = [(e.lower <= SHARES) & (e.upper >= SHARES) for e in found]
    return sum(binom.pmf(count, num_items, SHARES) * cover for count, cover in enumerate(covers))
