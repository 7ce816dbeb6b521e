import dataclasses

import krippendorff
import numpy as np
import pytest
from scipy.stats import binomtest
from statsmodels.stats.inter_rater import cohens_kappa, to_table

from interlink.pipeline.audit.report.raters import (
    claim_agreement,
    clip_agreement,
    found_errors,
    rater_reports,
)
from interlink.schemas.audit import ErrorType, Pool
from interlink.schemas.estimate import Coefficient

FIRST = "rrrrwwwcrrrrrrww" * 4
SECOND = "rrrwwwwcrrcrrrww" * 4


@pytest.fixture
def plan(small_audit):
    return small_audit.plan([(f"v{n}", 1) for n in range(len(FIRST))])


@pytest.fixture
def say(small_audit):
    def say(rater, letters):
        said = {f"i{n}": letter for n, letter in enumerate(letters) if letter != "."}
        return small_audit.judge(rater, said)

    return say


def codes(letters):
    return ["rwc.".index(letter) if letter != "." else np.nan for letter in letters]


def test_two_raters_of_the_same_claims_have_the_kappa_of_statsmodels(plan, say):
    found = claim_agreement(plan, say("bob", SECOND) + say("ann", FIRST))
    table, _ = to_table(np.array([codes(FIRST), codes(SECOND)], int).T, bins=np.arange(4) - 0.5)
    expected = cohens_kappa(table)
    assert found.coefficient is Coefficient.COHEN_KAPPA
    assert found.value == pytest.approx(expected.kappa, abs=1e-6)
    assert (found.lower, found.upper) == pytest.approx(
        (expected.kappa_low, expected.kappa_upp), abs=1e-6
    )
    assert found.num_clips == found.raw.num_items == len(FIRST)
    assert found.is_quotable


@pytest.mark.parametrize(
    "ratings",
    [
        {"ann": FIRST, "bob": SECOND, "cy": FIRST[::-1]},
        {"ann": FIRST, "bob": "." * 8 + SECOND[8:]},
        {"ann": FIRST[:40] + "." * 24, "bob": "." * 20 + SECOND[20:], "cy": "." * 50 + "r" * 14},
    ],
    ids=["three", "two that overlap", "three that overlap"],
)
def test_other_raters_have_the_alpha_of_its_library(plan, say, ratings):
    found = claim_agreement(plan, [r for name, said in ratings.items() for r in say(name, said)])
    expected = krippendorff.alpha(
        [codes(said) for said in ratings.values()], level_of_measurement="nominal"
    )
    assert found.coefficient is Coefficient.KRIPPENDORFF_ALPHA
    assert found.value == pytest.approx(expected, abs=1e-6)
    assert found.num_raters == len(ratings)


def test_clips_are_in_an_order(small_audit):
    plan = small_audit.plan([(f"v{n}", 1) for n in range(60)])
    names = ("good", "flawed", "bad")
    first, second = [n % 3 for n in range(60)], [(n + (n % 5 == 0)) % 3 for n in range(60)]
    ratings = [
        rating
        for rater, said in (("ann", first), ("bob", second))
        for rating in small_audit.judge(
            rater, {f"i{n}": f"r:{names[v]}" for n, v in enumerate(said)}
        )
    ]
    found = clip_agreement(plan, ratings)
    expected = krippendorff.alpha([first, second], level_of_measurement="ordinal")
    assert found.value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("of", [claim_agreement, clip_agreement])
def test_one_rater_and_none_have_no_agreement(plan, say, of):
    for ratings, num_raters in (([], 0), (say("ann", FIRST), 1)):
        found = of(plan, ratings)
        assert (found.value, found.raw.num_items, found.num_raters) == (None, 0, num_raters)
        assert "were judged twice, 50 cl" in found.reason


def test_agreement_is_of_plain_items_of_the_estimation_pool(small_audit):
    plan = small_audit.plan([("v", 1), ("v", 1)])
    risky = dataclasses.replace(plan.items[1], pool=Pool.RISK)
    plan = dataclasses.replace(plan, items=(plan.items[0], risky))
    plan = small_audit.again(plan, 0, planted=0)
    said = dict.fromkeys(["i0", "i1", "i0-perturbed"], "r")
    ratings = small_audit.judge("ann", said) + small_audit.judge("bob", said)
    assert claim_agreement(plan, ratings).raw.num_items == 1
    assert clip_agreement(plan, ratings).raw.num_items == 1


@pytest.fixture
def planted(small_audit):
    plan = small_audit.plan([("v0", 2), ("v1", 2), ("v2", 2)])
    plan = small_audit.again(plan, 0, planted=1)
    plan = small_audit.again(plan, 1, planted=0, error_type=ErrorType.COUNT)
    return small_audit.again(plan, 2, planted=0, error_type=ErrorType.COUNT)


def test_a_planted_error_is_found_where_its_claim_is_judged_wrong(small_audit, planted):
    ratings = small_audit.judge(
        "ann",
        {"i0-perturbed": "rw", "i1-perturbed": "rw", "i2-perturbed": "cr", "i0": "ww"},
    )
    ratings += small_audit.judge("bob", {"i0-perturbed": "w-", "i1-perturbed": "wr"})
    all_types, by_type = found_errors(planted, ratings)
    # Ann finds 1 of 3; Bob gives no verdict on one and finds the other.
    assert (all_types.value, all_types.num_items) == (0.5, 4)
    ends = binomtest(2, 4).proportion_ci(0.95, "exact")
    assert (all_types.lower, all_types.upper) == pytest.approx((ends.low, ends.high), abs=1e-6)
    found = [(f.error_type, f.num_found, f.found.num_items) for f in by_type]
    assert found == [(ErrorType.COUNT, 1, 3), (ErrorType.OBJECT, 1, 1)]
    ann, bob = rater_reports(planted, ratings)
    assert (ann.num_found, ann.sensitivity.num_items) == (1, 3)
    assert (bob.num_found, bob.sensitivity.num_items) == (1, 1)


def test_who_calls_everything_wrong_is_seen(small_audit, planted):
    ratings = small_audit.judge("eve", {item.item_id: "ww" for item in planted.items})
    (eve,) = rater_reports(planted, ratings)
    assert eve.sensitivity.value == 1.0
    assert (eve.wrong.value, eve.num_claims, eve.num_rated) == (1.0, 6, 3)


def test_a_rater_is_held_against_herself_on_repeats_only(small_audit):
    plan = small_audit.plan([("v0", 3), ("v1", 3), ("v2", 3)])
    plan = small_audit.again(small_audit.again(plan, 0), 1)
    ratings = small_audit.judge("ann", {"i0": "rwc", "i0-repeat": "rwr", "i1": "rrr"}, seconds=9.0)
    ratings += small_audit.judge("ann", {"i1-repeat": "r-w", "i2": "cwr"}, seconds=5.0)
    ratings += small_audit.judge("bob", {"i0-repeat": "www"})
    ann, bob = rater_reports(plan, ratings)
    assert (ann.self_agreement.value, ann.self_agreement.num_items, ann.num_repeats) == (0.6, 5, 2)
    assert (bob.self_agreement.value, bob.num_repeats, bob.num_rated) == (None, 0, 0)
    assert (ann.seconds, bob.seconds) == (9.0, None)
    assert (ann.wrong.value, ann.wrong.num_items) == (pytest.approx(2 / 7), 7)
    assert (ann.cannot_tell.value, ann.cannot_tell.num_items) == (pytest.approx(2 / 9), 9)
