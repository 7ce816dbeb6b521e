import dataclasses

import pytest

from interlink.pipeline.audit.comparison.compare import compare_audits, compare_captions
from interlink.pipeline.audit.comparison.text import (
    all_caveats,
    conclusion,
    explained,
    one_line,
    p_value,
    points,
    preference_lines,
    render_comparison,
)

HOSTILE = "<script>alert(1)</script>|\n# x [y](javascript:z) \u202eevil\x00" + "!" * 100_000


@pytest.fixture
def comparison(made_audit):
    first, second = made_audit("before"), made_audit("after")
    for number in range(40):
        for audit, verdicts in ((first, "rw"), (second, "rw" if number < 4 else "rr")):
            audit.add(f"c{number:02d}")
            audit.rate(f"c{number:02d}", verdicts)
    first.add("more")
    return compare_audits(
        first.plan, second.plan, first_ratings=first.ratings, second_ratings=second.ratings
    )


@pytest.fixture
def preferred(made_audit):
    audit = made_audit(models=("m1", "m2"))
    for number, side in enumerate("bbbbbbbbbbba="):
        audit.add(f"c{number:02d}", "A dog.", "A cat.")
        audit.rate(f"c{number:02d}", "r|r", preferred="same" if side == "=" else side)
    audit.add("unsaid", "A dog.", "A cat.")
    audit.rate("unsaid", "r|r")
    return compare_captions(audit.plan, audit.ratings)


def test_the_page_says_who_what_and_how_sure(comparison):
    page = render_comparison(comparison)
    assert "| A | before, version 1 | m1 | 80 | ann |" in page
    assert "Compared 40 of 40 shared clips, of 40 videos, each counted alike." in page
    assert "- 1 clip drawn in A only" in page
    row = next(line for line in page.splitlines() if line.startswith("| Clips with an error"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1:4] == ["100 %", "10.0 %", "-90.0"]
    assert cells[5:] == ["36", "0", "< 0.0001"]
    assert "- Clips with an error: Share of clips with at least one wrong claim. Better: B." in page
    assert "- A and B were not drawn from the same clips in the same strata: every" in page


def test_a_number_whose_title_does_not_say_it_is_explained(comparison):
    assert list(explained(comparison)) == [
        "Wrong claims per clip: Share of a clip's decided claims that are wrong, averaged over "
        "clips."
    ]


def test_the_page_tells_what_is_preferred(preferred):
    page = render_comparison(preferred)
    said = (
        "- Of 13 clips A is preferred in 1, B in 11, and both are the same in 1; of 1 nobody said."
    )
    assert said in page
    _, second = preference_lines(preferred.preferences)
    assert second.startswith("Where one is preferred it is B in 91.7 % (")
    assert second.endswith("sign test p = 0.0063). Preferred: perhaps B")


def test_names_that_others_chose_mark_nothing_up(comparison):
    hostile = dataclasses.replace(
        comparison.first, dataset_url=HOSTILE, models=(HOSTILE,) * 30, raters=(HOSTILE, "=1+1")
    )
    page = render_comparison(dataclasses.replace(comparison, first=hostile))
    row = next(line for line in page.splitlines() if line.startswith("| A |"))
    assert row.replace("\\|", "").count("|") == 6
    assert "<script>" not in page
    assert "\\<script\\>" in row
    assert "\u202e" not in page
    assert "\x00" not in page
    assert "and 20 more" in row
    assert len(page) < 10_000
    line = one_line(hostile)
    assert "\u202e" not in line
    assert "\n" not in line
    assert len(line) < 2_000


def test_a_conclusion_is_drawn_only_where_the_interval_leaves_no_doubt(comparison):
    error = comparison.differences[0]
    for (value, lower, upper), said in {
        (-0.2, -0.3, -0.1): "B",
        (0.2, 0.1, 0.3): "A",
        (-0.2, -0.5, 0.0): "cannot be told",
        (None, -1.0, 1.0): "not known",
    }.items():
        ends = dataclasses.replace(error.difference, value=value, lower=lower, upper=upper)
        assert conclusion(dataclasses.replace(error, difference=ends)) == said
        few = dataclasses.replace(ends, caveats=("only 3 videos",))
        told = f"perhaps {said}" if said in "AB" else said
        assert conclusion(dataclasses.replace(error, difference=few)) == told


def test_a_caveat_of_all_numbers_is_said_once(preferred):
    said = all_caveats(preferred)
    assert len(said) == len(set(said))
    few = [one for one in said if "only 14 videos" in one]
    assert few == [
        "Clips with an error, Wrong claims per clip: only 14 videos: with fewer than 30 the "
        "interval is rough; judge clips of more videos"
    ]


def test_differences_have_their_sign_and_small_p_values_no_false_digits():
    assert [points(one) for one in (-0.15, 0.0, 0.0321, 1.0, None)] == [
        "-15.0", "0", "+3.2", "+100", "not known",
    ]  # fmt: skip
    assert [p_value(one) for one in (1.0, 0.5, 0.03456, 0.00001)] == [
        "1", "0.5", "0.035", "< 0.0001",
    ]  # fmt: skip
