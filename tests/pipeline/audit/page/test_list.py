"""Thousands of items in the list, few of them in the document."""

import pytest

pytestmark = pytest.mark.slow
COUNT = 5000
MOST_NODES = 300


@pytest.fixture
def one(make_site, visit):
    return visit(make_site(make_site.items(COUNT))).begin()


def test_five_thousand_items_scroll_through_with_few_nodes(one):
    seen, most = set(), 0
    height = one.page.evaluate("document.querySelector('.list').scrollHeight")
    for top in range(0, height, 4000):
        one.page.evaluate(f"document.querySelector('.list').scrollTop = {top}")
        one.until(f"Math.abs(parseFloat(document.querySelector('.row').style.top) - {top}) < 1500")
        places = one.page.eval_on_selector_all(
            ".row", "rows => rows.map(row => row.getAttribute('aria-posinset'))"
        )
        most = max(most, len(places))
        seen.update(places)
    assert most <= MOST_NODES
    assert {"1", str(COUNT // 2)} & seen
    one.press("l", "End")
    one.page.wait_for_selector(f"[aria-posinset='{COUNT}']")
    one.press("Enter")
    one.page.wait_for_selector(f"text='{COUNT} of {COUNT}'", state="attached")


def test_items_are_found_filtered_and_sorted(one):
    one.press("/")
    one.page.keyboard.type("part 4321")
    # The one of that title, and the one of that place.
    one.page.wait_for_selector("text=2 of 5000 items")
    one.page.fill("[type=search]", "")
    one.page.wait_for_selector("text='5000 items'")
    one.page.select_option("[aria-label=Language]", "de")
    one.page.wait_for_selector("text=2500 of 5000 items")
    one.page.select_option("[aria-label=Language]", "")
    one.press("Escape")
    one.page.select_option("[aria-label=Sort]", "title")
    assert one.page.text_content(".row .row-title").endswith("part 0")


def test_what_is_rated_is_marked_and_can_be_shown_alone(one):
    one.press("g", "Enter")
    one.page.wait_for_selector("text='2 of 5000'", state="attached")
    assert one.page.get_attribute("#row-0", "data-verdict") == "good"
    one.page.select_option("[aria-label=Show]", "rated")
    one.page.wait_for_selector("text=1 of 5000 items")
