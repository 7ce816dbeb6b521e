"""`interlink audit publish` says what it wrote, and that doing it again changes nothing."""

import json
import shutil

import pytest

from interlink.pipeline.audit.plan import read_plan
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.storage.store import Store


@pytest.fixture
def rated(interlink, here, finished):
    """An audit in `first` with one rating, of a dataset in `moved`."""
    shutil.copytree(finished / "demo" / "dataset", "moved")
    assert interlink(f"audit sample {finished / 'demo' / 'dataset'} --n 5 --output first")[0] == 0
    plan = read_plan(Store("first"))
    row = {"audit_id": plan.audit_id, "item_id": plan.items[0].item_id, "rater": "ann"}
    (here / "r.jsonl").write_text(json.dumps(row | {"clip_verdict": "bad"}))
    return plan


def test_an_audit_is_published_once(interlink, here, rated):
    assert interlink("audit import first r.jsonl")[0] == 0
    code, printed = interlink("audit publish first --dataset moved")
    assert code == 0
    newest = read_manifest(Store("moved"))
    (audit,) = newest.audits
    folder = f"moved/audits/{rated.audit_id}"
    lines = printed.splitlines()
    assert lines[0].startswith(f"ratings  {folder}/ratings-")
    assert lines[0].endswith(".parquet: 1 rating of 1 clip")
    assert lines[1:] == [
        f"report   {folder}/report-{audit.report_sha256[:8]}.json",
        f"version  moved/_manifest/v{newest.version:06d}.json",
        "card     moved/README.md",
    ]
    assert "as before: nothing has changed" in interlink("audit publish first --dataset moved")[1]
    assert read_manifest(Store("moved")) == newest


def test_more_ratings_are_counted_and_fewer_are_refused(interlink, here, rated):
    assert interlink("audit import first r.jsonl")[0] == 0
    shutil.copytree("first", "second")
    (here / "r.jsonl").write_text((here / "r.jsonl").read_text().replace("ann", "bob"))
    assert interlink("audit import second r.jsonl")[0] == 0
    assert interlink("audit publish first --dataset moved")[0] == 0
    code, printed = interlink("audit publish second --dataset moved")
    assert code == 0
    assert ".parquet: 2 ratings of 1 clip, 1 more than before\n" in printed
    code, printed = interlink("audit publish first --dataset moved")
    assert code == 2
    assert "first lacks 1 of 2 published ratings of this audit, which would be lost" in printed


def test_without_a_rating_it_says_what_to_do(interlink, here, rated):
    code, printed = interlink("audit publish first --dataset moved")
    assert code == 2
    assert "nobody has judged a clip of first yet: open its page" in printed
