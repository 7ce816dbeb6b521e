"""`interlink audit import`: ratings from files, or what is wrong with them."""

import json
import re

import pytest

from interlink.pipeline.audit.plan import read_plan
from interlink.pipeline.audit.ratings.store import stored_ratings
from interlink.pipeline.storage.store import Store


@pytest.fixture
def plan(interlink, here, finished):
    assert interlink(f"audit sample {finished / 'demo' / 'dataset'} --n 5 --output first")[0] == 0
    return read_plan(Store("first"))


def test_ratings_are_imported_and_counted_by_rater(interlink, here, plan):
    rows = [
        {"audit_id": plan.audit_id, "item_id": item.item_id, "rater": rater, "clip_verdict": "bad"}
        for rater in ("ann", "eve\x1b[2J")
        for item in plan.items[:1]
    ]
    (here / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, printed = interlink("audit import first r.jsonl")
    assert code == 0
    assert re.search(r"ann +1 of 2 +1 of \d", printed)
    assert "\x1b" not in printed
    assert printed.splitlines()[-1] == "ratings  first/ratings/ratings.parquet"
    assert len(stored_ratings(Store("first"), plan)) == 2
    assert "\nread 2 ratings: 2 new, 0 changed, 0 unchanged\n" in printed
    (here / "none.jsonl").write_text("")
    printed = interlink("audit import first r.jsonl none.jsonl")[1]
    assert "\nread 2 ratings: 0 new, 0 changed, 2 unchanged\nnone.jsonl has no ratings\n" in printed


def test_a_mistake_is_told_with_its_line(interlink, here, plan):
    (here / "r.jsonl").write_text('{"audit_id": "x"')
    code, printed = interlink("audit import first r.jsonl")
    assert code == 2
    assert "r.jsonl:1: the last line was cut off" in printed
    (here / "r.jsonl").write_text("")
    assert interlink("audit import first r.jsonl") == (
        2,
        "interlink: no rating was imported:\n  r.jsonl has no ratings",
    )
    assert not (here / "first" / "ratings").exists()


def test_a_folder_without_an_audit_is_told(interlink, here):
    code, printed = interlink("audit import . r.jsonl")
    assert code == 2
    assert "there is no audit at" in printed
