"""Makes the pictures of `audit.md`: two raters judge a demo's dataset in Chromium, by keyboard.

Run `python docs/make_audit_pictures.py demo/dataset` after `interlink demo --no-train`, when a page
has changed; it needs the `dev` extra and Debian's Chromium. The raters are this script: they find
every planted error but one, and take `in the center` at its word where the camera pans.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from interlink.pipeline.audit.plan import SITE_FOLDER, write_plan
from interlink.pipeline.audit.ratings.store import import_ratings, stored_ratings
from interlink.pipeline.audit.report.html import render_html
from interlink.pipeline.audit.report.make import make_report
from interlink.pipeline.audit.sample.drawing import draw_sample
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.pipeline.audit.site.build import build_site
from interlink.pipeline.storage.store import Store
from interlink.schemas.audit import AuditItem, AuditPlan, ErrorType

PICTURES = Path(__file__).with_name("pictures")
MAX_BYTES = 250_000
_COLORS = 256
_LETTERS = {ErrorType.CAMERA: "m", ErrorType.RELATION: "r", ErrorType.OBJECT: "o"}
"""Those of the page for what the raters name."""
_NOTE = "In the center at one end of the clip only."


def main() -> None:
    """Draw, judge, report, and keep pictures on the way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dataset", help="the dataset of a demo")
    dataset = parser.parse_args().dataset
    with tempfile.TemporaryDirectory() as name, sync_playwright() as api:
        folder = Path(name)
        plan = draw_sample(dataset, AuditSettings(num_clips=100, strata=("duration",)))
        write_plan(Store(name), plan)
        build_site(plan, folder / SITE_FOLDER, title="demo")
        path = shutil.which("chromium")
        browser = api.chromium.launch(executable_path=path, args=["--no-sandbox"])
        files = [judge(browser, folder, plan, rater) for rater in ("Ann", "Ben")]
        import_ratings(Store(name), files)
        report = make_report(plan, stored_ratings(Store(name), plan))
        (folder / "report").mkdir()
        (folder / "report/index.html").write_text(render_html(report, folder), "utf-8")
        page = open_page(browser, folder / "report/index.html", height=1130)
        keep(page, "report")
        page.evaluate("document.querySelector('#errors').scrollIntoView()")
        page.wait_for_timeout(1000)  # for the pictures
        keep(page, "errors")
        browser.close()


def judge(browser: Browser, folder: Path, plan: AuditPlan, rater: str) -> str:
    """Rate all items by keyboard, and return the path of the downloaded file."""
    page = open_page(browser, folder / SITE_FOLDER / "index.html")
    page.keyboard.type(rater)
    page.keyboard.press("Enter")
    num_wrong = 0
    for place, item in enumerate(plan.items):
        page.wait_for_selector(f"text='{place + 1} of {len(plan.items)}'", state="attached")
        wrong = wrong_claims(item, rater)
        press(page, *verdicts(item, wrong))
        num_wrong += bool(wrong)
        if item.change is None and wrong:
            page.keyboard.press("t")
            page.keyboard.type(_NOTE)
            page.keyboard.press("Escape")
        if rater == "Ann" and num_wrong == 2 and wrong:
            keep_item(page)
        page.keyboard.press("Enter")
    page.wait_for_selector("dialog.end")
    page.keyboard.press("Escape")
    if rater == "Ann":
        keep_views(page)
    with page.expect_download() as info:
        page.keyboard.press("d")
    file = folder / f"{rater}.jsonl"
    info.value.save_as(file)
    page.context.close()
    return str(file)


def wrong_claims(item: AuditItem, rater: str) -> dict[int, ErrorType]:
    """Return the claims of an item that a rater calls wrong, and what is wrong about them."""
    if item.change is not None:
        is_missed = rater == "Ben" and item.change.error_type is ErrorType.CAMERA
        return {} if is_missed else {item.change.claim: item.change.error_type}
    (text,) = item.texts
    if "pans" not in text.text or (rater == "Ben" and "pink square" in text.text):
        return {}
    return {c.number: ErrorType.RELATION for c in text.claims if "in the center" in c.text}


def verdicts(item: AuditItem, wrong: dict[int, ErrorType]) -> list[str]:
    """Return the keys that judge an item."""
    if not wrong:
        return ["g"]
    keys = []
    for claim in item.texts[0].claims:
        if claim.number in wrong:
            letter = _LETTERS[wrong[claim.number]]
            keys += ["2", "e", letter, "1", "Enter", "ArrowDown"]
        else:
            keys.append("1")
    return [*keys, "f"]


def open_page(browser: Browser, path: Path, *, height: int = 860) -> Page:
    """Open a page as it looks for who wants no motion."""
    context = browser.new_context(
        viewport={"width": 1360, "height": height},
        device_scale_factor=1.5,
        reduced_motion="reduce",
        color_scheme="light",
        offline=True,
        accept_downloads=True,
    )
    page = context.new_page()
    page.goto(path.as_uri())
    return page


def keep_item(page: Page) -> None:
    """Keep a picture of the item as judged, its clip halfway through."""
    page.evaluate("document.querySelector('video').currentTime += 1.5")
    page.wait_for_timeout(1500)
    keep(page, "clip")


def keep_views(page: Page) -> None:
    """Keep pictures of the list, the rubric and the keys."""
    page.get_by_label("Show").select_option("flawed")
    page.wait_for_timeout(500)
    page.locator(".row").nth(1).click()
    page.wait_for_timeout(1500)
    keep(page, "list")
    for key, name in (("r", "rubric"), ("?", "keys")):
        press(page, key)
        page.wait_for_selector("dialog[open]")
        keep(page, name)
        press(page, "Escape")


def press(page: Page, *keys: str) -> None:
    """Press keys one after another."""
    for key in keys:
        page.keyboard.press(key)


def keep(page: Page, name: str) -> None:
    """Write a picture of what is in the window, in few colors.

    Raises:
        ValueError: it is too large for a repository.
    """
    path = PICTURES / f"audit_{name}.png"
    page.screenshot(path=path)
    picture = (
        Image.open(path)
        .convert("RGB")
        .quantize(_COLORS, method=Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE)
    )
    picture.save(path, optimize=True)
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size} bytes, {MAX_BYTES} are allowed")


if __name__ == "__main__":
    main()
