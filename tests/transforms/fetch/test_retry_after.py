"""`Retry-After`, as seconds and as a date."""

import datetime

import pytest

from interlink.transforms.fetch.retry_after import retry_after_us

NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
NOW_US = 1_772_366_400_000_000


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sun, 01 Mar 2026 13:00:00 GMT", 3600),
        ("Sun Mar  1 13:00:00 2026", 3600),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
    ],
)
def test_a_server_names_seconds_or_a_date(value, wait_s):
    assert retry_after_us(value, NOW) == NOW_US + wait_s * 1_000_000


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "1.5", "9" * 40])
def test_what_makes_no_sense_is_left_out(value):
    assert retry_after_us(value, NOW) is None
