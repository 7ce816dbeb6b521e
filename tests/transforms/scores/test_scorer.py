"""What scorers share."""

from interlink.transforms.scores.scorer import mean


def test_the_mean_does_not_depend_on_order():
    values = [1e16, 1.0, -1e16, 3.0]
    assert mean(values) == mean(values[::-1]) == 1.0
    assert mean([]) is None
