import numpy as np
import pytest

from interlink.pipeline.audit.statistics.agreement import (
    MIN_DOUBLY_RATED,
    MISSING,
    cohen_kappa,
    krippendorff_alpha,
)
from interlink.pipeline.audit.statistics.intervals import wilson

X = MISSING
# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, X, X, X],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, X, 3],
        [X, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, X],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, X],
    ]
)


def pairs(table):
    """Return two raters' codes with the given counts, shape (categories of one, of the other)."""
    rows, columns = np.indices(np.shape(table))
    return np.repeat(rows.ravel(), np.ravel(table)), np.repeat(columns.ravel(), np.ravel(table))


def test_alpha_is_krippendorffs_own_nominal_example():
    # Its coincidence matrix has the diagonal 7, 10, 8, 4, 3 of n = 40 and margins 9, 13, 10, 5, 3.
    margins = np.array([9, 13, 10, 5, 3])
    by_chance = (margins * (margins - 1)).sum()
    alpha = (39 * 32 - by_chance) / (40 * 39 - by_chance)
    found = krippendorff_alpha(KRIPPENDORFF)
    assert found.value == pytest.approx(alpha, abs=1e-6)
    assert found.value == pytest.approx(0.743, abs=5e-4)
    assert found.lower < found.value < found.upper
    assert found.num_raters == 4
    assert found.raw.num_items == 11  # the twelfth has one rating


def test_alpha_is_krippendorffs_own_ordinal_example():
    found = krippendorff_alpha(KRIPPENDORFF, level="ordinal")
    assert found.value == pytest.approx(0.815, abs=5e-4)
    assert found.value == pytest.approx(ordinal_alpha(KRIPPENDORFF), abs=1e-6)


def test_alpha_is_krippendorffs_own_binary_example():
    # Section A: ten articles, two observers; 1 - 19 * 4 / (14 * 6).
    first = np.array([0, 1, 0, 0, 0, 0, 0, 0, 1, 0])
    second = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
    found = krippendorff_alpha(np.stack([first, second]))
    assert found.value == pytest.approx(1 - 19 * 4 / (14 * 6), abs=1e-6)
    assert found.raw.value == pytest.approx(0.6)


def test_kappa_is_that_of_fleiss_levin_and_paik():
    # Statistical Methods for Rates and Proportions (2003), table 18.1: .68, standard error .087.
    found = cohen_kappa(*pairs([[75, 1, 4], [5, 4, 1], [0, 0, 10]]))
    assert found.value == pytest.approx((0.89 - 0.66) / (1 - 0.66), abs=1e-6)
    error = (found.upper - found.lower) / 2 / 1.959963984540054
    assert error == pytest.approx(0.087, abs=1e-3)
    assert found.is_quotable


def test_kappa_by_hand():
    # 35 of 50 agree; by chance .5 * .6 + .5 * .4 = .5.
    found = cohen_kappa(*pairs([[20, 5], [10, 15]]))
    assert found.value == pytest.approx(0.4, abs=1e-6)
    assert found.raw.value == pytest.approx(0.7)
    assert found.raw.lower == pytest.approx(wilson(35, 50).lower, abs=1e-9)
    assert (
        "Cohen's kappa about clips is 0.400, below 0.667: the instructions are no" in found.reason
    )


def test_items_with_one_rating_do_not_count():
    first, second = pairs([[30, 3], [3, 30]])
    longer = cohen_kappa(np.r_[first, 0, X], np.r_[second, X, X])
    assert longer == cohen_kappa(first, second)


@pytest.mark.parametrize("coefficient", [cohen_kappa, lambda *r: krippendorff_alpha(np.stack(r))])
def test_agreeing_on_everything_is_one_and_not_certain(coefficient):
    found = coefficient(*pairs([[40, 0], [0, 20]]))
    assert (found.value, found.upper, found.raw.value) == pytest.approx((1.0, 1.0, 1.0))
    assert 0.8 < found.lower < 0.95
    assert found.is_quotable


@pytest.mark.parametrize("coefficient", [cohen_kappa, lambda *r: krippendorff_alpha(np.stack(r))])
def test_one_verdict_for_everything_is_undefined_and_not_quoted(coefficient):
    found = coefficient(*pairs([[60]]))
    assert (found.value, found.lower, found.upper) == (None, None, None)
    assert found.raw.value == 1.0
    assert "one and the same verdict" in found.reason


