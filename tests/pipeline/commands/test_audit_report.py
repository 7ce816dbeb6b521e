"""`interlink audit report`: from imported ratings to a table, files and an exit code."""

import json
import re

import pytest

from interlink.pipeline.audit.plan import read_plan
from interlink.pipeline.audit.report.report_file import read_report
from interlink.pipeline.storage.store import Store

FILES = ["index.html", "report.json", "report.md"]


@pytest.fixture
def plan(interlink, here, finished):
    assert interlink(f"audit sample {finished / 'demo' / 'dataset'} --output a")[0] == 0
    return read_plan(Store("a"))


@pytest.fixture
def judge(interlink, here, plan):
    """Imports ratings of all items by a rater."""

    def judge(rater: str, verdict: str, **fields: object) -> None:
        rows = [
            {
                "audit_id": plan.audit_id,
                "item_id": item.item_id,
                "rater": rater,
                "clip_verdict": "bad" if verdict == "wrong" else "good",
                "claims": [
                    {"side": text.side, "claim": claim.number, "verdict": verdict} | fields
                    for text in item.texts
                    for claim in text.claims
                ],
                "note": "<script>alert(1)</script>\x1b[2J\u202e",
            }
            for item in plan.items
        ]
        (here / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert interlink("audit import a r.jsonl")[0] == 0

    return judge


def test_before_anybody_has_judged_one_sentence_says_so(interlink, here, plan):
    code, printed = interlink("audit report a")
    assert code == 0
    assert "Nobody has judged a clip of the estimation pool yet" in printed
    assert sorted(path.name for path in (here / "a" / "report").iterdir()) == FILES
    assert interlink("audit report a", "--fail-if", "wrong > 10%")[0] == 5


def test_the_table_says_how_wrong_and_the_files_are_told(interlink, here, plan, judge):
    judge("ann", "wrong", error_types=["count"], severity=3)
    judge("bob\x1b[2J", "right")
    code, printed = interlink("audit report a")
    assert code == 0
    # Of a tie the worse counts.
    assert re.search(r"Wrong claims +100 % +[\d.]+ to 100 % +(\d+) of \1", printed)
    assert re.search(r"\ncount +\d+ +100 %", printed)
    assert re.search(r"\nann +2 +100 %", printed)
    assert re.search(r"\nbob\?\[2J +2 +0 %", printed)
    assert "Do not quote these rates:\n- " in printed
    assert re.search(
        r"\n- Raters were evenly split on (\d+) of \1 claims and 2 of 2 clips", printed
    )
    assert "- Only 1 video: with fewer than 30" in printed
    assert "\x1b" not in printed
    assert printed.splitlines()[-3:] == [
        "page     a/report/index.html",
        "as text  a/report/report.md",
        "numbers  a/report/report.json",
    ]
    assert read_report(Store("a")).num_raters == 2
    for name in FILES[::2]:
        page = (here / "a" / "report" / name).read_text()
        assert "<script>alert" not in page
        assert "\x1b" not in page


def test_a_crossed_gate_ends_with_5_after_the_report_is_written(interlink, here, plan, judge):
    judge("ann", "wrong")
    code, printed = interlink("audit report a", "--fail-if", "wrong > 10%")
    assert code == 5
    assert "gate wrong > 0.1: crossed, at 1" in printed
    assert read_report(Store("a")).num_rated == 2
    code, printed = interlink("audit report a", "--fail-if", "num_clips < 2")
    assert code == 0
    assert printed.splitlines()[-1] == "gate num_clips < 2: held, at 2"


def test_the_same_ratings_give_the_same_files(interlink, here, plan, judge):
    judge("ann", "wrong")
    written = []
    for _ in range(2):
        assert interlink("audit report a")[0] == 0
        written.append([(here / "a" / "report" / name).read_bytes() for name in FILES])
    assert written[0] == written[1]


def test_a_gate_that_cannot_be_read_stops_before_any_work(interlink, here, plan):
    code, printed = interlink("audit report a", "--fail-if", "wrong_uper95 > 10%")
    assert code == 2
    assert "did you mean 'wrong_upper95'?" in printed
    assert not (here / "a" / "report").exists()


def test_a_folder_without_an_audit_is_told(interlink, here):
    code, printed = interlink("audit report .")
    assert code == 2
    assert "there is no audit at" in printed
