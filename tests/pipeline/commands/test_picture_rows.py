"""Rows of a picture's timeline and their ticks."""

import pytest

from interlink.pipeline.commands.picture_rows import LEFT_PX, RIGHT_PX, divide_rows, ticks

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("seconds", "row_s", "num_rows"),
    [
        (0.1, 0.1, 1),
        (3, 3, 1),
        (20, 5, 4),
        (37, 10, 4),
        (60, 10, 6),
        (122, 20, 7),
        (600, 60, 10),
        (7200, 600, 12),
        (14_400, 1200, 12),
    ],
)
def test_a_video_of_any_length_gets_at_most_twelve_rows(seconds, row_s, num_rows):
    rows = divide_rows(0, round(seconds * SECOND))
    assert len(rows) == num_rows
    assert {row.duration_us for row in rows} == {round(row_s * SECOND)}


def test_rows_follow_each_other_from_the_first_frame_on():
    rows = divide_rows(700_000, 12 * SECOND)
    assert [row.start_us for row in rows] == [700_000, 5_700_000, 10_700_000]
    assert rows[-1].end_us >= 12 * SECOND


def test_a_video_without_duration_has_a_row():
    assert len(divide_rows(5, 5)) == 1


def test_times_outside_a_row_are_drawn_at_its_ends():
    row = divide_rows(0, 20 * SECOND)[1]
    assert (row.x(0), row.x(20 * SECOND)) == (LEFT_PX, RIGHT_PX)
    assert row.x(7_500_000) == (LEFT_PX + RIGHT_PX) / 2


def test_a_row_meets_half_open_spans():
    row = divide_rows(0, 20 * SECOND)[1]
    assert row.meets(4 * SECOND, 6 * SECOND)
    assert not row.meets(0, row.start_us)
    assert not row.meets(row.end_us, row.end_us + 1)
    assert row.shared_us(4 * SECOND, 7 * SECOND) == 2 * SECOND


@pytest.mark.parametrize("seconds", [0.3, 2, 9, 20, 122, 3600, 14_400])
def test_ticks_are_round_times_up_to_the_end(seconds):
    end_us = round(seconds * SECOND)
    for row in divide_rows(0, end_us):
        times = ticks(row, end_us)
        assert len(times) <= 13
        assert all(time_us % 100_000 == 0 and time_us <= end_us for time_us in times)
