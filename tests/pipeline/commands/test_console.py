"""The console, and texts and times as people read them."""

import pytest

from interlink.pipeline.commands.console import clock, make_console, plain_text


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
