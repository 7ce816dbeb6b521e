"""Frames of a span, and an even choice among them."""

import pytest

from interlink.transforms.frames import evenly_spaced, frames_between


def test_evenly_spaced_takes_the_middle_of_equal_stretches():
    assert evenly_spaced(range(16), 8) == (1, 3, 5, 7, 9, 11, 13, 15)
    assert evenly_spaced(range(40), 4) == (5, 15, 25, 35)
    assert evenly_spaced(range(9), 1) == (4,)


def test_evenly_spaced_returns_all_where_there_are_no_more():
    assert evenly_spaced("abc", 8) == ("a", "b", "c")
    assert evenly_spaced((), 3) == ()


@pytest.mark.parametrize("num_items", range(1, 60))
def test_evenly_spaced_gives_so_many_different_items_in_order(num_items):
    for count in range(1, num_items + 1):
        chosen = evenly_spaced(range(num_items), count)
        assert len(set(chosen)) == count
        assert list(chosen) == sorted(chosen)


def test_evenly_spaced_refuses_a_count_of_0():
    with pytest.raises(ValueError, match="count=0 must be >= 1"):
        evenly_spaced("abc", 0)


def test_a_frame_at_the_end_of_a_span_belongs_to_the_next(records):
    frames = [records.frame(t) for t in (0, 500, 1000, 1500)]
    assert [f.time_us for f in frames_between(frames, 500, 1500)] == [500, 1000]


def test_a_span_inside_a_long_picture_has_the_frame_shown_at_its_start(records):
    frames = [records.frame(t) for t in (100, 5000)]
    assert [f.time_us for f in frames_between(frames, 2000, 3000)] == [100]
    assert [f.time_us for f in frames_between(frames, 0, 50)] == [100]
    assert frames_between([], 0, 50) == ()
