"""Text in pictures fits, and words never overlap."""

import random
from itertools import pairwise

import pytest

from interlink.pipeline.commands.picture_text import (
    can_draw,
    font_for,
    lanes_needed,
    place_words,
    shorten,
    wrap,
)

FONT = font_for("Latin", 19)


@pytest.mark.parametrize("text", ["Grüße", "naïve", "déjà vu", "a b"])
def test_latin_letters_can_be_drawn_everywhere(text):
    assert can_draw(text)


@pytest.mark.parametrize("text", ["Привет", "你好", "مرحبا", "\U0001f600", ""])
def test_text_of_any_script_gets_a_font(text):
    assert font_for(text, 19).getlength(text) >= 0


def test_a_letter_that_no_font_has_cannot_be_drawn():
    assert not can_draw("\U0010fffd")


def test_text_that_fits_stays_as_it_is():
    assert shorten("short", 500, FONT) == "short"


@pytest.mark.parametrize("width", [0, 5, 20, 60, 100])
def test_text_that_does_not_fit_is_cut(width):
    cut = shorten("a longer text than that", width, FONT)
    assert FONT.getlength(cut) <= width
    assert cut == "" or cut.endswith("…")


def test_lines_fit_and_the_last_one_tells_that_there_is_more():
    lines = wrap("one two three four five six seven eight nine", 90, FONT, max_lines=3)
    assert len(lines) == 3
    assert all(FONT.getlength(line) <= 90 for line in lines)
    assert lines[0].startswith("one")
    assert lines[-1].endswith("…")


def test_a_text_that_fits_on_its_lines_is_whole():
    lines = wrap("one two three", 200, FONT, max_lines=3)
    assert " ".join(lines) == "one two three"
    assert wrap("", 200, FONT, max_lines=3) == []


def test_words_never_overlap_nor_leave_the_row():
    chance = random.Random(1)
    for _ in range(50):
        wanted = sorted(chance.uniform(0, 1000) for _ in range(40))
        widths = [chance.uniform(5, 90) for _ in wanted]
        placed = place_words(wanted, widths, num_lanes=4, right=1000)
        for place in placed:
            assert place.x + widths[place.index] <= 1000 + 1e-6
        for lane in range(4):
            own = [(p.x, p.x + widths[p.index]) for p in placed if p.lane == lane]
            assert all(end <= start for (_, end), (start, _) in pairwise(own))


def test_a_word_at_the_right_edge_moves_in():
    [place] = place_words([990], [50], num_lanes=1, right=1000)
    assert place.x == 950


def test_words_that_find_no_place_are_left_out():
    assert len(place_words([0, 1, 2], [60, 60, 60], num_lanes=1, right=100)) == 1


def test_lanes_grow_with_the_words():
    slow = ([0, 100, 200], [50, 50, 50])
    fast = ([0, 10, 20], [50, 50, 50])
    assert lanes_needed([slow], right=400, max_lanes=4) == 1
    assert lanes_needed([slow, fast], right=400, max_lanes=4) == 3
    assert lanes_needed([([0] * 20, [50] * 20)], right=400, max_lanes=4) == 4
    assert lanes_needed([([], [])], right=400, max_lanes=4) == 0
