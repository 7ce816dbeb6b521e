import pytest

from interlink.schemas.text import Segment, SegmentFlag, Transcript, Word
from interlink.transforms.speech.recognizer import (
    clean_text,
    fit_words,
    merge_transcripts,
    segment_flags,
)

LOW, LOOP, SILENT = SegmentFlag.LOW_CONFIDENCE, SegmentFlag.REPETITIVE, SegmentFlag.NO_SPEECH


@pytest.mark.parametrize(
    ("logprob", "no_speech", "ratio", "flags"),
    [
        (-0.2, 0.1, 1.4, ()),
        (-0.55, 0.6, 2.4, ()),
        (-0.56, 0.1, 1.4, (LOW,)),
        (-0.2, 0.1, 2.5, (LOOP,)),
        (-1.1, 0.61, 1.4, (LOW, SILENT)),
        (-0.9, 0.99, 1.4, (LOW,)),
        (-1.1, 0.61, 9.0, (LOW, LOOP, SILENT)),
        (None, None, None, ()),
        (None, 0.99, 2.5, (LOOP,)),
    ],
)
def test_flags_follow_whispers_rules(logprob, no_speech, ratio, flags):
    found = segment_flags(avg_logprob=logprob, no_speech_prob=no_speech, compression_ratio=ratio)
    assert found == flags


def test_special_tokens_and_double_spaces_never_stay_in_a_text():
    assert clean_text(" <|en|><|0.00|> Hello \n  there.<|endoftext|>") == "Hello there."
    assert clean_text("<|nospeech|>") == ""
    assert clean_text("a < b | c > d") == "a < b | c > d"


def words(*spans: tuple[int, int]) -> list[Word]:
    return [Word(text=str(i), start_us=a, end_us=b) for i, (a, b) in enumerate(spans)]


@pytest.mark.parametrize(
    ("given", "fitted"),
    [
        ([(10, 20), (20, 30)], [(10, 20), (20, 30)]),
        ([(-5, 20), (20, 99)], [(0, 20), (20, 50)]),
        ([(10, 30), (20, 40)], [(10, 30), (30, 40)]),
        ([(10, 40), (20, 30), (40, 50)], [(10, 40), (40, 40), (40, 50)]),
        ([(30, 20)], [(30, 30)]),
        ([(60, 70)], [(50, 50)]),
    ],
)
def test_words_are_laid_in_order_inside_their_segment(given, fitted):
    found = fit_words(words(*given), 0, 50)
    assert [(w.start_us, w.end_us) for w in found] == fitted
    assert [w.text for w in found] == [str(i) for i in range(len(given))]


def heard(language: str | None, speech_us: int, probability: float | None, text: str) -> Transcript:
    segments = (Segment(start_us=0, end_us=1, text=text),) if text else ()
    return Transcript(
        language=language,
        language_probability=probability,
        model="m",
        revision="r",
        speech_us=speech_us,
        segments=segments,
    )


def test_a_videos_language_is_the_one_that_most_speech_is_in():
    parts = [
        heard("cy", 3_000_000, 0.3, "short"),
        heard(None, 0, None, ""),
        heard("en", 2_000_000, 0.8, "one"),
        heard("en", 5_000_000, 0.9, "two"),
    ]
    whole = merge_transcripts(parts, model="m", revision="r")
    assert (whole.language, whole.language_probability) == ("en", 0.9)
    assert whole.speech_us == 10_000_000
    assert [segment.text for segment in whole.segments] == ["short", "one", "two"]


@pytest.mark.parametrize("parts", [[], [heard(None, 0, None, "")]])
def test_a_video_in_which_nobody_speaks_has_no_language(parts):
    whole = merge_transcripts(parts, model="m", revision="r")
    assert whole == Transcript(language=None, model="m", revision="r")
