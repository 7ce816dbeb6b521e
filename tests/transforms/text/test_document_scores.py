"""Scores of a document are what its clips measured, and null where nobody did."""

from dataclasses import replace

import pytest

from interlink.schemas.clip import ClipScores, Flag
from interlink.transforms.text.document_scores import document_scores, mean

S = 1_000_000


@pytest.fixture
def clips(make_documents):
    return make_documents("a", clips=2)[0].clips


def test_means_are_weighted_by_duration(clips):
    longer = replace(clips[1], end_us=clips[1].start_us + 12 * S)
    scored = [
        replace(clip, scores=ClipScores(brightness=brightness))
        for clip, brightness in zip((clips[0], longer), (10.0, 50.0), strict=True)
    ]
    assert document_scores(scored, None).brightness == pytest.approx((10 * 4 + 50 * 12) / 16)


def test_clips_that_were_not_measured_do_not_count(clips):
    scored = [
        replace(clips[0], scores=ClipScores(brightness=10.0)),
        replace(clips[1], scores=ClipScores()),
    ]
    scores = document_scores(scored, None)
    assert (scores.brightness, scores.motion) == (10.0, None)


def test_shares_count_time_and_clips_once(clips):
    flagged = [clips[0], replace(clips[1], flags=(Flag.REPEATED_CAPTION,))]
    scores = document_scores(flagged, 0.5)
    assert scores.clip_share == pytest.approx(8 / 9)
    assert (scores.caption_repetition, scores.language_probability) == (0.5, 0.5)
    overlapping = [replace(clips[0], end_us=7 * S), clips[1]]
    assert document_scores(overlapping, None).clip_share == 1.0


def test_the_mean_of_nothing_is_null():
    assert mean([]) is None
    assert mean([1.0, 2.0]) == 1.5
