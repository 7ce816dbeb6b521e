"""Exports of Label Studio as its version 1.23.2 writes them; see `export/test_label_studio.py`."""

import json

import pytest

from interlink.pipeline.audit.ratings.read import read_ratings
from interlink.schemas.audit import (
    ClaimVerdict,
    ClipVerdict,
    ErrorType,
    Rating,
    Verdict,
)
from interlink.schemas.errors import UsageError

AUDIT_ID, FIRST = "a" * 32, f"{0:032x}"


@pytest.fixture
def plan(make_plan):
    return make_plan(("A dog. A cat.", "A bird."), ("A dog.",))


def choice(name, *choices):
    value = {"choices": list(choices)}
    return {"id": "x", "from_name": name, "to_name": "caption_a", "type": "choices", "value": value}


NOTE = {"from_name": "note", "to_name": "caption_a", "type": "textarea", "value": {"text": ["=1"]}}
RESULT = [
    choice("verdict_a_0", "wrong"),
    choice("error_types_a_0", "object", "count"),
    choice("severity_a_0", "2"),
    choice("verdict_a_1", "right"),
    choice("error_types_a_1", "action"),
    choice("verdict_b_0", "cannot_tell"),
    choice("clip_verdict", "flawed"),
    choice("preferred", "b"),
    NOTE,
]


def annotation(result=RESULT, **fields):
    given = {
        "id": 7,
        "completed_by": 3,
        "result": result,
        "was_cancelled": False,
        "updated_at": "2026-11-24T15:32:55.931796Z",
        "draft_created_at": None,
        "lead_time": 9.78,
        "prediction": {},
    }
    return given | fields


def task(*annotations, number=0, **fields):
    data = {"audit_id": AUDIT_ID, "item_id": f"{number:032x}", "caption_a": "A dog."}
    given = {"id": 40 + number, "annotations": list(annotations), "drafts": [], "predictions": []}
    return given | {"data": data} | fields


@pytest.fixture
def read(tmp_path, plan):
    def read(*tasks, text=None):
        path = tmp_path / "project.json"
        path.write_text(json.dumps(list(tasks)) if text is None else text, encoding="utf-8")
        return read_ratings([str(path)], plan)

    return read


def test_annotations_are_ratings(read):
    found = read(task(annotation()), task(number=1))
    assert found.ratings == (
        Rating(
            audit_id=AUDIT_ID,
            item_id=FIRST,
            rater="label-studio-3",
            clip_verdict=ClipVerdict.FLAWED,
            claims=(
                ClaimVerdict(
                    side="a",
                    claim=0,
                    verdict=Verdict.WRONG,
                    error_types=(ErrorType.OBJECT, ErrorType.COUNT),
                    severity=2,
                ),
                ClaimVerdict(side="a", claim=1, verdict=Verdict.RIGHT),
                ClaimVerdict(side="b", claim=0, verdict=Verdict.CANNOT_TELL),
            ),
            preferred="b",
            note="=1",
            seconds=9.78,
            rated_at="2026-11-24T15:32:55.931796Z",
        ),
    )
    assert found.left_out == ()


def test_raters_are_told_apart_by_address_name_or_number(read):
    people = [{"id": 1, "email": "ann@example.org"}, {"id": 2, "username": "bob"}, {"id": 3}, 4]
    found = read(task(*(annotation(completed_by=person) for person in people)))
    names = ["ann@example.org", "bob", "label-studio-3", "label-studio-4"]
    assert [rating.rater for rating in found.ratings] == names


def test_a_later_annotation_of_one_rater_counts(read):
    later = annotation([choice("clip_verdict", "bad")], updated_at="2026-11-25T00:00:00Z")
    found = read(task(later, annotation()))
    assert [rating.clip_verdict for rating in found.ratings] == [ClipVerdict.BAD]
    assert (found.num_new, found.num_replaced) == (1, 1)


def test_drafts_skipped_tasks_and_empty_annotations_are_left_out_and_counted(read):
    found = read(
        task(annotation(), annotation(was_cancelled=True, completed_by=5), drafts=[{"id": 1}]),
        task(annotation([]), number=1, drafts=[{"id": 2, "result": RESULT}]),
    )
    assert len(found.ratings) == 1
    assert dict(found.left_out) == {"not judged": 1, "drafts": 2, "skipped": 1}


OTHER = {"audit_id": "b" * 32, "item_id": FIRST}


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([task(annotation(), data=OTHER)], "task 40, annotation 7: it is of audit bbbbbbbbbbbb, n"),
        ([task(annotation(), data={"x": 1})], "task 40: its data has no item_id: it was not made"),
        ([task(annotation(), data=None)], "task 40: its data has no item_id"),
        ([{"id": 5, "item_id": "x"}], "task 5: it has no annotations; export as JSON, not as JSON"),
        ([3], "task 2: it has no annotations"),
        (
            [{"data": {"item_id": FIRST}}] * 3,
            r"task 2: it is still to be judged: import the tasks into.* \(3 times in this file\)",
        ),
        ([task(5)], "task 40, annotation 1: it has no result"),
        ([task(annotation(completed_by=None))], "annotation 7: rater is missing"),
        ([task(annotation(lead_time=-1))], r"annotation 7: seconds=-1 must lie in"),
        ([task(annotation([choice("verdict_a_0", "right")]))], "clip_verdict is missing"),
        ([task(annotation([choice("clip_verdict", "fine")]))], "'fine' must be one of good, flawe"),
        ([task(annotation([choice("verdict_a_9", "right"), *RESULT]))], "claim 9 of side 'a' does"),
        ([task(annotation([choice("verdict_a_0", "no"), *RESULT[6:]]))], "verdict='no' must be o"),
        ([task(annotation([choice("severity_a_0", "2"), *RESULT[6:]]))], "verdict is missing"),
        ([task(annotation([*RESULT, choice("mood", "x")]))], "from_name='mood' is no question of"),
        (
            [task(annotation([choice("clip_verdict", "good", "bad")]))],
            "2 answers, .*bad.*: one is",
        ),
        ([task(annotation([NOTE | {"value": {"text": 3}}]))], "note has no text"),
        ([task(annotation([{"from_name": "note"}]))], "is no answer"),
        ([task(annotation([choice("verdict_a_0", 3)]))], "verdict_a_0 has no list of choices"),
    ],
)
def test_a_mistake_is_told_with_its_task(read, tasks, message):
    with pytest.raises(
        UsageError, match=rf"(?s)no rating was imported.*project\.json: .*{message}"
    ):
        read(task(number=1), *tasks)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps([task(annotation())])[:-30], "no JSON, or cut off while it was written"),
        ('{"detail": "not found"}', "an export of Label Studio is a list of tasks"),
        ("[" * 50_000, "no JSON, or cut off"),
    ],
)
def test_a_half_written_or_other_file_is_told(read, text, message):
    with pytest.raises(UsageError, match=rf"project\.json: {message}"):
        read(text=text)


def test_errors_show_no_control_characters(read):
    with pytest.raises(UsageError) as caught:
        read(task(annotation([choice("\x1b[2J\u202e", "x")])))
    assert not {"\x1b", "\u202e"} & set(str(caught.value))
    with pytest.raises(UsageError) as caught:
        read(task(annotation([choice("clip_verdict", "\x1b[2J", "\u202e")])))
    assert not {"\x1b", "\u202e"} & set(str(caught.value))
