"""The report as a page: what is in it, and what is not."""

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from interlink.pipeline.audit.report.html import render_html
from interlink.schemas.audit_report import ErrorExample

ROOT = Path(__file__).parents[4]
EVENTS = re.compile(r"on[a-z]+")


class Page(HTMLParser):
    """All elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += f"{data} "

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def addresses(self):
        named = [a.get(key) for _, a in self.elements for key in ("href", "src", "action", "data")]
        return [address for address in named if address is not None]


def examples(report) -> list[ErrorExample]:
    return [example for error in report.errors for example in error.examples]


def test_the_sentence_and_every_rate_stand_in_it(report, tmp_path):
    text = " ".join(Page(render_html(report, tmp_path)).text.replace("\u00a0", " ").split())
    assert (
        "7.5 % of claims are wrong; between 4.4 and 12.3 % with 95 % confidence, judged by 2 "
        "people on 100 clips of 41 videos."
    ) in text
    for rate in report.rates:
        assert f"{rate.title} {rate.what}" in text
    for stratum in report.strata:
        assert stratum.stratum in text
    assert "Raters missed 4 of 20 planted errors: the true rate is likely higher." in text
    assert "7 of 9" in text


def test_intervals_are_drawn_and_told(report, tmp_path):
    page = Page(render_html(report, tmp_path))
    plots = [a for a in page.all("svg") if a.get("role") == "img"]
    assert plots[0]["aria-label"].startswith("Wrong claims: 7.5 %, 95 % interval 4.4 to 12.3 %")
    reach = next(a for a in page.all("line") if a["class"] == "reach")
    assert (reach["x1"], reach["x2"]) == ("21.80%", "61.74%")


def test_it_is_said_on_top_that_rates_must_not_be_quoted(changed, report, tmp_path):
    assert "Do not quote" not in render_html(report, tmp_path)
    html = render_html(changed(reasons=("cohen kappa is 0.412, below 0.667",)), tmp_path)
    assert html.index("Do not quote these rates") < html.index("Cohen kappa is 0.412, below")
    assert html.index("Cohen kappa is 0.412, below") < html.index('class="hero"')
    assert "Not to be quoted: 7.5" in html


def test_what_must_not_be_quoted_is_marked_in_every_part_that_tells_rates(
    changed, report, tmp_path
):
    assert "not to be quoted" not in render_html(report, tmp_path)
    html = render_html(changed(reasons=("cohen kappa is 0.412, below 0.667",)), tmp_path)
    start = html.index('<div class="unquotable">')
    places = [html.index(f'id="{name}"', start) for name in ("rates", "strata", "models", "errors")]
    assert places == sorted(places)
    assert max(places) < html.index('</div>\n<section id="agreement"')
    heads = re.findall(r"<h2[^>]*>([^<]+) <span class=\"tag bad\">not to be quoted</span>", html)
    assert heads == ["By stratum", "By model", "What is wrong"]


def test_revisions_are_told_short_and_whole(changed, report, tmp_path):
    (text, *_) = report.texts
    revision = "1-ocr-090f04abcd9d-6f327246b503"
    text = dataclasses.replace(text, revision=revision)
    html = render_html(changed(texts=(text,)), tmp_path)
    assert f'title="{revision}"' in html
    assert ">1-ocr-090f04a-6f32724<" in html


def test_before_anybody_has_judged_it_has_no_rates(empty, tmp_path):
    page = Page(render_html(empty, tmp_path))
    assert "Nothing to quote yet" in page.text
    assert "Nobody has judged yet" in page.text
    assert page.all("svg") == []


def test_contact_sheets_that_are_not_there_are_left_out(report, tmp_path):
    first, second, *_ = examples(report)
    (tmp_path / "site/sheets").mkdir(parents=True)
    (tmp_path / first.sheet).write_bytes(b"picture")
    page = Page(render_html(report, tmp_path))
    path = f"../site/sheets/{first.clip_id}.jpg"
    assert [a["src"] for a in page.all("img")] == [path]
    assert path in [a["href"] for a in page.all("a")]
    assert second.text in page.text


def test_examples_lead_to_the_review_page_where_there_is_one(report, tmp_path):
    assert "../site/index.html" not in render_html(report, tmp_path)
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("page")
    links = Page(render_html(report, tmp_path)).addresses
    assert f"../site/index.html#{examples(report)[0].item_id}" in links


def test_a_page_asks_nobody_for_anything(report, tmp_path):
    page = Page(render_html(report, tmp_path))
    assert [a for a in page.addresses if not a.startswith(("#", "../site/", "data:,"))] == []
    (policy,) = [a["content"] for a in page.all("meta") if "http-equiv" in a]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "script" not in policy
    assert not any("style" in a for _, a in page.elements)


@pytest.mark.parametrize(
    "attack",
    [
        "</style><script>window.hacked = 1</script>",
        "<img src=x onerror='window.hacked = 1'>",
        '" onmouseover="window.hacked = 1" x="',
        "javascript:window.hacked=1//",
        "../../etc/passwd",
        "{{ 7 * 7 }}{% raw %}",
        '=HYPERLINK("http://x.example";"click")',
        "\u202egnp.exe\u2066 \u200f\x00\x1b[31m\u2028\ud800",
        "word " * 200_000,
    ],
)
def test_hostile_text_runs_nothing_and_breaks_nothing(hostile, tmp_path, attack):
    (tmp_path / "site/sheets").mkdir(parents=True)
    (tmp_path / "site/index.html").write_text("page")
    html = render_html(hostile(attack), tmp_path)
    plain = Page(render_html(hostile("<>"), tmp_path))
    page = Page(html)
    assert page.all("script") == []
    assert page.all("img") == []
    assert not any(EVENTS.fullmatch(name) for _, a in page.elements for name in a)
    assert [a for a in page.addresses if not a.startswith(("#", "data:,"))] == []
    tags = [tag for tag, a in page.elements if a.get("class") != "hidden-sign" and tag != "code"]
    assert tags == [tag for tag, _ in plain.elements if tag != "code"]
    assert len(html) < 200_000
    html.encode("utf-8")
    assert not re.search("[\x00\x1b\u202e\u2066\u200f\u2028]", html)


def test_its_colors_are_those_of_the_review_page(report, tmp_path):
    html = render_html(report, tmp_path)
    assert (ROOT / "pipeline/audit/site/page/theme.css").read_text() in html
    own = (ROOT / "pipeline/audit/report/templates/report.css").read_text()
    screen, paper = own.split("@media print")
    colored = re.compile(r"#[0-9a-f]{3,8}\b|rgb\(")
    assert not colored.search(screen)
    assert colored.search(paper)
