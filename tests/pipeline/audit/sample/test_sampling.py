import itertools
import math

import numpy as np
import pytest

from interlink.pipeline.audit.sample.sampling import (
    alternate,
    choose,
    draw,
    order_key,
    place_again,
    seat_order,
    shown_again,
    worst_first,
)
from interlink.schemas.errors import UsageError


def keys_of(seed: int, num: int) -> np.ndarray:
    return np.array([order_key(seed, f"clip {n}") for n in range(num)], np.uint64)


@pytest.mark.parametrize(
    "populations", [[100], [60, 30, 10], [1, 1, 1], [0, 5, 2, 1], [1000, 3, 3, 2, 1, 0]]
)
@pytest.mark.parametrize("minimum", [1, 2, 5])
def test_a_larger_sample_begins_with_the_smaller_one(populations: list[int], minimum: int):
    total = sum(populations)
    least = sum(n > 0 for n in populations)
    whole = seat_order(populations, num=total + 10, minimum=minimum)
    for num in range(least, min(total, 150)):
        assert seat_order(populations, num=num, minimum=minimum) == whole[:num]
    assert np.bincount(whole, minlength=len(populations)).tolist() == populations


@pytest.mark.parametrize("num", [4, 5, 9, 30, 1000])
def test_strata_of_none_one_or_two_clips_give_what_they_have(num: int):
    seats = seat_order([0, 1, 2, 500, 3], num=num, minimum=2)
    counts = np.bincount(seats, minlength=5)
    assert len(seats) == min(num, 506)
    assert all(counts <= [0, 1, 2, 500, 3])
    assert all(counts[1:] >= 1)
    if num >= 30:
        assert counts[1:3].tolist() == [1, 2]


def test_after_the_minimum_seats_are_in_proportion():
    counts = np.bincount(seat_order([700, 200, 100], num=100, minimum=1))
    assert counts.tolist() == [70, 20, 10]
    counts = np.bincount(seat_order([900, 90, 10], num=100, minimum=5))
    assert counts.tolist() == [86, 9, 5]


def test_fewer_seats_than_strata_are_refused():
    with pytest.raises(UsageError, match=r"sample of 2 clips cannot draw from each of 3 strata"):
        seat_order([5, 0, 5, 5], num=2, minimum=1)


def test_the_clips_of_a_smaller_sample_stay_in_their_order():
    strata = np.array([draw(0, 3, "stratum", n) for n in range(400)], np.int32)
    keys = keys_of(7, 400)
    populations = np.bincount(strata).tolist()
    small = choose(keys, strata, seat_order(populations, num=100, minimum=2))
    large = choose(keys, strata, seat_order(populations, num=200, minimum=2))
    assert large[:100].tolist() == small.tolist()
    assert len(set(large.tolist())) == 200
    for stratum in range(3):
        mine = keys[small[strata[small] == stratum]]
        others = keys[(strata == stratum) & ~np.isin(np.arange(400), small)]
        assert mine.tolist() == sorted(mine.tolist())
        assert mine.max() < others.min()


def test_the_horvitz_thompson_estimate_is_unbiased_and_probabilities_are_exact():
    """2,000 seeds: the means lie within four standard errors of what they estimate."""
    populations = [120, 30, 8, 2, 1]
    strata = np.repeat(np.arange(5, dtype=np.int32), populations)
    is_wrong = np.array([draw(1, 100, n) < 5 + 18 * s for n, s in enumerate(strata)])
    seats = seat_order(populations, num=40, minimum=2)
    probability = (np.bincount(seats, minlength=5) / populations)[strata]
    num_seeds, estimates, drawn = 2000, [], np.zeros(len(strata))
    for seed in range(num_seeds):
        chosen = choose(keys_of(seed, len(strata)), strata, seats)
        estimates.append((is_wrong[chosen] / probability[chosen]).sum() / len(strata))
        drawn[chosen] += 1
    error = np.std(estimates) / math.sqrt(num_seeds)
    assert error > 0
    assert abs(np.mean(estimates) - is_wrong.mean()) < 4 * error
    shares = drawn / num_seeds
    spread = np.sqrt(probability * (1 - probability) / num_seeds)
    assert np.all(np.abs(shares - probability) <= 4.5 * spread + 1e-12)


def test_the_unweighted_mean_would_be_biased_there():
    seats = seat_order([120, 30, 8, 2, 1], num=40, minimum=2)
    counts = np.bincount(seats)
    assert counts[2] / 8 > 1.05 * counts[0] / 120


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.5])
def test_what_is_shown_again_is_the_same_in_a_larger_sample(share: float):
    def both(num: int) -> tuple[set[int], set[int]]:
        repeated = shown_again(num, share, seed=3, purpose="repeat")
        other = shown_again(num, share, seed=3, purpose="perturb", avoid=repeated)
        assert not set(repeated) & set(other)
        return set(repeated), set(other)

    for small, large in itertools.pairwise(range(0, 400, 7)):
        assert all(a <= b for a, b in zip(both(small), both(large), strict=True))
    for found in both(600):
        assert abs(len(found) - 600 / round(1 / share)) <= 600 * 0.02


def test_nothing_is_shown_again_where_the_share_is_none():
    assert shown_again(100, 0.0, seed=0, purpose="repeat") == []


def test_an_item_is_shown_again_at_least_ten_items_later():
    later = [place_again(seat, seed=0, purpose="repeat") - seat for seat in range(500)]
    assert min(later) == 10.5
    assert max(later) == 29.5


def test_the_worst_come_first_and_clips_without_the_number_not_at_all():
    badness = np.array([0.1, np.nan, 0.9, 0.1, np.nan])
    keys = np.array([5, 1, 9, 2, 3], np.uint64)
    assert worst_first(badness, keys).tolist() == [2, 3, 0]


def test_rankings_take_turns_and_no_clip_is_taken_twice():
    found = list(alternate([[4, 1, 2], [1, 3], []], taken={4}))
    assert found == [(1, 0), (3, 1), (2, 0)]


def test_the_order_is_fixed_for_all_time():
    """A later version that orders otherwise must raise `SAMPLE_VERSION`."""
    assert order_key(0, "0" * 32) == 3473529166953575939
    assert draw(0, 1000, "sides", "0" * 32) == 845
