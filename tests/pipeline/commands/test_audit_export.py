"""`interlink audit export` of a real audit with clips, and the way back."""

import csv
import io
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


def test_all_formats_are_written_and_told(interlink, here, plan):
    code, printed = interlink(
        "audit export first --format jsonl,csv,parquet,huggingface,label-studio"
    )
    assert code == 0
    for name in ("jsonl", "csv", "parquet", "huggingface", "label-studio"):
        assert re.search(rf"{name} +\d+ +\d+\.\d  first/export/{name}/README\.md", printed)
    clips = list((here / "first/export/label-studio/files/media").iterdir())
    assert clips
    assert clips[0].read_bytes() == (here / f"first/site/media/{clips[0].name}").read_bytes()


def test_a_filled_in_sheet_and_label_studios_json_are_imported(interlink, here, plan):
    assert interlink("audit export first --format csv,label-studio --output out")[0] == 0
    sheet = here / "out/csv/rating_sheet.csv"
    rows = list(csv.DictReader(io.StringIO(sheet.read_text("utf-8-sig"), newline="")))
    rows[0] |= {"rater": "ann", "verdict": "wrong", "clip_verdict": "bad", "note": "'=1+1"}
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    tasks = json.loads((here / "out/label-studio/tasks.json").read_text())
    answer = {"from_name": "clip_verdict", "value": {"choices": ["good"]}}
    given = {"completed_by": 1, "result": [answer]}
    rest = [task | {"annotations": []} for task in tasks[1:]]
    project = [tasks[0] | {"annotations": [given], "drafts": [{}]}, *rest]
    (here / "project.json").write_text(json.dumps(project))
    code, printed = interlink(f"audit import first {sheet} project.json")
    assert code == 0
    assert f"left out {len(plan.items) - 1}: not judged" in printed
    assert "left out 1: drafts" in printed
    stored = stored_ratings(Store("first"), plan)
    assert [(r.rater, r.clip_verdict) for r in stored] == [
        ("ann", "bad"),
        ("label-studio-1", "good"),
    ]
    assert stored[0].note == "=1+1"


def test_what_cannot_be_exported_is_told_in_a_sentence(interlink, here, plan):
    code, printed = interlink("audit export first --format fiftyone")
    assert code == 2
    assert "--format 'fiftyone' must be among jsonl, csv" in printed
    assert interlink("audit export first --format csv")[0] == 0
    code, printed = interlink("audit export first --format csv")
    assert code == 2
    assert "first/export/csv is there already" in printed
