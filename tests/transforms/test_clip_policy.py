"""The clip policy: what is split, merged, left out, on hand-made and on seeded random shots."""

import itertools
import random

import pytest

from interlink.schemas.source import GivenSpan
from interlink.schemas.video import BoundaryKind
from interlink.transforms.clip_policy import (
    Limits,
    Pauses,
    choose_spans,
    find_pauses,
    given_spans,
)

SECOND = 1_000_000
LIMITS = Limits(min_us=2 * SECOND, max_us=20 * SECOND, min_silence_us=300_000)


def spans_of(shots_and_boundaries, pauses=Pauses(), limits=LIMITS):  # noqa: B008  (frozen)
    return choose_spans(*shots_and_boundaries, pauses, limits)


def seconds(spans):
    return [(span.start_us / SECOND, span.end_us / SECOND) for span in spans]


def test_shots_of_fitting_length_become_clips_as_they_are(records):
    spans = spans_of(records.shots(5, 12, 30, score=(0.9, 0.7)))
    assert seconds(spans) == [(0, 5), (5, 12), (12, 30)]
    assert [span.boundary.score for span in spans] == [0.9, 0.7, 0.7]
    assert spans[0].boundary.start_kind is BoundaryKind.START
    assert spans[0].boundary.end_kind is BoundaryKind.CUT
    assert spans[2].boundary.end_kind is BoundaryKind.END


def test_a_shot_of_exactly_the_maximum_is_not_split(records):
    assert seconds(spans_of(records.shots(20))) == [(0, 20)]


def test_a_long_shot_without_speech_is_split_evenly_with_score_0(records):
    spans = spans_of(records.shots(50))
    assert [span.end_us for span in spans] == [16_666_666, 33_333_333, 50_000_000]
    assert [span.boundary.end_kind for span in spans] == ["even", "even", "end"]
    assert [span.boundary.score for span in spans] == [0.0, 0.0, 0.0]


def test_a_long_shot_is_split_in_the_pause_nearest_to_the_even_split(records):
    pauses = Pauses(words=((3 * SECOND, 4 * SECOND), (13_000_000, 13_400_000), (17 * SECOND,) * 2))
    (first, second) = spans_of(records.shots(30), pauses)
    assert first.end_us == 13_250_000  # half the least pause away from the next word
    assert (first.boundary.end_kind, second.boundary.start_kind) == ("silence", "silence")
    assert first.boundary.score == pytest.approx(0.4)


def test_a_pause_between_sentences_goes_before_a_nearer_one_between_words(records):
    pauses = Pauses(
        sentences=((11 * SECOND, 12 * SECOND),),
        words=((11 * SECOND, 12 * SECOND), (15 * SECOND, 16 * SECOND)),
    )
    assert seconds(spans_of(records.shots(30), pauses)) == [(0, 11.85), (11.85, 30)]


def test_a_pause_too_near_to_an_end_is_not_used(records):
    pauses = Pauses(words=((1 * SECOND, 2 * SECOND), (28_500_000, 29_500_000)))
    assert seconds(spans_of(records.shots(30), pauses)) == [(0, 15), (15, 30)]


def test_pauses_are_what_lies_between_words_and_around_them(records):
    segments = [records.segment(1.0, "a b"), records.segment(4.0, "c")]
    pauses = find_pauses(segments, 300_000)
    assert [p for p in pauses.sentences if p[0] > 0] == [(1_900_000, 4_000_000), pauses.words[-1]]
    assert pauses.words[0][1] == 1_000_000  # before the first word
    assert find_pauses(segments, 50_000).words[1] == (1_400_000, 1_500_000)


def test_without_a_transcript_there_are_no_pauses_but_even_splits():
    assert find_pauses([], 300_000) == Pauses()


def test_a_short_shot_is_merged_across_the_weaker_boundary(records):
    assert seconds(spans_of(records.shots(6, 7, 13, score=(0.9, 0.5)))) == [(0, 6), (6, 13)]
    assert seconds(spans_of(records.shots(6, 7, 13, score=(0.5, 0.9)))) == [(0, 7), (7, 13)]


def test_between_equal_boundaries_a_short_shot_goes_to_the_shorter_neighbour(records):
    assert seconds(spans_of(records.shots(6, 7, 11))) == [(0, 6), (6, 11)]


