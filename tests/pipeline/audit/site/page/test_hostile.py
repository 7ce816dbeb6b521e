"""Text that attacks: in every field of an item, it is shown and does nothing."""

import pytest

pytestmark = pytest.mark.slow

TEXTS = [
    "<script>window.hacked = 1</script>",
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "javascript:window.hacked=1//",
    "');window.hacked=1;//",
    '=HYPERLINK("http://x.example";"click")',
    "\u202egnp.exe\u2066 \u200f",
    "\x00\x1b[31m\x07",
    "\u2028\u2029\ud800",
    "__proto__",
    "constructor",
    "👩‍👩‍👧 ﷽",
]


@pytest.mark.parametrize("media", [False, True])
def test_hostile_text_runs_nothing_and_breaks_nothing(make_site, visit, hostile, media):
    items = make_site.items(len(TEXTS), media=media)
    items = [hostile(item, text) for item, text in zip(items, TEXTS, strict=True)]
    one = visit(make_site(items)).begin("<b>Ann</b>")
    for number in range(len(TEXTS)):
        one.page.wait_for_selector(f"text='{number + 1} of {len(TEXTS)}'", state="attached")
        one.press("ArrowDown", "ArrowUp", "g", "Enter")
    one.page.wait_for_selector("dialog.end")
    assert one.page.evaluate("window.hacked") is None
    assert one.page.locator("script[src^='data/items']").count() == 0
    assert one.page.locator("a[href^='javascript']").count() == 0


def test_what_cannot_be_seen_is_shown_by_signs(make_site, visit, hostile):
    (item,) = make_site.items(1)
    one = visit(make_site([hostile(item, "a\u202eb\x00c")])).begin()
    text = one.page.text_content(".claim-text")
    assert text == "aU+202Eb␀c"
    assert one.page.locator(".claim-text bdi[dir=auto]").count() == 3


def test_a_megabyte_of_text_folds_and_the_page_stays_quick(make_site, visit, hostile):
    (item,) = make_site.items(1)
    one = visit(make_site([hostile(item, "word " * 200_000)])).begin()
    assert one.page.evaluate("document.body.textContent.length") < 200_000
    one.page.click(".claim .link >> nth=0")
    one.press("g")
    assert one.page.text_content(".count") == "1 of 1 rated"
