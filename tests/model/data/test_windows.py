"""Documents are cut at clips; nothing is truncated."""

import random

import pytest

from interlink.model.data.windows import Budgets, ClipCost, cut_windows
from interlink.schemas.errors import UsageError


def cut(tokens, *, form="interleaved", useless=(), **budgets):
    costs = [ClipCost(tokens=n, is_useful=i not in useless) for i, n in enumerate(tokens)]
    given = Budgets(**({"tokens": 20, "media": 3} | budgets))
    windows, too_long = cut_windows(costs, given, frame_tokens=2, form=form)
    return [(w.clips, w.num_context, w.tokens, w.is_end) for w in windows], too_long


def test_a_document_that_fits_is_one_window():
    assert cut([6, 6, 6]) == ([((0, 1, 2), 0, 20, True)], [])


def test_the_rest_becomes_further_windows_that_start_with_a_context_clip():
    windows, _ = cut([6, 6, 6, 6, 6])
    assert windows == [((0, 1, 2), 0, 20, False), ((2, 3, 4), 1, 20, True)]


def test_the_budget_of_media_cuts_too():
    windows, _ = cut([1, 1, 1, 1], media=2, context_clips=0)
    assert windows == [((0, 1), 0, 4, False), ((2, 3), 0, 4, True)]


def test_context_is_left_out_where_it_does_not_fit():
    assert cut([10, 10]) == ([((0,), 0, 12, False), ((1,), 0, 12, True)], [])
    assert cut([1, 1], media=1)[0] == [((0,), 0, 3, False), ((1,), 0, 3, True)]


def test_a_clip_that_does_not_fit_alone_is_left_out_and_listed():
    assert cut([6, 19, 6]) == ([((0, 2), 0, 14, True)], [1])


def test_clips_of_no_tokens_are_left_out():
    assert cut([6, 0, 6]) == ([((0, 2), 0, 14, True)], [])


def test_windows_that_teach_nothing_are_left_out():
    assert cut([10, 10, 10], useless={0, 1})[0] == [((2,), 0, 12, True)]
    assert cut([6, 6], useless={0, 1}) == ([], [])


def test_pairs_are_windows_of_one_clip():
    windows, too_long = cut([6, 6, 30], form="pairs", useless={1})
    assert windows == [((0,), 0, 8, True)]
    assert too_long == [2]


def test_every_useful_clip_is_trained_in_exactly_one_window():
    rng = random.Random(0)
    for _ in range(300):
        tokens = [rng.randrange(0, 24) for _ in range(rng.randrange(1, 12))]
        limits = {"media": rng.randrange(1, 5), "context_clips": rng.randrange(0, 3)}
        windows, too_long = cut(tokens, **limits)
        trained = [clip for clips, num_context, _, _ in windows for clip in clips[num_context:]]
        expected = [i for i, n in enumerate(tokens) if n and i not in too_long]
        assert trained == expected
        for clips, _, total, _ in windows:
            assert total == 2 + sum(tokens[clip] for clip in clips) <= 20
            assert len(clips) <= limits["media"]
            assert list(clips) == sorted(clips)


def test_budgets_must_be_sensible():
    with pytest.raises(UsageError, match=r"budgets\.media=0 must be a whole number of at least 1"):
        Budgets(tokens=100, media=0)
    with pytest.raises(UsageError, match=r"budgets\.tokens=True must be a whole number"):
        Budgets(tokens=True, media=1)


def test_budgets_are_read_from_a_recipe():
    assert Budgets.from_mapping({"tokens": 64, "media": 2}) == Budgets(tokens=64, media=2)
    with pytest.raises(UsageError, match=r"budgets\.token is unknown; its keys are tokens, media"):
        Budgets.from_mapping({"token": 64})
    with pytest.raises(UsageError, match=r"budgets\.media is missing"):
        Budgets.from_mapping({"tokens": 64})
