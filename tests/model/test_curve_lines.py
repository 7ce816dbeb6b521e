"""Lines over tokens: what is left out, smoothed, thinned."""

import numpy as np
import pytest

from interlink.model.curve_lines import keys_of, line_of, smoothed, thinned, value_of

EVENTS = [
    {"tokens": 10, "loss": 3.0, "loss_by_kind": {"given": 2.0}},
    {"tokens": 20, "loss": None, "loss_by_kind": {"speech": 5, "given": None}},
    {"tokens": 30, "loss_by_kind": None},
    {"tokens": 40, "loss": 1},
]


@pytest.mark.parametrize(
    ("path", "tokens", "values"),
    [
        (("loss",), [10, 40], [3, 1]),
        (("loss_by_kind", "given"), [10], [2]),
        (("loss_by_kind", "speech"), [20], [5]),
        (("loss_by_kind",), [], []),
        (("nothing", "at all"), [], []),
    ],
)
def test_a_line_has_the_numbers_that_there_are(path, tokens, values):
    line = line_of(EVENTS, *path)
    assert (line[0].tolist(), line[1].tolist()) == (tokens, values)


def test_what_is_not_finite_is_no_number():
    assert [value_of({"loss": v}, "loss") for v in (float("nan"), float("inf"), "3")] == [None] * 3


def test_keys_are_those_of_any_event_in_their_order():
    assert keys_of(EVENTS, "loss_by_kind") == ["given", "speech"]
    assert keys_of([], "loss_by_kind") == []


@pytest.mark.parametrize("count", [0, 1, 79, 1000])
def test_the_smoothed_value_is_the_mean_of_a_fortieth_of_all_steps(count):
    values = np.random.default_rng(0).normal(size=count)
    tokens, found = smoothed((np.arange(count, dtype=float), values))
    half = count // 80
    expected = [values[max(0, i - half) : i + half + 1].mean() for i in range(count)]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert len(tokens) == count


def test_few_points_stay_as_they_are():
    line = np.arange(2000.0), np.ones(2000)
    assert thinned(line) is line


def test_a_long_line_keeps_order_spikes_and_extent():
    tokens = np.arange(100_000, dtype=float)
    values = np.random.default_rng(1).normal(size=100_000)
    values[77_777], values[5] = 50.0, -60.0
    thin = thinned((tokens, values))
    assert len(thin[0]) <= 2000
    assert (np.diff(thin[0]) > 0).all()
    assert (thin[1].max(), thin[1].min()) == (50, -60)
    assert thin[0][thin[1].argmax()] == 77_777
    assert thin[0][0] < 100
    assert thin[0][-1] > 99_900
