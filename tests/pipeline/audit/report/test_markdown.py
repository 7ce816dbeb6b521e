"""The report as Markdown."""

from collections import Counter

import pytest
from markdown_it import MarkdownIt

from interlink.pipeline.audit.report.markdown import render_markdown


def tokens_of(text):
    return MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable("table").parse(text)


def shape(text):
    """Return how many elements of each kind a page has."""
    return Counter(
        token.type
        for block in tokens_of(text)
        for token in [block, *(block.children or [])]
        if token.type not in ("text", "text_special")
    )


def heads(text):
    tokens = tokens_of(text)
    return [tokens[n + 1].content for n, one in enumerate(tokens) if one.type == "heading_open"]


def test_it_has_all_parts_of_the_page(report):
    text = render_markdown(report)
    assert heads(text) == [
        "Audit report: how-to, version 3, view clean",
        "Rates",
        "By stratum",
        "By model",
        "What is wrong",
        "Do raters agree?",
        "Raters",
        "The risk pool",
        "How the sample was drawn",
        "What each number means",
    ]
    assert "**7.5 % of claims are wrong; between 4.4 and 12.3 %" in text
    assert "| Wrong claims | 7.5 % | 4.4 to 12.3 % | 29 of 396 | 5.0 to 10.3 % |" in text
    assert "- Raters missed 4 of 20 planted errors: the true rate is likely higher." in text
    assert "\n\n\n" not in text


def test_every_row_of_a_table_has_as_many_cells_as_its_head(report):
    rows = [line for line in render_markdown(report).splitlines() if line.startswith("|")]
    widths = [row.replace("\\|", "").count("|") for row in rows]
    tables = [n for n, row in enumerate(rows) if row.startswith("|---")]
    assert len(tables) == 9
    for start, end in zip(tables, [n - 1 for n in tables[1:]] + [len(rows)], strict=True):
        assert set(widths[start:end]) == {widths[start - 1]}


def test_it_says_when_not_to_quote(changed):
    text = render_markdown(changed(reasons=("cohen kappa is 0.412, below 0.667",)))
    assert "> **Do not quote these rates**\n>\n> Cohen kappa is 0.412, below 0.667." in text
    assert "**Not to be quoted: 7.5 %" in text
    for head in ("Rates", "By stratum", "By model", "What is wrong"):
        assert f"## {head}, not to be quoted\n" in text


def test_names_of_rates_in_a_caveat_are_code(changed):
    text = render_markdown(changed(caveats=("`not_good` must not be quoted", "half a ` tick")))
    assert "- `not_good` must not be quoted." in text
    assert "- Half a \\` tick." in text


def test_before_anybody_has_judged_it_has_no_rates(empty):
    text = render_markdown(empty)
    assert "> **Nothing to quote yet**" in text
    assert "## Rates" not in text
    assert "100 %" not in text


@pytest.mark.parametrize(
    "attack",
    [
        "</td><script>x</script> | a | b |\n# head\n- list",
        "![x](http://x.example/a.png) [y](javascript:x) <b>`~~**__",
        "\u202e\x00\ud800\u2028" + "word " * 200_000,
        "`",
    ],
)
def test_hostile_text_marks_nothing_up(report, hostile, attack):
    text = render_markdown(hostile(attack))
    plain = shape(render_markdown(hostile("plain")))
    assert shape(text) == plain
    assert len(text) < 100_000
    text.encode("utf-8")