def test_a_short_shot_goes_to_the_other_neighbour_if_the_first_would_become_too_long(records):
    assert seconds(spans_of(records.shots(19.5, 20.5, 26, score=(0.1, 0.9)))) == [
        (0, 19.5),
        (19.5, 26),
    ]


def test_a_short_shot_between_full_ones_is_left_out(records):
    assert seconds(spans_of(records.shots(19.5, 20.5, 40))) == [(0, 19.5), (20.5, 40)]


def test_many_short_shots_merge_into_clips(records):
    spans = spans_of(records.shots(*[n * 0.5 for n in range(1, 21)]))
    assert spans[0].start_us == 0
    assert spans[-1].end_us == 10 * SECOND
    assert all(span.end_us - span.start_us >= 2 * SECOND for span in spans)


def test_a_video_shorter_than_the_minimum_has_no_clip(records):
    assert spans_of(records.shots(1.9)) == ()
    assert spans_of(records.shots(0.8, 1.9)) == ()
    assert spans_of(((), ())) == ()


@pytest.mark.parametrize("seed", range(30))
def test_clips_of_random_videos_keep_every_promise(records, seed):
    rng = random.Random(seed)
    limits = Limits(
        min_us=rng.randrange(500_000, 3 * SECOND),
        max_us=rng.randrange(6 * SECOND, 30 * SECOND),
        min_silence_us=300_000,
    )
    lengths = [rng.choice((0.05, 0.7, 3, 9, 40, 200)) * rng.random() + 0.04 for _ in range(60)]
    ends = [round(end, 6) for end in itertools.accumulate(lengths, initial=1.5)][1:]
    shots, boundaries = records.shots(
        *ends, start_s=1.5, score=[rng.random() for _ in range(len(ends) - 1)]
    )
    words = [records.segment(t, "one two three") for t in range(2, int(ends[-1]), 5)]
    pauses = find_pauses(words, limits.min_silence_us)

    spans = choose_spans(shots, boundaries, pauses, limits)

    assert spans == choose_spans(shots, boundaries, pauses, limits)
    for span in spans:
        assert limits.min_us <= span.end_us - span.start_us <= limits.max_us
    gaps = [(shots[0].start_us, spans[0].start_us)]
    gaps += [(a.end_us, b.start_us) for a, b in itertools.pairwise(spans)]
    gaps += [(spans[-1].end_us, shots[-1].end_us)]
    cuts = {shot.start_us for shot in shots} | {shots[-1].end_us}
    for start, end in gaps:
        assert 0 <= end - start < limits.min_us  # never overlapping; only leftovers are left out
        assert {start, end} <= cuts or start == end
    spoken = [(w.start_us, w.end_us) for s in words for w in s.words]
    for span in spans:
        if span.boundary.end_kind is BoundaryKind.SILENCE:
            assert not any(start < span.end_us < end for start, end in spoken)


def test_given_spans_are_clamped_sorted_and_joined_when_equal():
    given = (
        GivenSpan(start_us=8 * SECOND, end_us=99 * SECOND, captions=("b", "c")),
        GivenSpan(start_us=-5, end_us=3 * SECOND, captions=("a",)),
        GivenSpan(start_us=8 * SECOND, end_us=10 * SECOND, captions=("c", "d")),
        GivenSpan(start_us=10 * SECOND, end_us=12 * SECOND, captions=("outside",)),
    )
    spans = given_spans(given, 1 * SECOND, 10 * SECOND)
    assert seconds(spans) == [(1, 3), (8, 10)]
    assert [span.captions for span in spans] == [("a",), ("b", "c", "d")]
    assert {span.boundary.start_kind for span in spans} == {BoundaryKind.GIVEN}


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"min_us": 0}, r"min_duration_s=0.0 must be > 0"),
        ({"max_us": 3 * SECOND}, r"max_duration_s=3.0 must be at least twice min_duration_s=2.0"),
        ({"min_silence_us": 0}, r"min_silence_s=0.0 must be > 0"),
    ],
)
def test_limits_that_cannot_be_kept_are_refused(limits, message):
    valid = {"min_us": 2 * SECOND, "max_us": 20 * SECOND, "min_silence_us": 300_000}
    with pytest.raises(ValueError, match=message):
        Limits(**{**valid, **limits})
