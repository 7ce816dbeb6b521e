"""A report keeps its numbers and loses examples of what is gone."""

from interlink.pipeline.audit.report.make import make_report
from interlink.pipeline.audit.takedown.report import without_examples


def test_examples_of_what_is_gone_are_left_out_and_numbers_stay(made_audit):
    audit = made_audit()
    for clip in ("c1", "c2"):
        audit.add(clip, "A cat sits. A dog runs.")
        audit.rate(clip, "wr")
    report = make_report(audit.plan, audit.ratings)
    shown = {one.clip_id for error in report.errors for one in error.examples}
    assert shown == {"c1", "c2"}
    cleaned = without_examples(report, lambda one: one.clip_id == "c1")
    assert {one.clip_id for error in cleaned.errors for one in error.examples} == {"c2"}
    assert [e.num_claims for e in cleaned.errors] == [e.num_claims for e in report.errors]
    assert cleaned.rates == report.rates
    assert without_examples(report, lambda one: False) == report
