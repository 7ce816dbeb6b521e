"""Judging by keyboard alone, in a browser that is offline."""

import json

import pytest

from interlink.schemas.arrow import from_plain
from interlink.schemas.audit import ClipVerdict, ErrorType, Rating, Verdict

pytestmark = pytest.mark.slow


def ratings_of(text):
    return [from_plain(json.loads(line), Rating) for line in text.splitlines()]


def test_twenty_items_are_rated_by_keyboard_with_a_reload_in_between(make_site, visit):
    items = make_site.items(20)
    one = visit(make_site(items)).begin("Ann")
    for number in range(20):
        one.page.wait_for_selector(f"text='{number + 1} of 20'", state="attached")
        if number == 10:
            one.page.reload()
            one.page.wait_for_selector(".item")
            assert one.page.text_content(".count") == "10 of 20 rated"
        one.press("g", "Enter")
    one.page.wait_for_selector("dialog.end")
    ratings = ratings_of(one.download())
    assert [rating.item_id for rating in ratings] == [item.item_id for item in items]
    assert {rating.rater for rating in ratings} == {"Ann"}
    assert {rating.clip_verdict for rating in ratings} == {ClipVerdict.GOOD}
    assert all([c.verdict for c in r.claims] == [Verdict.RIGHT] * 3 for r in ratings)
    assert all(rating.seconds is not None and rating.rated_at for rating in ratings)


def test_a_wrong_claim_gets_its_error_types_severity_and_note(make_site, visit):
    one = visit(make_site(make_site.items(2))).begin()
    one.press("1", "2", "e", "o", "c", "2", "Enter")
    one.press("ArrowDown", "3", "f", "t")
    one.page.keyboard.type("The ball is blue.")
    one.press("Escape", "Enter")
    one.page.wait_for_selector("text='2 of 2'", state="attached")
    (rating,) = ratings_of(one.download())
    assert rating.clip_verdict == ClipVerdict.FLAWED
    assert rating.note == "The ball is blue."
    assert [c.verdict for c in rating.claims] == [
        Verdict.RIGHT,
        Verdict.WRONG,
        Verdict.CANNOT_TELL,
    ]
    assert set(rating.claims[1].error_types) == {ErrorType.OBJECT, ErrorType.COUNT}
    assert rating.claims[1].severity == 2


def test_an_item_without_all_verdicts_is_not_left_by_enter(make_site, visit):
    one = visit(make_site(make_site.items(2))).begin()
    one.press("1", "b", "Enter")
    assert "Claim 2 has no verdict yet" in one.page.text_content(".status")
    assert one.page.text_content(".count") == "0 of 2 rated"
    one.press("3", "3", "Enter")
    one.page.wait_for_selector("text='2 of 2'", state="attached")


def test_a_step_is_taken_back(make_site, visit):
    one = visit(make_site(make_site.items(1))).begin()
    one.press("g")
    assert one.page.text_content(".count") == "1 of 1 rated"
    one.press("u")
    assert one.page.text_content(".count") == "0 of 1 rated"
    assert one.page.locator("[aria-pressed=true].verdict").count() == 0


def test_who_wrote_a_caption_is_shown_after_its_verdict_only(make_site, visit):
    one = visit(make_site(make_site.items(2))).begin()
    assert "facts (1)" not in one.page.content()
    one.press("g")
    assert one.page.locator("text=Written by facts (1)").is_visible()


def test_of_two_captions_the_better_is_asked_for_and_no_name_shown_before_the_end(make_site, visit):
    one = visit(make_site(make_site.items(2, pair=True))).begin()
    one.press("g", "Enter")
    assert "Which is better?" in one.page.text_content(".status")
    one.press("9", "Enter")
    one.page.wait_for_selector("text='2 of 2'", state="attached")
    one.press("p")
    one.page.wait_for_selector("text='1 of 2'", state="attached")
    assert "secret-model" not in one.page.content()
    one.press("n")
    one.page.wait_for_selector("text='2 of 2'", state="attached")
    one.press("g", "8")
    assert one.page.locator("text=Written by secret-model (2)").is_visible()
    assert [rating.preferred for rating in ratings_of(one.download())] == ["same", "a"]


def test_ratings_are_taken_in_again_in_another_browser(make_site, visit, tmp_path):
    folder = make_site(make_site.items(3))
    first = visit(folder).begin("Ann")
    first.press("g", "Enter")
    first.page.wait_for_selector("text='2 of 3'", state="attached")
    text = first.download()
    (tmp_path / "mine.jsonl").write_text(text + "not a rating\n")
    second = visit(folder).begin("Bob")
    with second.page.expect_file_chooser() as chooser:
        second.page.click("text=Import")
    chooser.value.set_files(tmp_path / "mine.jsonl")
    second.page.wait_for_selector("text=1 rating of Ann taken over. Left out: 1 line")
    assert second.page.text_content(".count") == "1 of 3 rated"
    assert ratings_of(second.download()) == ratings_of(text)


def test_each_rater_has_verdicts_of_their_own(make_site, visit):
    one = visit(make_site(make_site.items(2))).begin("Ann")
    one.press("g")
    one.page.click(".rater")
    one.page.fill("#rater", "Bob")
    one.press("Enter")
    assert one.page.text_content(".count") == "0 of 2 rated"
    one.page.click(".rater")
    one.page.fill("#rater", "Ann")
    one.press("Enter")
    assert one.page.text_content(".count") == "1 of 2 rated"


def test_letters_do_nothing_once_they_are_switched_off(make_site, visit):
    one = visit(make_site(make_site.items(1))).begin()
    one.press("?")
    one.page.uncheck("#keys-on")
    one.press("Escape", "g")
    assert one.page.text_content(".count") == "0 of 1 rated"


def test_without_storage_the_page_says_so_and_still_rates(make_site, visit):
    one = visit(make_site(make_site.items(1)))
    one.page.evaluate(
        """() => {
            Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); };
        }"""
    )
    one.begin().press("g")
    assert one.page.locator(".trouble").is_visible()
    assert len(ratings_of(one.download())) == 1
