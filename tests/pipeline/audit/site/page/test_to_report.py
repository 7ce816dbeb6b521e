"""The whole way of an audit: draw, judge by keyboard in a browser, import, report."""

import json
import re

import pytest
from typer.testing import CliRunner

from interlink.pipeline.audit.plan import read_plan
from interlink.pipeline.audit.ratings.store import stored_ratings
from interlink.pipeline.commands.main import app
from interlink.pipeline.storage.store import Store
from interlink.schemas.audit import Role, Verdict

pytestmark = pytest.mark.slow

RELOADED_AT = 10
HOSTILE = (
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    '=HYPERLINK("javascript:window.hacked=1")',
    "\u202egnp.exe \x00\x1b[31m\x07",
    "</style><svg onload='window.hacked = 1'>",
)
SENTENCES = "A red circle moves from left to right. The background is beige. The camera is still."


@pytest.fixture
def audit(audited, tmp_path):
    """An audit of 20 items: 18 clips of 9 videos, one of which comes twice, one perturbed."""
    documents = [
        audited.with_texts(document, [{"text": SENTENCES}], [{"text": SENTENCES}])
        for document in audited.documents(9, clips=2)
    ]
    dataset = audited.write(documents)
    interlink(
        "audit",
        "sample",
        dataset,
        "--repeats",
        "0.06",
        "--perturbed",
        "0.06",
        "--output",
        str(tmp_path / "audit"),
    )
    return tmp_path / "audit"


def interlink(*arguments):
    """Run the command line as a person does; returns what it prints."""
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def wrong_claim(plan, item):
    """Return the number of the claim that Ann calls wrong: the planted one, or one she sees."""
    if item.change is not None:
        return item.change.claim
    first = next(one for one in plan.items if one.item_id == (item.of_item or item.item_id))
    return 1 if first.order % 3 == 0 else None


def judge(one, item, wrong):
    """Judge an item by keyboard: three keys where all is right."""
    if wrong is None:
        one.press("g", "Enter")
        return
    for claim in item.texts[0].claims:
        if claim.number == wrong:
            one.press("2", "e", "o", "3", "Enter", "ArrowDown")
        else:
            one.press("1")
    one.press("b", "Enter")


def test_twenty_items_are_judged_by_keyboard_and_end_in_a_report(audit, visit, tmp_path):
    plan = read_plan(Store(str(audit)))
    wrong = [wrong_claim(plan, item) for item in plan.items]
    assert len(plan.items) == 20
    one = visit(audit / "site").begin("Ann")
    for number, item in enumerate(plan.items):
        one.page.wait_for_selector(f"text='{number + 1} of 20'", state="attached")
        if number == RELOADED_AT:
            one.page.reload()
            one.page.wait_for_selector(".item")
            assert one.page.text_content(".count") == "10 of 20 rated"
        judge(one, item, wrong[number])
    one.page.wait_for_selector("dialog.end")
    one.press("Escape")
    (tmp_path / "ratings.jsonl").write_text(one.download())

    printed = interlink("audit", "import", str(audit), str(tmp_path / "ratings.jsonl"))
    assert re.search(r"Ann +18 of 18 +20 of 20", printed)
    ratings = {rating.item_id: rating for rating in stored_ratings(Store(str(audit)), plan)}
    for item, number in zip(plan.items, wrong, strict=True):
        found = ratings[item.item_id].claims
        assert [c.claim for c in found if c.verdict == Verdict.WRONG] == [number][number is None :]
        assert len(found) == len(item.texts[0].claims)

    printed = interlink("audit", "report", str(audit))
    report = json.loads((audit / "report" / "report.json").read_text())
    plain = [n for item, n in zip(plan.items, wrong, strict=True) if item.role is Role.PLAIN]
    num_wrong = len(plain) - plain.count(None)
    rates = {rate["name"]: (rate["num_of"], rate["num_items"]) for rate in report["rates"]}
    assert (report["num_rated"], report["num_planned"], report["num_raters"]) == (18, 18, 1)
    assert rates["wrong"] == rates["severe"] == (num_wrong, 54)
    assert rates["clips_with_error"] == rates["bad"] == (num_wrong, 18)
    assert rates["cannot_tell"] == (0, 54)
    assert [(e["error_type"], e["num_claims"]) for e in report["errors"]] == [("object", num_wrong)]
    [rater] = report["raters"]
    assert (rater["rater"], rater["num_found"], rater["num_repeats"]) == ("Ann", 1, 1)
    assert f"{num_wrong} of 54" in printed

    page = visit(audit / "report").page
    assert "Ann" in page.text_content("body")
    assert page.locator("script").count() == 0


def test_hostile_text_goes_the_whole_way_and_runs_nowhere(audited, visit, tmp_path):
    texts = [[[{"text": f"{text} It is so."}]] * 2 for text in HOSTILE]
    documents = audited.documents(len(HOSTILE), clips=2, title=HOSTILE[0], creator=HOSTILE[1])
    documents = [
        audited.with_texts(document, *text) for document, text in zip(documents, texts, strict=True)
    ]
    audit = tmp_path / "audit"
    interlink("audit", "sample", audited.write(documents), "--output", str(audit))
    plan = read_plan(Store(str(audit)))
    one = visit(audit / "site").begin(HOSTILE[0])
    for number in range(len(plan.items)):
        one.page.wait_for_selector(f"text='{number + 1} of {len(plan.items)}'", state="attached")
        one.press("2", "t")
        one.page.keyboard.insert_text(HOSTILE[number % len(HOSTILE)])
        one.press("Escape", "g", "b", "Enter")
    one.page.wait_for_selector("dialog.end")
    one.press("Escape")
    (tmp_path / "ratings.jsonl").write_text(one.download())
    printed = interlink("audit", "import", str(audit), str(tmp_path / "ratings.jsonl"))
    printed += interlink("audit", "report", str(audit))
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    page = visit(audit / "report").page
    assert page.locator("script, img[src^=x], a[href^=javascript]").count() == 0
    assert [one.page.evaluate("window.hacked"), page.evaluate("window.hacked")] == [None, None]
    assert HOSTILE[0] in page.text_content("body")
