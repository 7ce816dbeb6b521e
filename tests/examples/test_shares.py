import pytest
import scipy.stats

from interlink.examples.shares import NONE, Share, wilson_interval


@pytest.mark.parametrize(("count", "n"), [(0, 5), (5, 5), (1, 1), (17, 40), (199, 200)])
def test_the_interval_is_scipy_s_wilson_interval(count, n):
    expected = scipy.stats.binomtest(count, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(count, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_shares_add_up():
    assert Share(1, 2) + Share(3, 4) == Share(4, 6)
    assert Share(4, 6).value == pytest.approx(2 / 3)
    assert Share(4, 6).interval() == wilson_interval(4, 6)


def test_nothing_counted_has_no_share_and_could_be_anything():
    assert NONE.value is None
    assert NONE.interval() == (0.0, 1.0)


def test_more_errors_than_words_count_as_all_of_them():
    assert wilson_interval(7, 5) == wilson_interval(5, 5)
