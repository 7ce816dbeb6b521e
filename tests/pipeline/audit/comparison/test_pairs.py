import dataclasses

import pytest

from interlink.pipeline.audit.comparison.pairs import pair_audits, pair_captions
from interlink.schemas.audit import Pool, Role, StratumSize
from interlink.schemas.errors import UsageError


def paired(first, second):
    return pair_audits(
        first.plan, second.plan, first_ratings=first.ratings, second_ratings=second.ratings
    )


def left_out(pairing):
    return {one.reason: one.num_clips for one in pairing.left_out}


def test_every_clip_is_compared_or_left_out_for_one_reason(made_audit):
    first, second = made_audit("first"), made_audit("second")
    for clip in ("both", "a-rated", "b-rated", "unrated", "risky", "a-only"):
        first.add(clip)
    for clip in ("both", "a-rated", "b-rated", "unrated", "b-only", "b-too"):
        second.add(clip)
    second.add("risky", pool=Pool.RISK, inclusion_probability=None)
    for clip in ("both", "a-rated", "risky", "a-only"):
        first.rate(clip, "rr")
    for clip in ("both", "b-rated", "risky", "b-only"):
        second.rate(clip, "rr")
    found = paired(first, second)
    assert [pair.item.clip_id for pair in found.pairs] == ["both"]
    assert found.num_shared == 5
    assert left_out(found) == {
        "drawn in A only": 1,
        "drawn in B only": 2,
        "not judged in A": 1,
        "not judged in B": 1,
        "not judged in A and B": 1,
        "picked because they look bad, of which no rate is made": 1,
    }


def test_repeats_and_planted_errors_never_count(made_audit):
    first, second = made_audit("first"), made_audit("second")
    for audit in (first, second):
        item = audit.add("c1")
        audit.rate("c1", "rr")
        for role in (Role.REPEAT, Role.PERTURBED):
            again = dataclasses.replace(
                item,
                item_id=role.value,
                role=role,
                of_item=item.item_id,
                inclusion_probability=None,
            )
            audit.items.append(again)
            audit.ratings.append(dataclasses.replace(audit.ratings[0], item_id=role.value))
    found = paired(first, second)
    assert len(found.pairs) == 1
    assert len(found.pairs[0].second.ratings) == 1
    assert found.left_out == ()


def in_strata(made_audit, name, sampled, **fields):
    """An audit of 40 clips, 10 of them in the stratum `rare`, with one clip of each judged."""
    sizes = (("common", 30, sampled[0]), ("rare", 10, sampled[1]))
    sizes = tuple(StratumSize(stratum=n, population=p, sampled=s) for n, p, s in sizes)
    audit = made_audit(name, sizes=sizes, **fields)
    for size in sizes:
        chance = size.inclusion_probability
        audit.add(size.stratum, stratum=size.stratum, inclusion_probability=chance)
        audit.rate(size.stratum, "rr")
    return audit


def test_with_the_same_seed_the_smaller_sample_lies_in_the_larger_one(made_audit):
    first = in_strata(made_audit, "first", (6, 5))
    second = in_strata(made_audit, "second", (15, 2))
    found = paired(first, second)
    assert [pair.chance for pair in found.pairs] == pytest.approx([6 / 30, 2 / 10])
    assert found.weights(found.pairs) == pytest.approx([5, 5])


def test_with_another_seed_the_draws_are_independent(made_audit):
    first = in_strata(made_audit, "first", (6, 5))
    second = in_strata(made_audit, "second", (15, 2), seed=1)
    chances = [pair.chance for pair in paired(first, second).pairs]
    assert chances == pytest.approx([6 / 30 * 15 / 30, 5 / 10 * 2 / 10])


def test_clips_that_were_judged_stand_for_those_that_were_not(made_audit):
    first, second = in_strata(made_audit, "first", (6, 5)), in_strata(made_audit, "second", (6, 5))
    for audit in (first, second):
        audit.add("more", stratum="rare", inclusion_probability=0.5)
    found = paired(first, second)
    assert left_out(found) == {"not judged in A and B": 1}
    assert found.weights(found.pairs) == pytest.approx([30 / 6, 2 * 10 / 5])


def test_samples_of_other_clips_have_no_weights(made_audit):
    first, second = in_strata(made_audit, "first", (6, 5)), made_audit("second")
    for clip in ("common", "rare"):
        second.add(clip)
        second.rate(clip, "rr")
    found = paired(first, second)
    assert found.num_drawn is None
    assert found.weights(found.pairs) == [1, 1]


def test_a_model_is_found_on_whatever_side_it_was_shown(made_audit):
    audit = made_audit(models=("m1", "m2"))
    audit.add("c1", "A dog.", "A cat.", models=("m1", "m2"))
    audit.add("c2", "A cat.", "A dog.", models=("m2", "m1"))
    audit.add("c3", "A dog.", models=("m1",))
    audit.add("c4", "A dog.", "A cat.")
    for clip, verdicts in (("c1", "r|w"), ("c2", "w|r"), ("c3", "r")):
        audit.rate(clip, verdicts)
    found = pair_captions(audit.plan, ("m1", "m2"), audit.ratings)
    assert [(pair.first.sides, pair.second.sides) for pair in found.pairs] == [
        (("a",), ("b",)),
        (("b",), ("a",)),
    ]
    assert [pair.second.claims[0].is_wrong for pair in found.pairs] == [True, True]
    assert left_out(found) == {"not judged": 1, "with one caption": 1}
    assert found.num_shared == 3


@pytest.mark.parametrize(
    ("votes", "preferred"),
    [("a", "a"), ("aab", "a"), ("ab", "same"), ("a=", "same"), ("b==", "same"), ("", None)],
)
def test_of_several_raters_the_majority_prefers_and_a_tie_is_the_same(made_audit, votes, preferred):
    audit = made_audit(models=("m1", "m2"))
    audit.add("c1", "A dog.", "A cat.")
    for number, vote in enumerate(votes or " "):
        said = {"=": "same", " ": None}.get(vote, vote)
        audit.rate("c1", "r|r", rater=f"r{number}", preferred=said)
    pair = pair_captions(audit.plan, ("m1", "m2"), audit.ratings).pairs[0]
    assert pair.first.preferred == preferred


def test_audits_of_other_videos_are_refused(made_audit):
    first, second = made_audit("first"), made_audit("second")
    first.add("c1")
    second.add("c2")
    with pytest.raises(UsageError, match=r"share no clip: A has 1, B 1 others; compare audits of"):
        paired(first, second)


def test_audits_that_nobody_judged_are_refused(made_audit):
    first, second = made_audit("first"), made_audit("second")
    first.add("c1")
    second.add("c1")
    first.rate("c1", "rr")
    with pytest.raises(UsageError, match=r"no clip was judged on both sides \(1 not judged in B\)"):
        paired(first, second)
