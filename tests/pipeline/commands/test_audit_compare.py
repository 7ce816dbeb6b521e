"""`interlink audit compare`: two audits on the same clips, or two captions of each clip."""

import dataclasses
import json

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.audit.plan import read_plan, write_plan
from interlink.pipeline.storage.store import Store
from interlink.schemas.arrow import from_plain
from interlink.schemas.audit_comparison import AuditComparison

SAMPLE = "audit sample {} --n 5 --repeats 0 --perturbed 0 --output {}"


def rate(folder, verdict, *, preferred=None, rater="ann"):
    """Write ratings of all items, each claim with the same verdict."""
    plan = read_plan(Store(str(folder)))
    rows = [
        {
            "audit_id": plan.audit_id,
            "item_id": item.item_id,
            "rater": rater,
            "clip_verdict": "good" if verdict == "right" else "bad",
            "preferred": preferred,
            "claims": [
                {"side": text.side, "claim": claim.number, "verdict": verdict}
                for text in item.texts
                for claim in text.claims
            ],
        }
        for item in plan.items
    ]
    path = folder / "ratings.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def two(interlink, here, finished):
    """Two audits of the demo's clips, `before` all wrong and `after` all right."""
    dataset = finished / "demo" / "dataset"
    for name, verdict in (("before", "wrong"), ("after", "right")):
        assert interlink(SAMPLE.format(dataset, name))[0] == 0
        ratings = rate(here / name, verdict)
        assert interlink(f"audit import {name} {ratings}")[0] == 0
    return here


def test_two_audits_are_compared_and_written(interlink, two):
    code, printed = interlink("audit compare before after")
    assert code == 0
    assert "compared 2 of 2 shared clips, of 1 video, weighted to stand for all" in printed
    row = next(line for line in printed.splitlines() if line.startswith("Clips with an error"))
    assert row.split()[4:9] == ["100", "%", "0", "%", "-100"]
    assert "- Only 1 video" in printed
    assert "2 of 2 clips have the same captions" in printed
    assert "Wrong claims per clip: Share of a clip's decided claims that are wrong" in printed
    folder = two / "before" / "compare" / "after"
    assert "numbers  before/compare/after/comparison.json" in printed
    found = from_plain(json.loads((folder / "comparison.json").read_text()), AuditComparison)
    assert found.differences[0].difference.value == -1.0
    assert (folder / "comparison.md").read_text().startswith("# A against B")
    before = (folder / "comparison.json").read_bytes()
    assert interlink("audit compare before after")[0] == 0
    assert (folder / "comparison.json").read_bytes() == before


def test_a_gate_that_is_crossed_ends_with_5_after_writing(interlink, two):
    held = "--fail-if 'clips_with_error_difference > 2%'"
    code, printed = interlink(f"audit compare before after --output out {held}")
    assert code == 0
    assert "gate clips_with_error_difference > 0.02: held, at -1" in printed
    crossed = f"{held} --fail-if 'bad_difference > 2%'"
    code, printed = interlink(f"audit compare after before --output gone {crossed}")
    assert code == 5
    assert "bad_difference > 0.02: crossed, at 1" in printed
    assert (two / "gone" / "comparison.json").exists()


def test_a_gate_on_a_number_that_is_not_there_is_refused_before_any_work(interlink, two):
    code, printed = interlink("audit compare before after --fail-if 'bad > 2%'")
    assert code == 2
    assert "which the comparison does not have; did you mean 'bad_" in printed
    assert interlink("audit compare before --fail-if 'bad_a > 2%'")[0] == 2
    assert not (two / "before" / "compare").exists()


def test_two_captions_of_a_blind_audit_are_compared(interlink, two):
    store = Store("blind")
    plan = read_plan(Store("before"))
    items = [
        dataclasses.replace(
            item,
            texts=(
                item.texts[0],
                dataclasses.replace(item.texts[0], side="b", model="x\x1b[2J\u202e[bold]"),
            ),
        )
        for item in plan.items
    ]
    write_plan(store, dataclasses.replace(plan, audit_id="blind", items=tuple(items)))
    assert interlink(f"audit import blind {rate(two / 'blind', 'right', preferred='b')}")[0] == 0
    code, printed = interlink("audit compare blind --fail-if 'prefer_b_p < 0.01'")
    assert code == 0
    assert "Of 2 clips A is preferred in 0, B in 2, and both are the same in 0" in printed
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert "[bold]" in printed
    assert (two / "blind" / "compare" / "captions" / "comparison.md").exists()


def test_what_cannot_be_compared_is_told_in_a_sentence(interlink, two):
    code, printed = interlink("audit compare before")
    assert code == 2
    assert "have captions of one model: name a second audit" in printed
    code, printed = interlink("audit compare before before")
    assert code == 2
    assert "A and B are the same audit with the same ratings: name another one" in printed
    code, printed = interlink("audit compare before nowhere")
    assert code == 2
    assert "there is no audit at nowhere" in printed
    (two / "after" / "ratings" / "ratings.parquet").unlink()
    code, printed = interlink("audit compare before after")
    assert code == 2
    assert "no clip was judged on both sides (2 not judged in B)" in printed


def test_another_dataset_with_the_same_clips_is_no_obstacle(interlink, two):
    plan = read_plan(Store("after"))
    other = dataclasses.replace(plan, audit_id="b" * 32, content_digest="c" * 32)
    write_plan(Store("other"), other)
    rows = pq.read_table("after/ratings/ratings.parquet").to_pylist()
    (two / "other.jsonl").write_text(
        "".join(json.dumps(row | {"audit_id": other.audit_id}) + "\n" for row in rows)
    )
    assert interlink("audit import other other.jsonl")[0] == 0
    code, printed = interlink("audit compare before other")
    assert code == 0
    assert "compared 2 of 2 shared clips" in printed
