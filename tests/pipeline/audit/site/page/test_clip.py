"""The clip: it plays, its words light up, and its contact sheet stands in."""

import dataclasses

import pytest

pytestmark = pytest.mark.slow


def test_the_clip_plays_and_words_light_up_as_they_are_spoken(make_site, visit):
    one = visit(make_site(make_site.items(1, media=True))).begin()
    one.until("document.querySelector('video').readyState >= 2")
    one.press("Space")
    one.until("document.querySelector('video').currentTime > 0.5")
    assert one.page.locator(".word.is-spoken").count() == 1
    one.press("Space")
    assert one.page.evaluate("document.querySelector('video').paused")


@pytest.mark.parametrize("width", [420, 1440])
def test_the_player_has_its_size_and_a_picture_before_the_clip_is_loaded(make_site, visit, width):
    folder = make_site(make_site.items(1, media=True))
    one = visit(folder, viewport={"width": width, "height": 900})
    held = []
    one.context.route("**/*.mp4", lambda route: held.append(route))
    one.page.reload()
    one.begin()
    picture = "document.querySelector('video').style.backgroundImage"
    assert "sheets/clip.jpg" in one.page.evaluate(picture)
    before = one.page.locator(".stage").bounding_box()
    for route in held:
        route.continue_()
    one.context.unroute("**/*.mp4")
    one.until("document.querySelector('video').readyState >= 2")
    assert one.page.evaluate(picture) == ""
    assert one.page.locator(".stage").bounding_box() == before
    assert before["width"] / before["height"] == pytest.approx(16 / 9, rel=0.01)


def test_the_buttons_of_the_player_stay_in_one_line_on_a_phone(make_site, visit):
    folder = make_site(make_site.items(1, media=True))
    one = visit(folder, viewport={"width": 420, "height": 900}).begin()
    buttons = one.page.locator(".player-bar button")
    assert buttons.count() == 5
    assert len({buttons.nth(n).bounding_box()["y"] for n in range(5)}) == 1


def test_keys_move_in_the_clip_and_light_the_word_there(make_site, visit):
    one = visit(make_site(make_site.items(1, media=True))).begin()
    one.until("document.querySelector('video').readyState >= 2")
    one.press("ArrowRight")
    one.until("document.querySelector('.word.is-spoken')?.textContent === 'the'")
    assert one.page.get_attribute(".track", "aria-valuetext") == "1.0 seconds"
    one.press("ArrowLeft")
    one.until("document.querySelector('.word.is-spoken')?.textContent === 'First'")


def test_a_click_on_a_word_or_a_frame_goes_to_its_time(make_site, visit):
    one = visit(make_site(make_site.items(1, media=True))).begin()
    one.until("document.querySelector('video').readyState >= 2")
    one.page.click(".word:nth-of-type(4)")
    one.until("document.querySelector('video').currentTime > 0.9")
    one.page.click(".strip-frame:nth-of-type(7)")
    one.until("document.querySelector('video').currentTime > 2.9")
    assert one.page.locator(".strip-frame.is-shown").count() == 1


def test_the_contact_sheet_stands_in_where_there_is_no_file(make_site, visit):
    (item,) = make_site.items(1, media=True)
    one = visit(make_site([dataclasses.replace(item, media=None)])).begin()
    assert "contact sheet stands in" in one.page.text_content(".notice")
    before = one.page.evaluate("document.querySelector('.surface').style.backgroundPosition")
    one.press("ArrowRight", "ArrowRight")
    after = one.page.evaluate("document.querySelector('.surface').style.backgroundPosition")
    assert before != after
    one.press("Space")
    one.page.wait_for_selector(".word.is-spoken")


@pytest.mark.parametrize("width", [500, 900, 1440, 2200])
def test_a_frame_that_stands_in_keeps_its_proportions(make_site, visit, width):
    (item,) = make_site.items(1, media=True, pair=True)
    folder = make_site([dataclasses.replace(item, media=None)])
    one = visit(folder, viewport={"width": width, "height": 900}).begin()
    box = one.page.locator(".stage .surface").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(160 / 90, rel=0.01)
    assert box["height"] <= 0.47 * 900


def test_the_contact_sheet_stands_in_for_a_file_that_does_not_play(make_site, visit):
    items = make_site.items(1, media=True)
    folder = make_site(items)
    (folder / "media/clip.mp4").write_bytes(b"no video at all")
    one = visit(folder).begin()
    one.page.wait_for_selector("text=This browser cannot play the clip")
    one.problems.clear()


def test_a_missing_data_file_is_said(make_site, visit):
    folder = make_site(make_site.items(1))
    (folder / "data/items-0000.js").unlink()
    one = visit(folder)
    one.page.wait_for_selector("text=data/items-0000.js is missing")
    one.problems.clear()
