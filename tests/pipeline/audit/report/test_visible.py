"""Text of others, for a page and for Markdown."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from interlink.pipeline.audit.report import visible as module
from interlink.pipeline.audit.report.visible import MAX_CHARS, to_html, to_markdown, visible

SCRIPT = (Path(__file__).parents[4] / "site" / "src" / "text.ts").read_text()

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://x.example/a.png) [y](javascript:alert(1))",
    "a | b | c",
    "**bold** _it_ `code` ~~gone~~ $x^2$ &lt;",
    "https://x.example www.x.example",
    "back\\slash \\| \\",
    '=HYPERLINK("http://x.example")',
    "line\nbreak\r\n\n# head",
]


def test_what_cannot_be_seen_is_shown_by_signs():
    assert visible("a\u202eb\x00c\x7f\ud800\u2066") == "aU+202Eb␀c␡U+D800U+2066"
    assert to_html("\u202ex") == (
        '<bdi dir="auto" class="text"><span class="hidden-sign">U+202E</span>x</bdi>'
    )


def test_the_review_page_hides_nothing_else():
    (pattern,) = re.findall(r"const HIDDEN =\n(?:  //.*\n)?  /(.*)/g;", SCRIPT)
    on_page = re.compile(pattern)  # classes, escapes and looks around read the same in Python
    both = [
        {code for code in range(0x110000) if hidden.search(chr(code))}
        for hidden in (on_page, module._HIDDEN)
    ]
    assert both[0] == both[1] > {0x202E, 0xD800, 0xDFFF}


def test_a_long_text_is_cut_and_says_so():
    assert visible("word " * 200_000) == f"{('word ' * 120).rstrip()}… (1,000,000 characters)"
    assert visible("x" * MAX_CHARS) == "x" * MAX_CHARS


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_of_markdown_marks_nothing_up(text):
    table = f"| a | b |\n|---|---|\n| {to_markdown(text)} | end |\n"
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable("table").parse(table)
    inline = [token for token in tokens if token.type == "inline"]
    assert [token.content for token in inline[3:]] == ["end"]
    assert {child.type for child in inline[2].children} <= {"text", "text_special"}
    assert "".join(child.content for child in inline[2].children) == " ".join(text.split())


def test_what_begins_a_line_begins_no_list_or_heading():
    assert to_markdown("# a - b") == "\\# a - b"
    assert to_markdown("- a how-to") == "\\- a how-to"
    assert to_markdown("https://a.example: see") == "https\\://a.example: see"
