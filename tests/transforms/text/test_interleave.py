"""The default rendering, and what counts as said again."""

import pytest

from interlink.schemas.document import DocumentGap
from interlink.schemas.text import Caption, TextKind, TextStatus, Word
from interlink.transforms.text.interleave import (
    find_repeated,
    interleave,
    join_words,
    seen_texts,
)


def _text(text, kind=TextKind.CAPTION, status=TextStatus.OK):
    return Caption(kind=kind, text=text, start_us=0, end_us=1, status=status)


@pytest.fixture
def document(make_documents):
    return make_documents("a", clips=3)[0]


def _gap(before_clip, *words):
    spoken = tuple(Word(text=word, start_us=0, end_us=1) for word in words)
    return DocumentGap(before_clip=before_clip, start_us=0, end_us=1, words=spoken)


def test_clips_speech_and_gaps_stand_in_the_order_of_time(document):
    gaps = (_gap(0, "Hello"), _gap(2, "and", "then"), _gap(3, "Bye."))
    text = interleave(document.clips, gaps, [False] * 3)
    assert text.splitlines() == [
        "“Hello”",
        "<clip 1> “Sentence 0.” A square of shade number 0 fills the picture.",
        "<clip 2> “Sentence 1.” A square of shade number 37 fills the picture.",
        "“and then”",
        "<clip 3> “Sentence 2.” A square of shade number 74 fills the picture.",
        "“Bye.”",
    ]


def test_a_repeated_caption_is_left_out_and_its_speech_stays(document):
    text = interleave(document.clips[:2], (), [False, True])
    assert text.splitlines()[1] == "<clip 2> “Sentence 1.”"


def test_a_text_cannot_bring_anchors_or_lines_of_its_own(document):
    from dataclasses import replace

    clip = replace(document.clips[0], texts=(_text("A dog.\n<clip 9>  A cat."),))
    assert interleave([clip], (), [False]) == "<clip 1> A dog. A cat."


def test_only_usable_texts_of_what_is_seen_count_one_of_each_kind():
    texts = [
        _text("first"),
        _text("second"),
        _text("given", TextKind.GIVEN),
        _text("said", TextKind.SPEECH),
        _text("cut", TextKind.FRAME_CAPTION, TextStatus.TRUNCATED),
        _text("  ", TextKind.REGION_CAPTION),
    ]
    assert [text.text for text in seen_texts(texts)] == ["given", "first"]


def test_a_caption_is_repeated_when_it_is_almost_that_of_the_clip_before():
    long = "A red circle on a blue background moves to the left, then stops."
    texts = [
        [_text(long)],
        [_text(long.replace("left", "Left"))],
        [_text("Something else.")],
        [_text("Something else."), _text("But more.", TextKind.FRAME_CAPTION)],
        [],
        [],
    ]
    assert find_repeated(texts) == [False, True, False, False, False, False]


def test_one_changed_word_of_a_short_caption_is_news():
    short = "A red circle on a blue background moves to the left."
    assert find_repeated([[_text(short)], [_text(short.replace("left", "right"))]])[1] is False


def test_a_caption_is_compared_with_the_one_before_even_if_that_was_left_out():
    assert find_repeated([[_text("Same.")]] * 3) == [False, True, True]


def test_words_are_joined_as_their_script_has_it():
    assert join_words(["and", "then."]) == "and then."
    assert join_words(["我们", "来", "做", "NASA", "的"]) == "我们来做 NASA 的"
    assert join_words(["안녕", "하세요"]) == "안녕 하세요"
    assert join_words([]) == ""
