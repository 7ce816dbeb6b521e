import numpy as np
import pytest

from interlink.pipeline.audit.sample.strata import (
    MAX_STRATA,
    check_names,
    decile_edges,
    decile_names,
    decile_numbers,
    duration_bin,
    merge_rare,
)
from interlink.schemas.errors import UsageError


def test_unknown_names_are_refused_with_those_that_exist():
    with pytest.raises(UsageError, match=r"--strata lang must be among group, language"):
        check_names(["lang"], None)
    with pytest.raises(UsageError, match=r"--score blur must be one of motion, sharpness"):
        check_names([], "blur")
    with pytest.raises(UsageError, match=r"--strata score needs the name of one, as in --score m"):
        check_names(["score"], None)
    with pytest.raises(UsageError, match=r"--strata group,group names one twice"):
        check_names(["group", "group"], None)


@pytest.mark.parametrize(
    ("duration_us", "name"),
    [
        (0, "under 2 s"),
        (1_999_999, "under 2 s"),
        (2_000_000, "2-5 s"),
        (30_000_000, "30 s and more"),
    ],
)
def test_duration_bins_are_half_open(duration_us: int, name: str):
    assert duration_bin(duration_us) == name


def test_deciles_hold_a_tenth_each_and_the_missing_ones_are_apart():
    values = np.append(np.arange(100.0), [np.nan, np.nan])
    edges = decile_edges(values)
    names = decile_names("motion", edges)
    counts = np.bincount(decile_numbers(values, edges), minlength=len(names))
    assert counts.tolist() == [10] * 10 + [2]
    assert names[0] == "motion under 9.9"
    assert names[-1] == "motion none"


def test_deciles_of_equal_values_are_one():
    values = np.array([0.0] * 95 + [1.0] * 5)
    edges = decile_edges(values)
    assert len(decile_names("motion", edges)) == len(edges) + 2
    assert set(decile_numbers(values, edges).tolist()) <= set(range(len(edges) + 1))
    assert decile_edges(np.array([np.nan])) == ()
    assert decile_numbers(np.array([np.nan]), ()).tolist() == [1]


def test_names_of_deciles_never_read_the_same():
    edges = tuple(1 + n * 1e-9 for n in range(9))
    assert len(set(decile_names("motion", edges))) == 11


def test_strata_are_numbered_by_size_and_empty_ones_are_left_out():
    codes = np.array([2, 2, 0, 2, 0, 3])
    numbers, names = merge_rare(codes, ["b", "none", "a", "c"])
    assert names == ("a", "b", "c")
    assert numbers.tolist() == [0, 0, 1, 0, 1, 2]
    assert merge_rare(np.zeros(3, np.int64), [""])[1] == ("all",)


def test_the_rarest_of_many_strata_are_one():
    codes = np.repeat(np.arange(200), np.arange(200, 0, -1))
    numbers, names = merge_rare(codes, [f"s{n:03d}" for n in range(200)])
    assert len(names) == MAX_STRATA
    assert names[-1] == "other"
    counts = np.bincount(numbers)
    assert counts.sum() == len(codes)
    assert counts[0] == 200
    assert counts[-1] == sum(range(1, 152))
