"""All scorers together."""

import dataclasses

from interlink.schemas.clip import ClipScores
from interlink.transforms.clips import ChooseClips
from interlink.transforms.scores.score import SCORERS, ScoreClips


def test_each_scorer_fills_a_field_of_its_own():
    names = [scorer.name for scorer in SCORERS]
    assert len(set(names)) == len(names)
    assert set(names) <= {field.name for field in dataclasses.fields(ClipScores)}


def test_clips_come_back_by_id_with_scores_and_nothing_else_changed(records):
    video = records.video(5, 12, segments=[records.segment(1, "a b c d")])
    clips = list(ChooseClips().process(video))
    results = ScoreClips().process_batch(clips)
    assert [result.input_id for result in results] == [clip.clip_id for clip in clips]
    first = results[0].record
    assert dataclasses.replace(first, scores=ClipScores()) == clips[0]
    assert first.scores == ClipScores(
        motion=0.0,
        sharpness=50.0,
        brightness=100.0,
        contrast=40.0,
        speech_share=1.6 / 5,
        words_per_s=0.8,
        word_probability=0.9,
    )


def test_what_was_measured_before_is_kept(records):
    (clip,) = ChooseClips().process(records.video(5))
    clip = dataclasses.replace(clip, scores=ClipScores(text_area_share=0.25))
    (result,) = ScoreClips().process_batch([clip])
    assert result.record.scores.text_area_share == 0.25
