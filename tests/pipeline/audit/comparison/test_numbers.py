import math

import numpy as np
import pytest
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.descriptivestats import sign_test as statsmodels_sign_test

from interlink.pipeline.audit.comparison.numbers import (
    find_differences,
    find_preferences,
    sign_test,
)
from interlink.pipeline.audit.comparison.pairs import pair_audits, pair_captions
from interlink.pipeline.audit.statistics.clusters import clustered_share
from interlink.pipeline.audit.statistics.paired import paired_difference
from interlink.schemas.audit import ClipVerdict, StratumSize


def differences(first, second):
    pairing = pair_audits(
        first.plan, second.plan, first_ratings=first.ratings, second_ratings=second.ratings
    )
    return {one.name: one for one in find_differences(pairing, has_clip_verdicts=True)}


def two_audits(made_audit, *clips, **fields):
    """Audits of clips given as (verdicts in A, verdicts in B), three clips of each video."""
    first, second = made_audit("first", **fields), made_audit("second", **fields)
    for number, verdicts in enumerate(clips):
        for audit, one in zip((first, second), verdicts, strict=True):
            audit.add(f"c{number:03d}", video=f"v{number // 3}")
            audit.rate(f"c{number:03d}", one)
    return first, second


def test_five_clips_by_hand(made_audit):
    first, second = two_audits(
        made_audit, ("rw", "rr"), ("ww", "rw"), ("rr", "rw"), ("r?", "rr"), ("w?", "rr")
    )
    found = differences(first, second)
    error, claims = found["clips_with_error"], found["wrong_claims"]
    assert (error.first, error.second) == (3 / 5, 2 / 5)
    assert error.difference.value == pytest.approx(-1 / 5, abs=1e-12)
    assert (error.num_only_first, error.num_only_second) == (2, 1)
    assert error.p_value == 1.0
    # Of decided claims: 1/2 1 0 0 1 against 0 1/2 1/2 0 0.
    assert claims.first == pytest.approx(2.5 / 5, abs=1e-12)
    assert claims.second == pytest.approx(1 / 5, abs=1e-12)
    assert claims.difference.value == pytest.approx(-0.3, abs=1e-12)
    assert (claims.num_only_first, claims.num_only_second) == (3, 1)
    assert claims.p_value == pytest.approx(2 * (1 + 4) / 16, abs=1e-12)


def test_weights_by_hand(made_audit):
    # 30 common clips, of which 3 were drawn, stand against 10 rare ones, of which 5 were.
    sizes = (
        StratumSize(stratum="common", population=30, sampled=3),
        StratumSize(stratum="rare", population=10, sampled=5),
    )
    first, second = made_audit("first", sizes=sizes), made_audit("second", sizes=sizes)
    for number in range(8):
        name, chance = ("common", 0.1) if number < 3 else ("rare", 0.5)
        for audit in (first, second):
            audit.add(f"c{number}", stratum=name, inclusion_probability=chance)
    for number, (one, other) in enumerate(
        [("w", "r"), ("r", "r"), ("r", "r"), ("r", "w"), ("w", "w"), ("r", "r"), ("r", "r")]
    ):
        first.rate(f"c{number}", f"{one}r")
        second.rate(f"c{number}", f"{other}r")
    found = differences(first, second)["clips_with_error"]
    # The rare clip that nobody judged is stood for by the other four, with 2.5 each.
    assert found.first == pytest.approx((10 + 2.5) / 40, abs=1e-12)
    assert found.second == pytest.approx((2.5 + 2.5) / 40, abs=1e-12)
    assert found.difference.value == pytest.approx(-7.5 / 40, abs=1e-12)
    assert found.difference.num_items == 7


def test_many_clips_agree_with_the_libraries(made_audit):
    random = np.random.default_rng(3)
    verdicts = ["rr", "rw", "ww", "r?"]
    clips = [tuple(random.choice(verdicts, 2, p=[0.6, 0.2, 0.1, 0.1])) for _ in range(150)]
    first, second = two_audits(made_audit, *clips)
    found = differences(first, second)["clips_with_error"]
    wrong = np.array([["w" in one for one in clip] for clip in clips])
    table = [[np.sum((wrong[:, 0] == i) & (wrong[:, 1] == j)) for j in (1, 0)] for i in (1, 0)]
    assert found.p_value == pytest.approx(mcnemar(table, exact=True).pvalue, abs=1e-12)
    assert (found.num_only_first, found.num_only_second) == (table[0][1], table[1][0])
    videos = [f"v{number // 3}" for number in range(150)]
    direct = paired_difference(wrong[:, 0], wrong[:, 1], np.ones(150), clusters=videos)
    assert found.difference == direct.difference
    assert found.difference.num_clusters == 50
    # Clips of a video were drawn apart here, so that the textbook's interval is near.
    change = wrong[:, 1] * 1.0 - wrong[:, 0]
    error = change.std(ddof=1) / math.sqrt(150)
    assert found.difference.lower == pytest.approx(change.mean() - 1.96 * error, abs=0.03)
    assert found.difference.upper == pytest.approx(change.mean() + 1.96 * error, abs=0.03)


