"""The page in a browser: as pictures, to be looked at, and by axe-core for what can be measured.

Pictures are kept in the folder that `INTERLINK_SCREENS` names, if it is set.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python.sync_playwright
import pytest
from PIL import Image

from interlink.pipeline.audit.report.html import render_html

pytestmark = pytest.mark.slow


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens a report: `show(report, **options of the browser)`; nothing may go wrong on it."""
    contexts, problems = [], []

    def open_page(report: Any, **options: Any) -> Any:
        sheets, page = tmp_path / "site/sheets", tmp_path / "report/index.html"
        sheets.mkdir(parents=True, exist_ok=True)
        known = [error for error in report.errors[:2] if len(error.examples[0].clip_id) < 40]
        for number, error in enumerate(known):
            picture = Image.new("RGB", (1280, 360), (40 + 60 * number, 90, 140))
            picture.save(tmp_path / error.examples[0].sheet)
        page.parent.mkdir(exist_ok=True)
        page.write_text(render_html(report, tmp_path), "utf-8")
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        contexts.append(browser.new_context(offline=True, **options))
        opened = contexts[-1].new_page()
        opened.on("console", lambda message: problems.append(message.text))
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.on("request", lambda request: problems.extend(_foreign(request.url)))
        opened.goto(page.as_uri())
        return opened

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def _foreign(url: str) -> list[str]:
    return [] if url.startswith(("file:", "data:")) else [url]


def keep(page: Any, name: str) -> None:
    folder = os.environ.get("INTERLINK_SCREENS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"report-{name}.png", full_page=True)


def serious(page: Any) -> list[Any]:
    """Return what axe-core calls serious or critical (WCAG 2.2 A and AA)."""
    result = axe_playwright_python.sync_playwright.Axe().run(page, options={"preload": False})
    return [
        (violation["id"], [node["html"][:200] for node in violation["nodes"][:3]])
        for violation in result.response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_report_has_a_serious_violation(report, changed, empty, show, scheme):
    distrusted = changed(reasons=("cohen kappa is 0.412, below 0.667: do not quote the rate",))
    found = {}
    for name, one in {"whole": report, "distrusted": distrusted, "empty": empty}.items():
        page = show(one, color_scheme=scheme, reduced_motion="reduce")
        keep(page, f"{name}-{scheme}")
        found[name] = serious(page)
    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.parametrize("width", [1920, 1000, 390])
def test_nothing_is_cut_off_at_any_width(report, hostile, show, width):
    for name, one in {"whole": report, "long": hostile("x" * 3000)}.items():
        page = show(one, viewport={"width": width, "height": 844})
        keep(page, f"{name}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_paper_it_is_light_and_nothing_scrolls(report, show):
    page = show(report, color_scheme="dark", viewport={"width": 690, "height": 980})
    page.emulate_media(media="print", color_scheme="dark")
    keep(page, "paper")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    wide = "[...document.querySelectorAll('.wide')].every(e => e.scrollWidth <= e.clientWidth)"
    assert page.evaluate(wide)
    assert page.evaluate("document.documentElement.scrollWidth") <= 690


def test_pictures_show_and_intervals_have_a_size(report, show):
    page = show(report)
    assert page.evaluate("[...document.images].every(e => e.naturalWidth == 1280)")
    widths = page.evaluate(
        "[...document.querySelectorAll('.reach')].map(e => e.getBoundingClientRect().width)"
    )
    assert min(widths) > 5


def test_it_can_be_read_by_keyboard_alone(report, show):
    page = show(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to what was found"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#rates"
    tables = page.locator(".wide")
    assert {tables.nth(n).get_attribute("tabindex") for n in range(tables.count())} == {"0"}
