from interlink.pipeline.audit.report.caveats import find_caveats, sensitivity_caveats
from interlink.pipeline.audit.report.judged import judged_clips
from interlink.pipeline.audit.statistics.intervals import clopper_pearson
from interlink.schemas.audit import Pool


def caveats_of(plan, ratings):
    return find_caveats(plan, ratings, judged_clips(plan, ratings, Pool.ESTIMATION))


def test_a_whole_audit_of_many_videos_has_none(small_audit):
    plan = small_audit.plan([(f"v{n}", 1) for n in range(30)])
    said = {f"i{n}": "w1" if n else "r" for n in range(30)}
    assert caveats_of(plan, small_audit.judge("ann", said)) == ()


def test_claims_without_a_verdict_and_errors_without_a_severity_are_told(small_audit):
    plan = small_audit.plan([(f"v{n}", 2) for n in range(30)])
    said = {f"i{n}": "rr" for n in range(30)} | {"i0": "ww2", "i1": "r-"}
    assert caveats_of(plan, small_audit.judge("ann", said)) == (
        "1 of 30 clips have claims without a verdict: they count in `bad` and `not_good` only",
        "1 of 2 wrong claims have no severity: `severe` counts them as not severe",
    )


def test_strata_without_a_clip_that_was_judged_whole_are_told(small_audit):
    kinds = ("en", "de", "fr")
    plan = small_audit.plan(
        [(f"v{n}", 2, kinds[n % 3]) for n in range(90)], {"en": 60, "de": 30, "fr": 10}
    )
    said = {f"i{n}": ("wr", "r-")[n % 3] for n in range(90) if n % 3 < 2}
    found = caveats_of(plan, small_audit.judge("ann", said))
    assert "no clip of 1 stratum was judged: the rates say nothing of 10.0 %" in found[1]
    assert found[3] == (
        "no clip of 2 strata has a verdict on each claim: rates of claims say nothing of 40.0 % "
        "of the dataset's clips"
    )


def test_one_verdict_for_everything_is_told_without_a_name(small_audit):
    plan = small_audit.plan([(f"v{n}", 2) for n in range(30)])
    (told,) = caveats_of(plan, small_audit.judge("<b>eve", {f"i{n}": "cc" for n in range(30)}))
    assert (
        told == "one rater judged all 60 claims cannot tell: that cannot be told from not looking"
    )


def test_raters_who_judged_alike_are_told_together(small_audit):
    plan = small_audit.plan([(f"v{n}", 1) for n in range(30)])
    said = {"ann": ("r", 30), "bob": ("r", 30), "cid": ("c", 25), "dan": ("r", 24)}
    ratings = [
        rating
        for rater, (letter, num) in said.items()
        for rating in small_audit.judge(rater, {f"i{n}": letter for n in range(num)})
    ]
    assert caveats_of(plan, ratings) == (
        "one rater judged all 25 claims cannot tell: that cannot be told from not looking",
        "3 raters each judged all of their 24 to 30 claims right: that cannot be told from not "
        "looking",
    )


def test_verdicts_of_a_tie_are_counted(small_audit):
    plan = small_audit.plan([(f"v{n}", 2) for n in range(30)])
    same = {f"i{n}": "rr" if n else "rw1" for n in range(30)}
    ratings = [
        *small_audit.judge("ann", same),
        *small_audit.judge("bob", same | {"i1": "rw1:good", "i2": "wc", "i3": "rr:bad"}),
    ]
    assert caveats_of(plan, ratings) == (
        "1 of 3 wrong claims have no severity: `severe` counts them as not severe",
        "raters were evenly split on 3 of 60 claims and 2 of 30 clips, where the worse verdict "
        "counts",
    )
    assert len(caveats_of(plan, ratings + small_audit.judge("cy", same))) == 0


def test_of_few_claims_the_same_verdict_says_nothing(small_audit):
    plan = small_audit.plan([(f"v{n}", 1) for n in range(30)])
    ratings = [
        *small_audit.judge("ann", {f"i{n}": "r" for n in range(19)}),
        *small_audit.judge("bob", {f"i{n}": "w1" if n == 29 else "r" for n in range(30)}),
    ]
    assert caveats_of(plan, ratings) == ()


def test_missed_errors_are_told():
    assert sensitivity_caveats(clopper_pearson(5, 5)) == ()
    assert "raters missed 3 of 10 planted errors" in sensitivity_caveats(clopper_pearson(7, 10))[0]
    assert "not known" in sensitivity_caveats(clopper_pearson(0, 0))[0]
