"""The sentences of a report, word by word."""

import dataclasses

import pytest

from interlink.pipeline.audit.report import wording
from interlink.pipeline.audit.report.make import make_report
from interlink.pipeline.audit.statistics.intervals import clopper_pearson
from interlink.schemas.estimate import Coefficient


def test_the_rate_is_one_sentence_that_can_be_quoted(report):
    assert wording.sentence(report, report.rates[0]) == (
        "7.5 % of claims are wrong; between 4.4 and 12.3 % with 95 % confidence, judged by 2 "
        "people on 100 clips of 41 videos."
    )


def test_of_claims_only_clips_that_were_judged_whole_are_named(small_audit):
    plan = small_audit.plan([(f"v{n}", 2) for n in range(4)])
    ratings = small_audit.judge("ann", {"i0": "wr", "i1": "rr", "i2": "r-", "i3": "--"})
    report = make_report(plan, ratings)
    told = [wording.sentence(report, rate).rpartition(" on ")[2] for rate in report.rates]
    assert told == ["2 clips of 2 videos."] * 4 + ["4 clips of 4 videos."] * 2


def test_a_rate_that_must_not_be_quoted_says_so_itself(changed):
    report = changed(reasons=("raters do not agree",), num_raters=1, num_rated=1, num_videos=1)
    assert wording.sentence(report, report.rates[4]) == (
        "Not to be quoted: 7.0 % of clips are bad; between 2.3 and 15.9 % with 95 % confidence, "
        "judged by 1 person on 1 clip of 1 video."
    )


def test_every_rate_has_its_words(report, empty):
    for rate in report.rates:
        assert "% of cl" in wording.sentence(report, rate)
    assert wording.sentence(empty, empty.rates[0]) == (
        "Wrong claims: not known; judged by 0 people on 0 clips of 0 videos."
    )


def test_a_picture_is_described_for_who_cannot_see_it(report):
    assert wording.described(report.rates[0]) == (
        "Wrong claims: 7.5 %, 95 % interval 4.4 to 12.3 %; exact interval of those judged 5.0 to "
        "10.3 %"
    )


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0"),
        (0.0734, "7.3"),
        (0.5, "50.0"),
        (1.0, "100"),
        (0.0004, "0.04"),
        (0.9999, "99.99"),
        (1e-9, "0"),
    ],
)
def test_only_none_and_all_are_told_without_decimals(share, text):
    assert wording.number(share) == text


def test_a_share_of_nothing_is_not_known():
    assert wording.share_of(clopper_pearson(0, 0)) == "not known"
    assert wording.share_of(clopper_pearson(0, 300)) == "0 % (0 to 1.2 %)"


def test_agreement_names_its_coefficient(report, empty):
    assert wording.agreement(report.agreement) == "Cohen's kappa 0.81 (0.70 to 0.91)"
    assert wording.claims_judged_twice(report.agreement) == "61 claims of 23 clips"
    assert wording.agreement(empty.agreement) == "Krippendorff's alpha not defined"
    assert report.clip_agreement.coefficient is Coefficient.KRIPPENDORFF_ALPHA


def test_caveats_are_said_once_and_as_sentences(changed):
    doubt = "only 12 videos: with fewer than 30 the interval is rough"
    report = changed()
    rates = tuple(
        dataclasses.replace(rate, estimate=dataclasses.replace(rate.estimate, caveats=(doubt,)))
        for rate in report.rates
    )
    report = dataclasses.replace(report, rates=rates[:1] + report.rates[1:])
    assert wording.caveats(report)[1] == f"Wrong claims: {doubt}."
    both = dataclasses.replace(report, rates=rates[:2] + report.rates[2:])
    assert wording.caveats(both)[1] == f"Wrong claims, Clips with an error: {doubt}."
    nothing = dataclasses.replace(rates[0].estimate, value=None)
    unknown = dataclasses.replace(rates[0], estimate=nothing)
    assert len(wording.caveats(dataclasses.replace(report, rates=(unknown,)))) == 1
    report = dataclasses.replace(report, rates=rates, caveats=(doubt,))
    assert wording.caveats(report) == [f"O{doubt[1:]}."]


def test_how_far_the_judging_is_is_told(report, empty, changed):
    assert wording.progress(report) == (
        "100 clips of 41 videos judged by 2 people; 20 of 120 drawn are still to be judged."
    )
    assert wording.progress(empty) == "Nothing is judged yet of 120 clips that were drawn."
    assert wording.progress(changed(num_rated=120)).endswith("judged by 2 people.")


def test_the_drawing_is_told_with_its_chance(report, empty):
    assert "stratum by stratum" in wording.drawing(report)
    assert "Each had the same chance, 5.2 %," in wording.drawing(empty)


def test_the_effective_size_is_told_beside_the_number_judged(report):
    assert wording.effective_size(report) == (
        "as 371 claims drawn with equal chances would, of 412 judged"
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("demo/dataset", "demo"),
        ("s3://bucket/cooking/dataset/", "cooking"),
        ("/data/cooking", "cooking"),
        ("dataset", "dataset"),
        ("", "dataset"),
    ],
)
def test_a_dataset_is_called_as_people_call_it(url, name):
    assert wording.dataset_name(url) == name
