import dataclasses

import numpy as np
import pytest

from interlink.pipeline.audit.report.judged import judged_clips, plain_items
from interlink.pipeline.audit.sample.sampling import choose, seat_order
from interlink.schemas.audit import ClipVerdict, ErrorType, Pool, Verdict

R, W, C = Verdict.RIGHT, Verdict.WRONG, Verdict.CANNOT_TELL


@pytest.mark.parametrize(
    ("votes", "verdict"),
    [
        ("r", R),
        ("rr", R),
        ("rrw", R),
        ("wwr", W),
        ("rw", W),
        ("rc", C),
        ("cw", W),
        ("rcw", W),
        ("rrww", W),
        ("rrcc", C),
        ("ccrw", C),
    ],
)
def test_the_majority_counts_and_of_a_tie_the_worse(small_audit, votes, verdict):
    plan = small_audit.plan([("v", 1)])
    ratings = [r for n, vote in enumerate(votes) for r in small_audit.judge(f"r{n}", {"i0": vote})]
    (clip,) = judged_clips(plan, ratings, Pool.ESTIMATION)
    assert [claim.verdict for claim in clip.claims] == [verdict]
    counts = sorted(map(votes.count, set(votes)))
    assert clip.claims[0].is_tied == (counts[-2:] == counts[-1:] * 2)


@pytest.mark.parametrize(
    ("votes", "verdict"),
    [
        (("good", "bad"), ClipVerdict.BAD),
        (("good", "flawed"), ClipVerdict.FLAWED),
        (("good", "good", "bad"), ClipVerdict.GOOD),
        (("good", "flawed", "bad"), ClipVerdict.BAD),
    ],
)
def test_so_it_is_with_clips(small_audit, votes, verdict):
    plan = small_audit.plan([("v", 1)])
    ratings = [
        r for n, vote in enumerate(votes) for r in small_audit.judge(f"r{n}", {"i0": f"r:{vote}"})
    ]
    (clip,) = judged_clips(plan, ratings, Pool.ESTIMATION)
    assert clip.verdict == verdict
    assert clip.is_tied == (len(set(votes)) == len(votes))


def test_severity_is_of_the_majority_who_say_so_and_types_of_any_of_them(small_audit):
    plan = small_audit.plan([("v", 1)])
    said = {"ann": ("w1", [ErrorType.COUNT]), "bob": ("w3", [ErrorType.OBJECT]), "cy": ("w", [])}
    ratings = [
        r
        for name, (vote, types) in said.items()
        for r in small_audit.judge(name, {"i0": vote}, error_types=types, note=f"by {name}")
    ]
    ratings += small_audit.judge("dee", {"i0": "r"}, note="fine")
    (claim,) = judged_clips(plan, ratings, Pool.ESTIMATION)[0].claims
    assert (claim.verdict, claim.severity) == (W, 3)
    assert claim.error_types == (ErrorType.OBJECT, ErrorType.COUNT)
    assert claim.notes == ("by ann", "by bob", "by cy")


def test_what_a_minority_calls_wrong_has_no_severity_and_no_types(small_audit):
    plan = small_audit.plan([("v", 1)])
    ratings = small_audit.judge("ann", {"i0": "w3"}, error_types=[ErrorType.COUNT], note="no")
    for name in ("bob", "cy"):
        ratings += small_audit.judge(name, {"i0": "r"})
    (claim,) = judged_clips(plan, ratings, Pool.ESTIMATION)[0].claims
    assert (claim.severity, claim.error_types, claim.notes) == (None, (), ())


def test_a_weight_is_one_over_the_probability(small_audit):
    plan = small_audit.plan(
        [("v0", 1, "en"), ("v1", 1, "en"), ("v2", 1, "de")], {"en": 10, "de": 40}
    )
    ratings = small_audit.judge("ann", {"i0": "r", "i1": "r", "i2": "r"})
    clips = judged_clips(plan, ratings, Pool.ESTIMATION)
    assert [clip.weight for clip in clips] == pytest.approx([5, 5, 40])
    assert [clip.claims_weight for clip in clips] == pytest.approx([5, 5, 40])


