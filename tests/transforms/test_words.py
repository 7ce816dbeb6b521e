"""Words to clips: by hand, and as properties of seeded random transcripts."""

import collections
import itertools
import random

import pytest

from interlink.schemas.text import Segment, Word
from interlink.transforms.words import assign_speech

SECOND = 1_000_000
TWO_CLIPS = [(0, 5 * SECOND), (5 * SECOND, 10 * SECOND)]


def texts(clip):
    return [segment.text for segment in clip.segments]


def test_a_sentence_inside_one_clip_stays_whole(records):
    clips, after = assign_speech(TWO_CLIPS, [records.segment(1, "all in one.")])
    assert [texts(clip) for clip in clips] == [["all in one."], []]
    assert [word.text for word in clips[0].words] == ["all", "in", "one."]
    assert after is None


def test_a_sentence_goes_whole_to_the_clip_that_holds_60_percent(records):
    # Ten words from 2.0 to 6.9: 3.0 of 4.9 s lie in the first clip, 61 %.
    sentence = records.segment(2, "a b c d e f g h i j")
    clips, _ = assign_speech(TWO_CLIPS, [sentence])
    assert clips[0].segments == [sentence]
    assert not clips[0].is_split
    assert clips[1].segments == []


def test_a_sentence_of_two_halves_is_divided_at_word_midpoints(records):
    sentence = records.segment(2.6, "a b c d e f g h i j")
    clips, _ = assign_speech(TWO_CLIPS, [sentence])
    assert [texts(clip) for clip in clips] == [["a b c d e"], ["f g h i j"]]
    assert [clip.is_split for clip in clips] == [True, True]
    first, second = clips[0].segments[0], clips[1].segments[0]
    assert (first.start_us, first.end_us) == (2_600_000, 5_000_000)
    assert (second.start_us, second.end_us) == (5_100_000, 7_500_000)


def test_a_part_keeps_the_sentence_s_own_spacing_and_numbers():
    words = tuple(
        Word(text=text, start_us=n * SECOND, end_us=(n + 1) * SECOND)
        for n, text in enumerate(["把", "面粉", "倒", "进去。"], start=3)
    )
    sentence = Segment(
        start_us=3 * SECOND,
        end_us=7 * SECOND,
        text="把面粉倒进去。",
        words=words,
        avg_logprob=-0.2,
    )
    clips, _ = assign_speech(TWO_CLIPS, [sentence])
    assert [texts(clip) for clip in clips] == [["把面粉"], ["倒进去。"]]
    assert clips[1].segments[0].avg_logprob == -0.2


def test_a_part_is_joined_by_spaces_where_text_and_words_do_not_agree(records):
    sentence = records.segment(2.6, "a b c d e f g h i j")
    odd = Segment(
        start_us=sentence.start_us, end_us=sentence.end_us, text="?", words=sentence.words
    )
    clips, _ = assign_speech(TWO_CLIPS, [odd])
    assert texts(clips[0]) == ["a b c d e"]


def test_words_between_clips_lie_in_a_gap_and_nowhere_else(records):
    spans = [(0, 2 * SECOND), (6 * SECOND, 8 * SECOND)]
    segments = [records.segment(3, "in between."), records.segment(9, "at the end.")]
    clips, after = assign_speech(spans, segments)
    assert [word.text for word in clips[1].gap] == ["in", "between."]
    assert [word.text for word in after.words] == ["at", "the", "end."]
    assert (after.start_us, after.end_us) == (9_000_000, 10_400_000)
    assert clips[0].gap == []


def test_a_sentence_half_in_a_gap_is_split(records):
    clips, after = assign_speech([(0, 5 * SECOND)], [records.segment(2.6, "a b c d e f g h i j")])
    assert texts(clips[0]) == ["a b c d e"]
    assert clips[0].is_split
    assert [word.text for word in after.words] == ["f", "g", "h", "i", "j"]


def test_overlapping_given_spans_share_no_word(records):
    spans = [(0, 6 * SECOND), (1 * SECOND, 3 * SECOND), (2 * SECOND, 9 * SECOND)]
    segments = [records.segment(1.2, "first"), records.segment(7, "last")]
    clips, _ = assign_speech(spans, segments)
    assert [texts(clip) for clip in clips] == [["first"], [], ["last"]]


def test_a_sentence_without_word_times_is_never_divided_and_never_lost():
    whole = Segment(start_us=4 * SECOND, end_us=7 * SECOND, text="No times here.")
    lost = Segment(start_us=20 * SECOND, end_us=22 * SECOND, text="After all clips.")
    clips, after = assign_speech(TWO_CLIPS, [whole, lost])
    assert [texts(clip) for clip in clips] == [[], ["No times here."]]
    assert clips[1].words == ()
    assert [word.text for word in after.words] == ["After all clips."]


def test_without_clips_all_speech_is_one_gap(records):
    clips, after = assign_speech([], [records.segment(1, "a b")])
    assert clips == []
    assert len(after.words) == 2


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("overlapping", [False, True])
def test_each_word_of_a_random_transcript_lies_in_one_clip_or_one_gap(seed, overlapping):
    rng = random.Random(seed)
    spans, segments = random_spans(rng, overlapping=overlapping), random_segments(rng)

    clips, after = assign_speech(spans, segments)

    placed = collections.Counter(
        word for clip in clips for word in itertools.chain(clip.words, clip.gap)
    )
    placed.update(after.words if after else ())
    spoken = collections.Counter(word for segment in segments for word in segment.words)
    assert placed == spoken
    for clip, (start, end) in zip(clips, spans, strict=True):
        for segment in clip.segments:
            is_whole = segment in segments
            inside = min(segment.end_us, end) - max(segment.start_us, start)
            midpoints = [(w.start_us + w.end_us) // 2 for w in segment.words]
            assert all(start <= m < end for m in midpoints) or (
                is_whole and inside >= 0.6 * (segment.end_us - segment.start_us)
            )
        assert [w.start_us for w in clip.words] == sorted(w.start_us for w in clip.words)


def random_spans(rng, *, overlapping):
    if overlapping:
        starts = sorted(rng.randrange(0, 60 * SECOND) for _ in range(8))
        return sorted({(s, s + rng.randrange(1, 15 * SECOND)) for s in starts})
    edges = sorted({rng.randrange(0, 60 * SECOND) for _ in range(16)})
    return [(a, b) for a, b in itertools.pairwise(edges) if rng.random() < 0.7]


def random_segments(rng):
    segments, at, number = [], 0, 0
    while at < 60 * SECOND:
        words = []
        for _ in range(rng.randrange(1, 12)):
            end = at + rng.randrange(0, 800_000)
            number += 1
            words.append(Word(text=f"w{number}", start_us=at, end_us=end, probability=0.5))
            at = end + rng.choice((0, 0, 100_000, 900_000))
        segments.append(
            Segment(
                start_us=words[0].start_us,
                end_us=words[-1].end_us,
                text=" ".join(word.text for word in words),
                words=tuple(words),
            )
        )
    return segments
