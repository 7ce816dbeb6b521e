from interlink.pipeline.audit.comparison.compare import compare_audits, compare_captions
from interlink.pipeline.audit.comparison.gate_values import comparison_names, comparison_values


def test_every_name_of_two_audits_has_its_number(made_audit):
    first, second = made_audit("first"), made_audit("second")
    for clip, verdicts in (("c1", ("rw", "rr")), ("c2", ("rr", "rr"))):
        for audit, one in zip((first, second), verdicts, strict=True):
            audit.add(clip)
            audit.rate(clip, one)
    found = compare_audits(
        first.plan, second.plan, first_ratings=first.ratings, second_ratings=second.ratings
    )
    values = comparison_values(found)
    assert set(comparison_names(is_of_audits=True)) <= set(values)
    assert "bad_difference_upper95" in comparison_names(is_of_audits=True)
    error = found.differences[0]
    assert values["clips_with_error_a"] == 0.5
    assert values["clips_with_error_b"] == 0.0
    assert values["clips_with_error_difference"] == -0.5
    assert values["clips_with_error_difference_lower95"] == error.difference.lower
    assert values["clips_with_error_difference_upper95"] == error.difference.upper
    assert values["clips_with_error_difference_p"] == 1.0
    assert values["wrong_claims_a"] == 0.25
    assert (values["num_clips"], values["num_videos"]) == (2.0, 2.0)


def test_every_name_of_two_captions_has_its_number_or_none(made_audit):
    audit = made_audit(models=("m1", "m2"))
    audit.add("c1", "A dog.", "A cat.")
    rating = audit.rate("c1", "r|w")
    names = comparison_names(is_of_audits=False)
    assert "bad_a" not in names
    values = comparison_values(compare_captions(audit.plan, [rating]))
    assert set(names) <= set(values)
    assert (values["prefer_b"], values["prefer_b_p"]) == (None, None)
    audit.ratings.clear()
    values = comparison_values(
        compare_captions(audit.plan, [audit.rate("c1", "r|w", preferred="b")])
    )
    assert (values["prefer_b"], values["prefer_b_upper95"], values["prefer_b_p"]) == (1, 1, 1)
