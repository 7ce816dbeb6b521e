"""The card's pictures are SVG that says in words what it shows, whatever others wrote."""

import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import pyarrow as pa
import pytest

from interlink.pipeline.publish.card_facts import CardFacts
from interlink.pipeline.publish.card_pictures import (
    Picture,
    Row,
    distribution_pictures,
    funnel_picture,
    rates_picture,
)
from interlink.schemas.audit_report import Rate
from interlink.schemas.estimate import Estimate, Method

HOSTILE = "<script>alert(1)</script> & \x00 \u202e \ufffe \ud800 \"'" + "x" * 1_000_000


def texts(picture: Picture) -> list[str]:
    root = ElementTree.fromstring(picture.svg())
    return ["".join(found.itertext()) for found in root.iter("{http://www.w3.org/2000/svg}text")]


def facts(**languages: int) -> CardFacts:
    made = CardFacts(num_documents=sum(languages.values()))
    made.languages.update(languages)
    made.durations.add(pa.chunked_array([[2.5, 2.6, 7.0]]))
    return made


def test_a_distribution_has_a_bar_for_each_bin_between_the_first_and_the_last():
    (durations,) = distribution_pictures(facts(en=3))
    assert durations.path == "card/durations.svg"
    assert [(row.label, row.text, row.end) for row in durations.rows] == [
        ("2 to 4 s", "2", 260),
        ("4 to 6 s", "0", 0),
        ("6 to 8 s", "1", 130),
    ]
    assert durations.alt == "How long clips are. 2 to 4 s: 2; 4 to 6 s: 0; 6 to 8 s: 1"


def test_several_languages_are_shown_and_many_are_added_up():
    pictures = {p.path: p for p in distribution_pictures(facts(en=2, de=3))}
    assert [row.label for row in pictures["card/languages.svg"].rows] == ["de", "en"]
    many = facts(**{f"l{n:02d}": 20 - n for n in range(13)})
    rows = {p.path: p for p in distribution_pictures(many)}["card/languages.svg"].rows
    assert len(rows) == 11
    assert (rows[-1].label, rows[-1].text) == ("others", str(10 + 9 + 8))


def test_nothing_gives_no_picture():
    assert list(distribution_pictures(CardFacts())) == []
    assert funnel_picture([]) is None


def row(kind: str, step: str, disposition: str, code: str | None, count: int) -> dict:
    return {"kind": kind, "step": step, "disposition": disposition, "code": code, "count": count}


def test_the_funnel_goes_down_step_by_step_to_what_was_kept():
    picture = funnel_picture(
        [
            row("source", "cut", "kept", None, 6),
            row("source", "fetch", "failed", "http_404", 2),
            row("clip", "assemble", "kept", None, 10),
            row("clip", "caption", "failed", "worker_lost", 1),
            row("clip", "cut", "rejected", "score_below", 5),
            row("clip", "cut", "rejected", "too_dark", 3),
            row("clip", "cut", "rejected", "too_short", 1),
        ]
    )
    assert picture is not None
    assert [(r.label, r.text) for r in picture.rows] == [
        ("Sources", ""),
        ("attempted", "8"),
        ("after fetch", "6 (lost: http_404 2)"),
        ("kept", "6"),
        ("Clips", ""),
        ("attempted", "20"),
        ("after cut", "11 (lost: score_below 5, too_dark 3, ...)"),
        ("after caption", "10 (lost: worker_lost 1)"),
        ("kept", "10"),
    ]
    after_cut = picture.rows[6]
    assert (after_cut.end, after_cut.rest) == (round(260 * 11 / 20), 260)


def rate(title: str, value: float | None, **fields) -> Rate:
    given = {"value": value, "lower": 0.1, "upper": 0.3, "confidence": 0.95} | fields
    estimate = Estimate(
        **given, method=Method.BOOTSTRAP, num_items=40, num_effective_items=40.0, num_clusters=35
    )
    return Rate(
        name="wrong",
        title=title,
        what="",
        estimate=estimate,
        exact=estimate,
        wilson=estimate,
        num_of=8,
        num_items=40,
    )


def audited(*rates: Rate, is_quotable: bool = True) -> SimpleNamespace:
    return SimpleNamespace(audit_id="a" * 32, rates=rates, is_quotable=is_quotable)


def test_rates_stand_on_a_line_whose_ends_are_named():
    picture = rates_picture(audited(rate("Wrong claims", 0.2), rate("Bad clips", None)))
    assert picture is not None
    assert (picture.title, picture.note) == ("What raters found", "rates with 95 % intervals")
    assert picture.alt == "What raters found. Wrong claims: 20.0 % (10.0 to 30.0 %)"
    assert texts(picture)[-2:] == ["0 %", "30 %"]
    assert b"line-through" not in picture.svg()
    assert b"dasharray" not in picture.svg()
    assert rates_picture(audited(rate("Bad clips", None))) is None


def test_rates_that_must_not_be_quoted_are_struck_through_and_doubtful_intervals_dashed():
    rates = (rate("Wrong claims", 0.2), rate("Bad clips", 0.2, caveats=("only 4 videos",)))
    picture = rates_picture(audited(*rates, is_quotable=False))
    assert picture is not None
    assert picture.alt.startswith("What raters found: not to be quoted. Wrong claims: 20.0 % (10.0")
    assert picture.note == "rates with 95 % intervals; dashed: rough"
    root = ElementTree.fromstring(picture.svg())
    spans = root.findall(".//{*}tspan[@text-decoration='line-through']")
    assert [span.text for span in spans] == ["20.0 %", "20.0 %"]
    assert len(root.findall(".//{*}line[@stroke-dasharray]")) == 1


@pytest.mark.parametrize("dot", [None, 4])
def test_hostile_text_stays_text_and_short(dot):
    rows = (Row(label=HOSTILE, text=HOSTILE, end=5, dot=dot), Row(label=HOSTILE))
    picture = Picture(path="p", title=HOSTILE, note=HOSTILE, rows=rows)
    svg = picture.svg()
    assert len(svg) < 6_000
    assert b"<script" not in svg
    assert all(len(found) <= 90 for found in texts(picture))
    assert texts(picture)[0].startswith("<script>alert(1)</script> & ")
    assert svg == picture.svg()
