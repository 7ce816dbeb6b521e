"""How much is spoken in a clip."""

import dataclasses

import pytest

from interlink.schemas.text import Word
from interlink.transforms.clips import ChooseClips
from interlink.transforms.scores.speech import speech_share, word_probability, words_per_s


def clip_of(records, *segments):
    (clip,) = ChooseClips().process(records.video(4, segments=segments))
    return clip


def test_speech_is_measured_over_the_clip_s_time(records):
    clip = clip_of(records, records.segment(1, "one two"))
    assert speech_share(clip) == pytest.approx(0.8 / 4)
    assert words_per_s(clip) == pytest.approx(0.5)
    assert word_probability(clip) == pytest.approx(0.9)


def test_overlapping_words_and_words_sticking_out_are_counted_once_and_inside(records):
    clip = clip_of(records, records.segment(1, "x"))
    words = tuple(
        Word(text="w", start_us=start, end_us=end)
        for start, end in ((-500_000, 500_000), (200_000, 1_000_000), (3_500_000, 9_000_000))
    )
    clip = dataclasses.replace(clip, words=words)
    assert speech_share(clip) == pytest.approx(1.5 / 4)
    assert word_probability(clip) is None


def test_a_silent_clip_has_no_speech_but_one_nobody_listened_to_has_no_number(records):
    silent = clip_of(records)
    assert (speech_share(silent), words_per_s(silent), word_probability(silent)) == (0, 0, None)
    (soundless,) = ChooseClips().process(records.video(4, has_audio=False))
    assert speech_share(soundless) == 0
    (unheard,) = ChooseClips().process(records.video(4))
    assert (speech_share(unheard), words_per_s(unheard)) == (None, None)
