import dataclasses

import pytest

from interlink.pipeline.audit.report.errors import MAX_CHARS, error_reports
from interlink.pipeline.audit.report.judged import judged_clips
from interlink.schemas.audit import Claim, ErrorType, Pool


@pytest.fixture
def errors_of(small_audit):
    def errors_of(plan, *judged):
        ratings = [
            rating
            for number, (said, types) in enumerate(judged)
            for rating in small_audit.judge(f"r{number}", said, error_types=types, note="why")
        ]
        return error_reports(judged_clips(plan, ratings, Pool.ESTIMATION))

    return errors_of


def test_a_claim_counts_in_each_of_its_types(small_audit, errors_of):
    plan = small_audit.plan(
        [("v0", 2, "en"), ("v1", 2, "en"), ("v2", 1, "de")], {"en": 20, "de": 5}
    )
    found = errors_of(
        plan,
        ({"i0": "ww", "i1": "rr"}, [ErrorType.COUNT, ErrorType.OBJECT]),
        ({"i2": "w"}, [ErrorType.OBJECT]),
    )
    assert [(e.error_type, e.num_claims, e.num_clips) for e in found] == [
        (ErrorType.OBJECT, 3, 2),
        (ErrorType.COUNT, 2, 1),
    ]
    # Four claims stand for 10 clips each, one for 5.
    assert [e.share.value for e in found] == pytest.approx([25 / 45, 20 / 45])


def test_wrong_claims_without_a_type_are_told_as_such(small_audit, errors_of):
    (found,) = errors_of(small_audit.plan([("v", 3)]), ({"i0": "wrc"}, []))
    assert (found.error_type, found.num_claims, found.share.num_items) == (None, 1, 2)


def test_nothing_wrong_has_no_types(small_audit, errors_of):
    assert errors_of(small_audit.plan([("v", 2)]), ({"i0": "rc"}, [])) == ()


def test_examples_are_the_worst_each_of_another_clip_first(small_audit, errors_of):
    plan = small_audit.plan([("v0", 2), ("v1", 2), ("v2", 1)])
    (found,) = errors_of(plan, ({"i0": "w3w3", "i1": "rw1", "i2": "w2"}, [ErrorType.ACTION]))
    chosen = [(e.clip_id, e.claim, e.severity) for e in found.examples]
    assert chosen == [("c0", 0, 3), ("c2", 0, 2), ("c1", 1, 1)]
    assert found.examples[0].text == "Claim 0."
    assert found.examples[0].notes == ("why",)
    assert found.examples[0].sheet == "site/sheets/c0.jpg"


def test_a_second_one_of_a_clip_fills_up(small_audit, errors_of):
    plan = small_audit.plan([("v0", 3), ("v1", 1)])
    (found,) = errors_of(plan, ({"i0": "www", "i1": "w"}, [ErrorType.ACTION]))
    assert [(e.clip_id, e.claim) for e in found.examples] == [("c0", 0), ("c1", 0), ("c0", 1)]


def test_a_megabyte_of_text_is_cut(small_audit, errors_of):
    plan = small_audit.plan([("v", 1)])
    long = dataclasses.replace(
        plan.items[0].texts[0], claims=(Claim(number=0, text="x" * 1_000_000),)
    )
    plan = dataclasses.replace(plan, items=(dataclasses.replace(plan.items[0], texts=(long,)),))
    (found,) = errors_of(plan, ({"i0": "w"}, []))
    assert len(found.examples[0].text) == MAX_CHARS
