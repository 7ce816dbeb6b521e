"""Reports of every kind of audit that comes back."""

import dataclasses
import random

import pytest

from interlink.pipeline.audit.report.make import make_report
from interlink.schemas.audit import ErrorType, Pool
from interlink.schemas.estimate import Coefficient

NUM_CLIPS = 40


@pytest.fixture
def plan(small_audit):
    plan = small_audit.plan([(f"v{n}", 2) for n in range(NUM_CLIPS)], {"all": 400})
    return small_audit.again(small_audit.again(plan, 0), 1, planted=1)


@pytest.fixture
def verdicts(plan):
    """Returns what a rater says of all items who is wrong about one claim in `one_in`."""
    drawn = random.Random(3)
    truth = {item.item_id: drawn.choice(["rr", "rr", "rw", "wr", "cr"]) for item in plan.items}
    truth |= {"i1-perturbed": "rw", "i0-repeat": truth["i0"]}

    def verdicts(seed, one_in):
        chance = random.Random(seed)
        return {
            item_id: "".join(
                chance.choice("rwc") if chance.random() < 1 / one_in else letter for letter in said
            )
            for item_id, said in truth.items()
        }

    return verdicts


def test_a_single_rater(small_audit, plan, verdicts):
    report = make_report(plan, small_audit.judge("ann", verdicts(0, 10**9)))
    assert (report.num_rated, report.num_planned, report.population) == (40, 40, 400)
    assert (report.num_raters, report.num_videos, report.num_claims) == (1, 40, 80)
    assert report.reasons[0].startswith("a single rater judged")
    assert not report.is_quotable
    assert report.agreement.value is None
    (ann,) = report.raters
    assert (ann.self_agreement.value, ann.num_found) == (1.0, 1)
    assert report.sensitivity.value == 1.0


def test_two_raters_who_agree_may_be_quoted(small_audit, plan, verdicts):
    ratings = small_audit.judge("ann", verdicts(0, 10**9)) + small_audit.judge(
        "bob", verdicts(1, 20)
    )
    report = make_report(plan, ratings)
    assert report.agreement.coefficient is Coefficient.COHEN_KAPPA
    assert report.agreement.value > 0.667
    assert report.is_quotable
    # 80 claims were judged twice, which is enough; 40 clips are not.
    assert any(
        "`bad` and `not_good` must not be quoted: 40 clips were" in c for c in report.caveats
    )


def test_two_raters_who_do_not_agree_must_not_be_quoted(small_audit, plan, verdicts):
    ratings = small_audit.judge("ann", verdicts(0, 1)) + small_audit.judge("bob", verdicts(1, 1))
    (reason,) = make_report(plan, ratings).reasons
    assert "below 0.667: the instructions are not reliable, do not quote the rate" in reason


def test_three_raters(small_audit, plan, verdicts):
    ratings = [
        r for seed, name in enumerate("abc") for r in small_audit.judge(name, verdicts(seed, 20))
    ]
    report = make_report(plan, ratings)
    assert report.agreement.coefficient is Coefficient.KRIPPENDORFF_ALPHA
    assert (report.num_raters, report.agreement.raw.num_items) == (3, 80)
    assert report.is_quotable


def test_raters_who_overlap_in_part(small_audit, plan, verdicts):
    said = {"ann": verdicts(0, 20), "bob": verdicts(1, 20)}
    ratings = [
        *small_audit.judge("ann", {k: v for k, v in said["ann"].items() if k < "i3"}),
        *small_audit.judge("bob", {k: v for k, v in said["bob"].items() if k > "i2"}),
    ]
    report = make_report(plan, ratings)
    assert report.agreement.coefficient is Coefficient.KRIPPENDORFF_ALPHA
    assert report.num_rated == 40
    twice = len({r.item_id for r in ratings if "i2" < r.item_id < "i3"})
    assert report.agreement.raw.num_items == 2 * twice < 50
    assert report.agreement.num_clips == twice
    (reason,) = report.reasons
    assert reason.startswith(
        f"{2 * twice} claims of {twice} clips were judged twice, 50 claims are needed"
    )


def test_nobody(plan):
    report = make_report(plan, [])
    (reason,) = report.reasons
    assert reason.startswith("nobody has judged a clip of the estimation pool yet")
    assert (report.num_rated, report.raters, report.errors, report.caveats) == (0, (), (), ())
    assert all(rate.estimate.value is None for rate in report.rates)


def test_planted_errors_alone_are_no_judged_clip(small_audit, plan):
    report = make_report(plan, small_audit.judge("ann", {"i1-perturbed": "rw"}))
    assert (report.num_rated, report.num_raters) == (0, 0)
    assert report.reasons[0].startswith("nobody has judged")
    assert report.sensitivity.value == 1.0


def test_all_right(small_audit, plan):
    said = {item.item_id: "rr" for item in plan.items}
    ratings = small_audit.judge("ann", said) + small_audit.judge("bob", said)
    report = make_report(plan, ratings)
    wrong = report.rates[0]
    assert wrong.estimate.value == wrong.estimate.lower == wrong.exact.lower == 0.0
    assert 0 < wrong.exact.upper < wrong.estimate.upper < 0.2
    assert report.errors == ()
    assert "got one and the same verdict" in report.reasons[0]
    (told,) = (caveat for caveat in report.caveats if "judged all" in caveat)
    assert "2 raters each judged all of their 84 claims right, planted errors among them" in told
    assert "raters missed 2 of 2 planted errors: more is wrong than the rates say" in report.caveats


