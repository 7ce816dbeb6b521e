"""Each view as a picture, to be looked at, and by axe-core for what can be measured.

Pictures are kept in the folder that `INTERLINK_SCREENS` names, if it is set.
"""

import dataclasses
import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.slow

SCHEMES = ("light", "dark")


def serious(page):
    """Return what axe-core calls serious or critical (WCAG 2.2 A and AA)."""
    result = Axe().run(page, options={"preload": False})
    return [
        (violation["id"], [node["html"][:200] for node in violation["nodes"][:3]])
        for violation in result.response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


@pytest.fixture
def keep(tmp_path):
    folder = Path(os.environ.get("INTERLINK_SCREENS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.screenshot(path=folder / f"{name}.png")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_view_has_a_serious_violation(make_site, visit, keep, scheme):
    folder = make_site(make_site.items(12, media=True))
    one = visit(folder, color_scheme=scheme, reduced_motion="reduce")
    found = {}

    def look(name):
        keep(one.page, f"{name}-{scheme}")
        found[name] = serious(one.page)

    one.page.wait_for_selector("dialog.start")
    look("start")
    one.begin()
    one.until("document.querySelector('video').readyState >= 2")
    look("item")
    one.press("1", "2", "e", "o", "2")
    look("naming")
    one.press("Enter", "ArrowDown", "3", "f")
    look("rated")
    one.press("r")
    look("rubric")
    one.press("Escape", "?")
    look("keys")
    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_contact_sheet_and_the_end_have_no_serious_violation(make_site, visit, keep, scheme):
    (item,) = make_site.items(1, media=True)
    folder = make_site([dataclasses.replace(item, media=None)])
    one = visit(folder, color_scheme=scheme, reduced_motion="reduce").begin()
    found = {}
    for name, keys in (("sheet", ()), ("end", ("g", "Enter"))):
        one.press(*keys)
        if keys:
            one.page.wait_for_selector("dialog.end")
        keep(one.page, f"{name}-{scheme}")
        found[name] = serious(one.page)
    assert found == {"sheet": [], "end": []}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_two_captions_stand_side_by_side(make_site, visit, keep, scheme):
    folder = make_site(make_site.items(3, media=True, pair=True))
    one = visit(folder, color_scheme=scheme).begin()
    keep(one.page, f"pair-{scheme}")
    a, b = (one.page.locator(".caption").nth(n).bounding_box() for n in range(2))
    assert a["y"] == b["y"]
    assert a["x"] + a["width"] <= b["x"]
    assert serious(one.page) == []


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 720), (1000, 800), (390, 844)])
def test_nothing_is_cut_off_at_any_width(make_site, visit, keep, width, height):
    folder = make_site(make_site.items(3, media=True))
    one = visit(folder, viewport={"width": width, "height": height}).begin()
    keep(one.page, f"width-{width}")
    assert one.page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_motion_asked_for_nothing_moves_by_itself(make_site, visit):
    one = visit(make_site(make_site.items(1)), reduced_motion="reduce").begin()
    durations = one.page.evaluate(
        "[...document.querySelectorAll('*')].map(e => getComputedStyle(e).transitionDuration)"
    )
    assert set(durations) == {"0s"}