@pytest.mark.parametrize("num_items", [0, 4])
def test_nothing_rated_twice_is_undefined_and_not_quoted(num_items):
    missing = np.full(num_items, X)
    for found in (
        cohen_kappa(missing, missing),
        krippendorff_alpha(np.stack([missing, np.zeros(num_items, int)])),
    ):
        assert found.value is None
        assert (found.raw.value, found.raw.lower, found.raw.upper) == (None, 0.0, 1.0)
        assert "0 clips were judged twice, 50 clips are needed" in found.reason


def test_too_few_doubly_rated_are_not_quoted_however_well_they_agree():
    few = cohen_kappa(*pairs([[25, 0], [0, MIN_DOUBLY_RATED - 26]]))
    assert few.value == 1.0
    assert few.reason == (
        "49 clips were judged twice, 50 clips are needed: whether raters agree is not known"
    )
    assert cohen_kappa(*pairs([[25, 0], [0, MIN_DOUBLY_RATED - 25]])).is_quotable


def test_claims_are_told_with_the_clips_that_they_are_of():
    first, second = pairs([[25, 5], [5, 25]])
    clips = np.arange(60) // 20
    found = cohen_kappa(np.r_[first, 0], np.r_[second, X], clips=np.r_[clips, 7])
    assert (found.raw.num_items, found.num_clips) == (60, 3)
    assert "about claims is 0.667" in found.reason
    few = krippendorff_alpha(np.stack([first, second])[:, :40], clips=clips[:40])
    assert few.reason.startswith(
        "40 claims of 2 clips were judged twice, 50 claims are needed; and Krippendorff's alpha "
        "about claims is wholly below 0.667 already, "
    )


def test_too_few_who_cannot_be_reliable_are_told_both():
    for found in (
        cohen_kappa(*pairs([[12, 12], [12, 12]])),
        krippendorff_alpha(np.stack(pairs([[12, 12], [12, 12]]))),
    ):
        assert "48 clips were judged twice, 50 clips are needed; and " in found.reason
        assert "is wholly below 0.667 already, " in found.reason
        assert found.reason.endswith(": the instructions are not reliable")


def test_a_rater_who_always_says_the_same_agrees_by_chance_alone():
    found = cohen_kappa(*pairs([[40, 20]]))
    assert found.value == pytest.approx(0.0)
    assert not found.is_quotable


def test_alphas_interval_covers_the_alpha_of_many_items():
    # Two raters who each see the true verdict through an error of a tenth.
    random = np.random.default_rng(5)
    # They differ by 2 * .1 * .9, and by chance 2 * .34 * .66 of the time.
    truth = 1 - 0.18 / 0.4488
    found = [krippendorff_alpha(noisy(random, 120)) for _ in range(20)]
    assert np.mean([e.lower <= truth <= e.upper for e in found]) >= 0.85


def test_codes_that_are_no_codes_are_refused():
    with pytest.raises(ValueError, match=r"must be whole numbers of shape \(num_raters, num_it"):
        krippendorff_alpha(np.array([[1.0, np.nan], [1.0, 2.0]]))
    with pytest.raises(ValueError, match=r"the code -2 must be -1 \(missing\) or a category"):
        cohen_kappa(np.array([0, -2]), np.array([0, 1]))


def noisy(random, num_items):
    truth = random.random(num_items) < 0.3
    return np.stack([truth ^ (random.random(num_items) < 0.1) for _ in range(2)]).astype(int)


def ordinal_alpha(ratings):
    """Return alpha from the coincidence matrix, as in section C of the paper, without a library."""
    size = ratings.max() + 1
    together = np.zeros((size, size))
    for column in ratings.T:
        given = column[column != X]
        for one in range(given.size):
            for other in range(given.size):
                if one != other:
                    together[given[one], given[other]] += 1 / (given.size - 1)
    margins = together.sum(0)
    ranks = np.cumsum(margins) - margins / 2
    squares = np.subtract.outer(ranks, ranks) ** 2
    chance = np.outer(margins, margins)
    return 1 - (margins.sum() - 1) * (together * squares).sum() / (chance * squares).sum()