def test_judged_clips_stand_for_the_others_of_their_stratum(small_audit):
    plan = small_audit.plan(
        [("v", 1, "en"), ("v", 1, "de"), ("v", 1, "en"), ("v", 1, "en")], {"en": 30, "de": 7}
    )
    ratings = small_audit.judge("ann", {"i0": "r", "i1": "r", "i2": "r"})
    clips = judged_clips(plan, ratings, Pool.ESTIMATION)
    assert [clip.weight for clip in clips] == pytest.approx([15, 7, 15])
    assert sum(clip.weight for clip in clips) == pytest.approx(37)


def test_claims_count_only_where_all_of_a_clip_were_judged(small_audit):
    plan = small_audit.plan([("v", 2), ("v", 2), ("v", 2)], {"all": 9})
    ratings = small_audit.judge("ann", {"i0": "w-", "i1": "rr", "i2": ":bad"})
    clips = judged_clips(plan, ratings, Pool.ESTIMATION)
    assert [len(clip.claims) for clip in clips] == [0, 2, 0]
    assert [len(clip.judged_claims) for clip in clips] == [1, 2, 0]
    assert [clip.weight for clip in clips] == pytest.approx([3, 3, 3])
    assert [clip.claims_weight for clip in clips] == pytest.approx([0, 9, 0])
    # Two raters may judge them together.
    ratings += small_audit.judge("bob", {"i0": "-r"})
    assert [c.verdict for c in judged_clips(plan, ratings, Pool.ESTIMATION)[0].claims] == [W, R]


def test_repeats_planted_errors_and_other_pools_are_apart(small_audit):
    plan = small_audit.plan([("v", 1), ("v", 1)])
    risky = dataclasses.replace(plan.items[1], pool=Pool.RISK, inclusion_probability=None)
    plan = dataclasses.replace(plan, items=(plan.items[0], risky))
    plan = small_audit.again(small_audit.again(plan, 0), 0, planted=0)
    ratings = small_audit.judge("ann", {item.item_id: "w" for item in plan.items})
    assert [i.item_id for i in plain_items(plan, Pool.ESTIMATION)] == ["i0"]
    (clip,) = judged_clips(plan, ratings, Pool.RISK)
    assert (clip.item.item_id, clip.weight, clip.has_error) == ("i1", 1.0, True)
    assert len(judged_clips(plan, ratings, Pool.ESTIMATION)) == 1


def test_the_first_clips_of_a_sample_give_the_rate_of_the_dataset(small_audit):
    populations, chances = (600, 300, 60), (0.05, 0.2, 0.6)
    random = np.random.default_rng(0)
    strata = np.repeat(np.arange(3, dtype=np.int32), populations)
    is_wrong = random.random(strata.size) < np.take(chances, strata)
    seats = seat_order(populations, num=120, minimum=20)
    names = {f"s{stratum}": population for stratum, population in enumerate(populations)}
    plan = small_audit.plan([("v", 1, f"s{stratum}") for stratum in seats], names)
    found = []
    for _ in range(400):
        keys = random.permutation(strata.size).astype(np.uint64)
        drawn = is_wrong[choose(keys, strata, seats)]
        said = {f"i{n}": "w" if wrong else "r" for n, wrong in enumerate(drawn[:70])}
        clips = judged_clips(plan, small_audit.judge("ann", said), Pool.ESTIMATION)
        weights = np.array([clip.weight for clip in clips])
        found.append(weights @ [clip.has_error for clip in clips] / weights.sum())
    error = np.std(found) / np.sqrt(len(found))
    assert error < 0.003
    assert np.mean(found) == pytest.approx(is_wrong.mean(), abs=3 * error)
