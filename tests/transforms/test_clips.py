"""A scanned, transcribed video becomes clips."""

import dataclasses
import pickle

import pydantic
import pytest

from interlink.schemas.clip import Clip, Flag
from interlink.schemas.ids import clip_id
from interlink.schemas.source import GivenSpan, Source
from interlink.schemas.text import SegmentFlag, TextKind
from interlink.transforms.base import RejectRecord
from interlink.transforms.clips import ChooseClips, in_order

SECOND = 1_000_000


def test_clips_carry_ids_spans_and_their_video_without_scan_and_transcript(records):
    video = records.video(5, 12, segments=[records.segment(1, "hello there")])
    first, second = ChooseClips().process(video)
    assert isinstance(first, Clip)
    assert first.clip_id == clip_id(video.video_id, 0, 5 * SECOND)
    assert (second.start_us, second.end_us) == (5 * SECOND, 12 * SECOND)
    assert first.video.scan is None
    assert first.video.transcript is None
    assert first.video.file == video.file
    assert (first.duration_us, first.video_end_us) == (12 * SECOND, 12 * SECOND)
    assert [(clip.number, clip.num_clips) for clip in (first, second)] == [(0, 2), (1, 2)]


def test_duration_is_the_presentation_span_where_a_video_starts_late(records):
    (clip,) = ChooseClips().process(records.video(8, start_s=3))
    assert (clip.start_us, clip.duration_us, clip.video_end_us) == (
        3 * SECOND,
        5 * SECOND,
        8 * SECOND,
    )


def test_each_frame_of_the_set_lies_in_one_clip(records):
    video = records.video(5, 12, 30)
    clips = list(ChooseClips().process(video))
    assert tuple(frame for clip in clips for frame in clip.frames) == video.scan.frames
    assert [len(clip.frames) for clip in clips] == [10, 14, 36]


def test_speech_language_and_model_are_copied(records):
    video = records.video(5, 12, segments=[records.segment(1, "a b"), records.segment(6, "c")])
    first, second = ChooseClips().process(video)
    assert [word.text for word in first.words] == ["a", "b"]
    assert [segment.text for segment in second.speech] == ["c"]
    assert (first.language, first.language_probability) == ("en", 0.98)
    assert (first.speech_model, first.speech_revision) == ("base", "905e5bf8336b")


def test_words_of_a_left_out_leftover_lie_in_the_gap_before_the_next_clip(records):
    video = records.video(19.5, 20.5, 40, segments=[records.segment(19.6, "lost?")])
    first, second = ChooseClips().process(video)
    assert first.gap_before is None
    assert [word.text for word in second.gap_before.words] == ["lost?"]
    assert second.gap_after is None


def test_words_after_the_last_clip_lie_in_its_gap_after(records):
    source = Source(
        source_id="s",
        uri="a.mp4",
        spans=(
            GivenSpan(start_us=0, end_us=2 * SECOND),
            GivenSpan(start_us=3 * SECOND, end_us=5 * SECOND),
        ),
    )
    video = records.video(20, source=source, segments=[records.segment(9, "the end")])
    first, last = ChooseClips().process(video)
    assert first.gap_after is None
    assert [word.text for word in last.gap_after.words] == ["the", "end"]


def test_given_spans_overrule_the_policy_and_bring_their_captions(records):
    source = Source(
        source_id="s",
        uri="a.mp4",
        captions=("All of it.",),
        spans=(
            GivenSpan(start_us=SECOND, end_us=2 * SECOND, captions=(" A bowl. ", "  ")),
            GivenSpan(start_us=4 * SECOND, end_us=99 * SECOND),
        ),
    )
    first, second = ChooseClips().process(records.video(5, 12, 30, source=source))
    assert (first.start_us, first.end_us) == (SECOND, 2 * SECOND)  # below the policy's minimum
    assert second.end_us == 30 * SECOND  # above its maximum, and clamped
    assert [(c.kind, c.text, c.start_us, c.end_us) for c in first.captions] == [
        (TextKind.GIVEN, "All of it.", 0, 30 * SECOND),
        (TextKind.GIVEN, "A bowl.", SECOND, 2 * SECOND),
    ]
    assert second.captions == ()


def test_a_video_without_a_clip_is_too_short(records):
    with pytest.raises(RejectRecord, match="too_short") as rejection:
        list(ChooseClips().process(records.video(1.0)))
    assert rejection.value.value == 1.0
    outside = Source(source_id="s", uri="a", spans=(GivenSpan(start_us=90, end_us=91),))
    video = records.video(8, start_s=3, source=outside)
    assert list(ChooseClips().process(video)) == []


def test_flags_say_what_is_known(records):
    doubtful = records.segment(1, "um", flags=(SegmentFlag.LOW_CONFIDENCE,))
    torn = records.segment(3.0, "a b c d e f g h")  # 2.0 of 3.9 s lie before the cut at 5 s
    video = records.video(5, 12, 18, segments=[doubtful, torn], corrupt=2)
    first, second, third = ChooseClips().process(video)
    assert first.flags == (
        Flag.LOW_CONFIDENCE_SPEECH,
        Flag.SPLIT_SENTENCE,
        Flag.CORRUPT_FRAMES,
    )
    assert second.flags == (Flag.SPLIT_SENTENCE, Flag.CORRUPT_FRAMES)
    assert third.flags == (Flag.NO_SPEECH, Flag.CORRUPT_FRAMES)


def test_no_speech_is_claimed_only_where_somebody_listened_or_there_is_no_sound(records):
    (unheard,) = ChooseClips().process(records.video(5))
    (silent,) = ChooseClips().process(records.video(5, has_audio=False))
    assert unheard.flags == ()
    assert silent.flags == (Flag.NO_AUDIO, Flag.NO_SPEECH)


def test_a_video_that_was_not_scanned_is_refused(records):
    video = dataclasses.replace(records.video(5), scan=None)
    with pytest.raises(ValueError, match="has no scan: run the scan step first"):
        list(ChooseClips().process(video))


def test_the_policy_is_validated_when_it_is_made():
    with pytest.raises(ValueError, match=r"max_duration_s=3\.0 must be at least twice"):
        ChooseClips(max_duration_s=3.0)


def test_a_recipe_s_section_is_checked_against_the_fields():
    adapter = pydantic.TypeAdapter(ChooseClips)
    assert adapter.validate_python({"max_duration_s": 30}) == ChooseClips(max_duration_s=30)
    with pytest.raises(pydantic.ValidationError, match="max_duration_seconds"):
        adapter.validate_python({"max_duration_seconds": 30})


def test_the_transform_pickles_and_its_digest_follows_its_fields():
    chooser = ChooseClips(min_duration_s=1.5)
    assert pickle.loads(pickle.dumps(chooser)) == chooser
    assert chooser.digest() != ChooseClips().digest()


def test_flags_are_put_in_the_order_of_the_list():
    assert in_order([Flag.NO_SPEECH, Flag.NO_AUDIO, Flag.NO_SPEECH]) == (
        Flag.NO_AUDIO,
        Flag.NO_SPEECH,
    )
