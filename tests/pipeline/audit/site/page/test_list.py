"""Thousands of items in the list, few of them in the document."""

import pytest

pytestmark = pytest.mark.slow
COUNT = 5000
MOST_NODES = 300


@pytest.fixture
def one(make_site, visit):
    return visit(make_site(make_site.items(COUNT))).begin()


def test_five_thousand_items_scroll_through_with_few_nodes(one):
    found = one.page.evaluate(
        """async () => {
            const list = document.querySelector('.list');
            const seen = new Set();
            let most = 0;
            for (let top = 0; top < list.scrollHeight; top += list.clientHeight) {
                list.scrollTop = top;
                await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
                const rows = document.querySelectorAll('.row');
                most = Math.max(most, rows.length);
                for (const row of rows) seen.add(row.getAttribute('aria-posinset'));
            }
            return { most, count: seen.size };
        }"""
    )
    assert found["count"] == COUNT
    assert found["most"] <= MOST_NODES
    one.press("l", "End")
    one.page.wait_for_selector(f"[aria-posinset='{COUNT}']")
    one.press("Enter")
    one.page.wait_for_selector(f"text='{COUNT} of {COUNT}'", state="attached")


def test_items_are_found_filtered_and_sorted(one):
    one.press("/")
    one.page.keyboard.type("part 4321")
    # The one of that title, and the one of that place.
    one.page.wait_for_selector("text=2 of 5,000 items")
    one.page.fill("[type=search]", "")
    one.page.wait_for_selector("text='5,000 items'")
    one.page.select_option("[aria-label=Language]", "de")
    one.page.wait_for_selector("text=2,500 of 5,000 items")
    one.page.select_option("[aria-label=Language]", "")
    one.press("Escape")
    one.page.select_option("[aria-label=Sort]", "title")
    assert one.page.text_content(".row .row-title").endswith("part 0")


def test_what_is_rated_is_marked_and_can_be_shown_alone(one):
    one.press("g", "Enter")
    one.page.wait_for_selector("text='2 of 5000'", state="attached")
    assert one.page.get_attribute("#row-0", "data-verdict") == "good"
    one.page.select_option("[aria-label=Show]", "rated")
    one.page.wait_for_selector("text=1 of 5,000 items")


def test_one_item_is_not_several(make_site, visit):
    one = visit(make_site(make_site.items(1)))
    assert "1 item of How-to videos to judge." in one.page.text_content("dialog.start")
    one.begin()
    assert one.page.text_content(".list-count") == "1 item"
    one.press("g", "Enter")
    assert "The one item is rated." in one.page.text_content("dialog.end")
