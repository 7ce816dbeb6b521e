import dataclasses
import json

import pytest

from interlink.pipeline.audit.comparison.compare import compare_audits, compare_captions
from interlink.pipeline.audit.sample.drawing import draw_sample
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.schemas.arrow import from_plain, to_plain
from interlink.schemas.audit import ClaimVerdict, ClipVerdict, Rating, Verdict
from interlink.schemas.audit_comparison import AuditComparison
from interlink.schemas.errors import UsageError


def compare(first, second):
    return compare_audits(
        first.plan, second.plan, first_ratings=first.ratings, second_ratings=second.ratings
    )


def judged(plan, is_wrong):
    """Ratings of all items; every claim is wrong where `is_wrong` says so of its text."""
    ratings = []
    for item in plan.items:
        claims = tuple(
            ClaimVerdict(
                side=text.side,
                claim=claim.number,
                verdict=Verdict.WRONG if is_wrong(text) else Verdict.RIGHT,
            )
            for text in item.texts
            for claim in text.claims
        )
        verdict = ClipVerdict.FLAWED if any(map(is_wrong, item.texts)) else ClipVerdict.GOOD
        ratings.append(
            Rating(
                audit_id=plan.audit_id,
                item_id=item.item_id,
                rater="ann",
                clip_verdict=verdict,
                claims=claims,
            )
        )
    return ratings


def test_a_dataset_before_and_after_its_captions_were_written_anew(audited):
    documents = audited.documents(12)
    plans = []
    for name, model in (("before", "m1"), ("after", "m2")):
        texts = [[{"text": f"A dog, says {model}.", "model": model}]] * 3
        url = audited.write([audited.with_texts(d, *texts) for d in documents], name=name)
        plans.append(draw_sample(url, AuditSettings(num_clips=24, seed=3)))
    first, second = plans
    assert first.content_digest != second.content_digest
    found = compare_audits(
        first,
        second,
        first_ratings=judged(first, lambda text: True),
        second_ratings=judged(second, lambda text: False),
    )
    assert (found.num_shared, found.num_clips, found.left_out) == (24, 24, ())
    assert found.is_weighted
    assert (found.first.models, found.second.models) == (("m1",), ("m2",))
    assert (found.first.num_claims, found.first.raters) == (24, ("ann",))
    error = found.differences[0]
    assert (error.first, error.second, error.difference.value) == (1.0, 0.0, -1.0)
    assert error.p_value == pytest.approx(2 * 0.5**24, abs=1e-12)
    assert [caveat.split(";")[0] for caveat in found.caveats] == [
        f"{name} is not to be quoted: a single rater judged: whether another one would say the "
        "same is not known"
        for name in "AB"
    ]


def test_the_two_captions_of_a_blind_audit(audited):
    texts = [[{"text": "A dog.", "model": "zoe"}, {"text": "A cat.", "model": "abe"}]] * 3
    url = audited.write([audited.with_texts(d, *texts) for d in audited.documents(8)])
    plan = draw_sample(url, AuditSettings(num_clips=20))
    ratings = [
        dataclasses.replace(
            rating,
            preferred=next(text.side for text in item.texts if text.model == "zoe"),
        )
        for item, rating in zip(plan.items, judged(plan, lambda t: t.model == "abe"), strict=True)
    ]
    assert {rating.preferred for rating in ratings} == {"a", "b"}
    found = compare_captions(plan, ratings)
    assert (found.first.models, found.second.models) == (("abe",), ("zoe",))
    assert [one.name for one in found.differences] == ["clips_with_error", "wrong_claims"]
    assert (found.differences[0].first, found.differences[0].second) == (1.0, 0.0)
    assert found.preferences.num_second == found.num_clips == 20
    assert found.preferences.p_value == pytest.approx(2 * 0.5**20, abs=1e-12)
    named = draw_sample(url, AuditSettings(num_clips=20, models=("zoe", "abe")))
    assert compare_captions(named, judged(named, lambda t: False)).first.models == ("zoe",)


def test_it_is_written_and_read_whole(made_audit):
    audit = made_audit(models=("m1", "m2"))
    audit.add("c1", "A dog.", "A cat.", video="v")
    audit.rate("c1", "r|w", preferred="a")
    found = compare_captions(audit.plan, audit.ratings)
    assert from_plain(json.loads(json.dumps(to_plain(found))), AuditComparison) == found


def test_the_order_of_items_and_ratings_does_not_matter(made_audit):
    first, second = made_audit("first"), made_audit("second")
    for number, verdicts in enumerate(["rw", "rr", "ww", "rr", "rw", "rr", "rr", "wr"]):
        for audit, one in ((first, verdicts), (second, verdicts[::-1] if number % 3 else "rr")):
            audit.add(f"c{number}", video=f"v{number // 2}")
            audit.rate(f"c{number}", one)
    found = compare(first, second)
    for audit in (first, second):
        audit.items.reverse()
        audit.ratings.reverse()
    assert compare(first, second) == found


def test_what_else_differs_is_said(made_audit):
    first, second = made_audit("first"), made_audit("second")
    first.add("c1", "A dog.")
    second.add("c1", "A dog.", "A cat.")
    first.add("c2", "A dog.")
    second.add("c2", "A dog.")
    second.add("c3", "A dog.")
    for audit, rater in ((first, "ann"), (second, "bob")):
        audit.rate("c1", "r|r" if audit is second else "r", rater=rater)
        audit.rate("c2", "?", rater=rater)
    found = compare(first, second)
    assert not found.is_weighted
    assert [caveat.split(":")[0] for caveat in found.caveats] == [
        "A is not to be quoted",
        "B is not to be quoted",
        "A and B were not drawn from the same clips in the same strata",
        "2 of 2 clips were not judged by the same people in A and in B",
        "1 of 2 clips have the same captions in A and in B",
        "1 of 2 clips have more captions in one of the two, and so more that can be wrong",
        "Wrong claims per clip",
    ]
    assert found.caveats[-1].startswith("Wrong claims per clip: of 1 of 2 clips;")


def test_one_caption_each_cannot_be_compared_alone(made_audit):
    audit = made_audit()
    audit.add("c1", "A dog.")
    audit.rate("c1", "r")
    with pytest.raises(UsageError, match="have captions of one model: name a second audit"):
        compare_captions(audit.plan, audit.ratings)


def test_an_audit_is_not_compared_with_itself(made_audit):
    first, second = made_audit("same"), made_audit("same")
    for audit in (first, second):
        audit.add("c1")
        audit.rate("c1", "rw")
    with pytest.raises(UsageError, match="are the same audit with the same ratings: name another"):
        compare(first, second)
    second.ratings.reverse()
    second.rate("c1", "rr", rater="bob")
    assert compare(first, second).num_clips == 1


def test_raters_who_do_not_agree_must_not_be_quoted(made_audit):
    audit = made_audit(models=("m1", "m2"))
    for number in range(60):
        audit.add(f"c{number:02d}", "A dog.", "A cat.")
        audit.rate(f"c{number:02d}", "r|w" if number % 2 else "w|r")
        audit.rate(f"c{number:02d}", "r|w" if number % 3 else "w|r", rater="bob")
    caveats = compare_captions(audit.plan, audit.ratings).caveats
    assert len(caveats) == 1
    assert caveats[0].startswith("not to be quoted: ")
    agreeing = [dataclasses.replace(r, rater="eve") for r in audit.ratings if r.rater == "ann"]
    both = [r for r in audit.ratings if r.rater == "ann"] + agreeing
    assert compare_captions(audit.plan, both).caveats == ()
