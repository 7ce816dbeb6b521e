"""Clips rejected by their scores."""

import dataclasses
import math

import pydantic
import pytest

from interlink.schemas.clip import ClipScores
from interlink.schemas.outcome import RejectionReason
from interlink.transforms.base import Kept, Rejected
from interlink.transforms.clips import ChooseClips
from interlink.transforms.filters import RejectByScore, ScoreRule


@pytest.fixture
def clip(records):
    (clip,) = ChooseClips().process(records.video(5))
    return dataclasses.replace(clip, scores=ClipScores(motion=3.0, brightness=120.0))


def judge(clip, *rules):
    (result,) = RejectByScore(rules=rules).process_batch([clip])
    assert result.input_id == clip.clip_id
    return result


def test_without_rules_all_clips_are_kept(clip):
    assert judge(clip) == Kept(input_id=clip.clip_id, record=clip)


def test_a_score_below_the_minimum_rejects_with_the_value(clip):
    result = judge(clip, ScoreRule(score="motion", minimum=5))
    assert isinstance(result, Rejected)
    assert (result.reason, result.value) == (RejectionReason.SCORE_BELOW, 3.0)
    assert result.message == "motion 3 against the minimum 5"


def test_a_score_above_the_maximum_rejects_with_the_value(clip):
    result = judge(clip, ScoreRule(score="brightness", minimum=10, maximum=100))
    assert (result.reason, result.value) == (RejectionReason.SCORE_ABOVE, 120.0)


def test_bounds_themselves_are_kept_and_the_first_broken_rule_decides(clip):
    assert isinstance(judge(clip, ScoreRule(score="motion", minimum=3, maximum=3)), Kept)
    result = judge(
        clip, ScoreRule(score="brightness", maximum=100), ScoreRule(score="motion", minimum=5)
    )
    assert result.reason is RejectionReason.SCORE_ABOVE


def test_a_score_that_was_not_measured_rejects_nothing(clip):
    assert isinstance(judge(clip, ScoreRule(score="text_area_share", maximum=0.1)), Kept)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"score": "beauty", "minimum": 1}, "score='beauty' must be one of: motion, sharpness"),
        ({"score": "motion"}, "the rule on 'motion' needs a minimum, a maximum, or both"),
        ({"score": "motion", "minimum": 2, "maximum": 1}, "minimum=2 must be <= maximum=1"),
        ({"score": "motion", "minimum": math.nan, "maximum": 1}, "rejects everything"),
    ],
)
def test_rules_that_make_no_sense_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        ScoreRule(**fields)


def test_rules_come_from_a_recipe_and_unknown_keys_are_refused():
    adapter = pydantic.TypeAdapter(RejectByScore)
    rules = [{"score": "motion", "minimum": 1.5}]
    made = adapter.validate_python({"rules": rules})
    assert made == RejectByScore(rules=(ScoreRule(score="motion", minimum=1.5),))
    assert made.digest() != RejectByScore().digest()
    with pytest.raises(pydantic.ValidationError, match="least"):
        adapter.validate_python({"rules": [{"score": "motion", "minimum": 1, "least": 1}]})
    with pytest.raises(pydantic.ValidationError, match="score='beauty' must be one of"):
        adapter.validate_python({"rules": [{"score": "beauty", "minimum": 1}]})
