"""The console, and texts and times as people read them."""

import pytest

from interlink.pipeline.commands.console import (
    clock,
    make_console,
    plain_text,
    plural,
    size,
    span,
)


@pytest.mark.parametrize(
    ("time_us", "text"),
    [
        (0, "0:00.0"),
        (3_800_000, "0:03.8"),
        (59_960_000, "1:00.0"),
        (64_500_000, "1:04.5"),
        (3_723_000_000, "1:02:03.0"),
        (-1_500_000, "-0:01.5"),
        (-1, "0:00.0"),
    ],
)
def test_times_are_rounded_once_and_read_as_minutes_or_hours(time_us, text):
    assert clock(time_us) == text


def test_brackets_are_no_markup(capsys):
    make_console().print("runs/[a]/x [bold]y[/bold]")
    assert capsys.readouterr().out == "runs/[a]/x [bold]y[/bold]\n"


def test_texts_cannot_command_a_terminal():
    assert plain_text("group=\x1b[31m\u202ea") == "group=?[31m?a"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (99.4, "99 s"),
        (99.6, "2 min"),
        (5_900, "98 min"),
        (6_000, "1.7 h"),
        (36_000, "10 h"),
        (3_600_000, "1,000 h"),
    ],
)
def test_durations_have_two_digits_or_so(seconds, text):
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("num_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 KiB"),
        (3_500_000, "3.3 MiB"),
        (13_000_000_000, "12 GiB"),
        (5 * 2**50, "5120 TiB"),
    ],
)
def test_sizes_have_two_or_three_digits(num_bytes, text):
    assert size(num_bytes) == text


def test_counts_have_their_word():
    assert (plural(1, "source"), plural(0, "source")) == ("1 source", "0 sources")
    assert plural(2, "retry", "retries") == "2 retries"