def test_shares_of_claims_have_the_sign_test(made_audit):
    random = np.random.default_rng(4)
    clips = [tuple("".join(random.choice(list("rrw?"), 2)) for _ in "ab") for _ in range(90)]
    found = differences(*two_audits(made_audit, *clips))["wrong_claims"]
    shares = [
        [one.count("w") / (2 - one.count("?")) for one in clip]
        for clip in clips
        if "??" not in clip
    ]
    change = np.diff(shares).ravel()
    assert found.difference.value == pytest.approx(change.mean(), abs=1e-12)
    assert found.p_value == pytest.approx(statsmodels_sign_test(change)[1], abs=1e-9)


def test_verdicts_on_clips_are_counted_with_the_worse_of_a_tie(made_audit):
    first, second = made_audit("first"), made_audit("second")
    votes = {"c1": ("gf", "gg"), "c2": ("bf", "ff"), "c3": ("ggb", "b")}
    names = {"g": ClipVerdict.GOOD, "f": ClipVerdict.FLAWED, "b": ClipVerdict.BAD}
    for clip, of_audits in votes.items():
        for audit, letters in zip((first, second), of_audits, strict=True):
            audit.add(clip)
            for number, letter in enumerate(letters):
                audit.rate(clip, "rr", rater=f"r{number}", clip_verdict=names[letter])
    found = differences(first, second)
    assert (found["bad"].first, found["bad"].second) == (1 / 3, 1 / 3)
    assert (found["not_good"].first, found["not_good"].second) == (2 / 3, 2 / 3)
    assert (found["bad"].num_only_first, found["bad"].num_only_second) == (1, 1)


def test_what_is_not_judged_whole_says_nothing_of_claims(made_audit):
    first, second = two_audits(made_audit, ("w ", "rr"), ("rw", "rr"), ("??", "rw"))
    found = differences(first, second)
    assert found["bad"].difference.num_items == 3
    assert found["clips_with_error"].difference.num_items == 2
    assert found["wrong_claims"].difference.num_items == 1
    first, second = two_audits(made_audit, ("  ", "rr"))
    nothing = differences(first, second)["clips_with_error"]
    assert (nothing.first, nothing.difference.value, nothing.p_value) == (None, None, 1.0)


def preferences(made_audit, *said, **fields):
    """Preferences for m1 (`1`), m2 (`2`), neither (`=`) or not said (`.`); sides swap each clip."""
    audit = made_audit(models=("m1", "m2"), **fields)
    for number, one in enumerate("".join(said)):
        is_swapped = number % 2
        models = ("m2", "m1") if is_swapped else ("m1", "m2")
        audit.add(f"c{number:03d}", "A dog.", "A cat.", video=f"v{number // 2}", models=models)
        side = {"1": "ab"[is_swapped], "2": "ba"[is_swapped], "=": "same", ".": None}[one]
        audit.rate(f"c{number:03d}", "r|r", preferred=side)
    return find_preferences(pair_captions(audit.plan, ("m1", "m2"), audit.ratings))


def test_preferences_are_of_models_not_of_sides(made_audit):
    said = "2221=2.212" + "2" * 40 + "1" * 20
    found = preferences(made_audit, said)
    assert (found.num_first, found.num_second, found.num_same) == (22, 46, 1)
    assert found.num_without == 1
    assert found.p_value == pytest.approx(binomtest(46, 68).pvalue, abs=1e-12)
    assert found.prefer_second.value == pytest.approx(46 / 68, abs=1e-12)
    decided = [(one, f"v{n // 2}") for n, one in enumerate(said) if one in "12"]
    direct = clustered_share(
        np.array([one == "2" for one, _ in decided]),
        np.full(len(decided), 70 / 69),
        np.array([video for _, video in decided]),
    )
    assert (found.prefer_second.lower, found.prefer_second.upper) == pytest.approx(
        (direct.lower, direct.upper), abs=1e-9
    )
    assert found.prefer_second.num_clusters == direct.num_clusters


def test_where_nobody_was_asked_there_are_no_preferences(made_audit):
    assert preferences(made_audit, "...") is None
    found = preferences(made_audit, "=.")
    assert (found.num_same, found.prefer_second.value, found.p_value) == (1, None, 1.0)


def test_the_sign_test_is_the_binomial_test():
    assert sign_test(0, 0) == 1.0
    assert sign_test(1, 9) == pytest.approx(2 * 11 / 1024, abs=1e-12)
    assert sign_test(3, 14) == binomtest(14, 17).pvalue