def test_all_wrong(small_audit, plan):
    said = {item.item_id: "w3w3:bad" for item in plan.items}
    report = make_report(plan, small_audit.judge("eve", said, error_types=[ErrorType.OBJECT]))
    for rate in report.rates:
        assert rate.estimate.value == (0.0 if rate.name == "cannot_tell" else 1.0)
    assert report.raters[0].wrong.value == report.sensitivity.value == 1.0
    assert any("one rater judged all 84 claims wrong" in caveat for caveat in report.caveats)
    assert [(e.error_type, e.num_claims) for e in report.errors] == [(ErrorType.OBJECT, 80)]


def test_few_videos_are_told(small_audit):
    plan = small_audit.plan([(f"v{n % 29}", 1) for n in range(60)])
    report = make_report(plan, small_audit.judge("ann", {f"i{n}": "r" for n in range(60)}))
    assert any(caveat.startswith("only 29 videos") for caveat in report.caveats)


def test_what_was_not_judged_is_told(small_audit):
    plan = small_audit.plan(
        [("v0", 1, "en"), ("v1", 1, "en"), ("v2", 1, "de")], {"en": 75, "de": 25}
    )
    plan = dataclasses.replace(plan, num_without_text=3)
    report = make_report(plan, small_audit.judge("ann", {"i0": "w"}))
    assert report.caveats[:2] == (
        "only 1 of 3 clips were judged: they stand for the others of their stratum",
        "no clip of 1 stratum was judged: the rates say nothing of 25.0 % of the dataset's clips",
    )
    assert "3 clips without a text are not in the rates" in report.caveats
    assert "no planted error was judged: how much raters miss is not known" in report.caveats


def test_strata_have_rates_of_their_own(small_audit):
    plan = small_audit.plan(
        [("v0", 1, "en"), ("v1", 1, "en"), ("v2", 1, "de")], {"en": 30, "de": 10}
    )
    report = make_report(plan, small_audit.judge("ann", {"i0": "w", "i1": "r", "i2": "r"}))
    assert [(s.stratum, s.population, s.num_planned, s.num_rated) for s in report.strata] == [
        ("en", 30, 2, 2),
        ("de", 10, 1, 1),
    ]
    assert [s.rates[0].estimate.value for s in report.strata] == [0.5, 0.0]
    assert report.rates[0].estimate.value == pytest.approx(0.5 * 0.75)


def test_each_model_has_the_rates_of_its_texts(small_audit):
    plan = small_audit.plan([(f"v{n}", 2) for n in range(3)])
    other = [dataclasses.replace(i.texts[0], side="b", model="o") for i in plan.items]
    plan = dataclasses.replace(
        plan,
        items=tuple(
            dataclasses.replace(item, texts=(item.texts[0], text) if n else item.texts)
            for n, (item, text) in enumerate(zip(plan.items, other, strict=True))
        ),
    )
    ratings = small_audit.judge("ann", {"i0": "wr", "i1": "rr", "i2": "rr"})
    of_b = small_audit.judge("ann", {"i0": "", "i1": "ww", "i2": "rc"})
    ratings = [
        dataclasses.replace(
            one, claims=(*one.claims, *(dataclasses.replace(c, side="b") for c in two.claims))
        )
        for one, two in zip(ratings, of_b, strict=True)
    ]
    first, second = make_report(plan, ratings).texts
    assert (first.model, first.num_texts, first.rates[0].num_of, first.rates[0].num_items) == (
        *("m", 3),
        *(1, 6),
    )
    assert (second.model, second.num_texts, second.rates[0].estimate.value) == ("o", 2, 2 / 3)
    assert {rate.name: rate.num_of for rate in second.rates}["texts_with_error"] == 1


def test_the_risk_pool_is_counted_and_in_no_rate(small_audit):
    plan = small_audit.plan([("v0", 2), ("v1", 2), ("v2", 2)])
    risky = [
        dataclasses.replace(item, pool=Pool.RISK, inclusion_probability=None, reason="low")
        for item in plan.items[1:]
    ]
    plan = dataclasses.replace(plan, items=(plan.items[0], *risky))
    report = make_report(plan, small_audit.judge("ann", {"i0": "rr", "i1": "ww:bad", "i2": "w-"}))
    risk = report.risk
    assert (risk.num_planned, risk.num_rated, risk.num_claims, risk.num_wrong) == (2, 2, 3, 3)
    assert (risk.num_with_error, risk.num_bad, risk.num_flawed) == (2, 1, 1)
    assert (report.num_planned, report.rates[0].num_items, report.rates[0].num_of) == (1, 2, 0)
    assert (report.errors, report.raters[0].num_claims) == ((), 2)


def test_the_order_of_ratings_does_not_matter(small_audit, plan, verdicts):
    ratings = small_audit.judge("ann", verdicts(0, 4)) + small_audit.judge("bob", verdicts(1, 4))
    shuffled = random.Random(5).sample(ratings, len(ratings))
    assert make_report(plan, shuffled) == make_report(plan, ratings)
