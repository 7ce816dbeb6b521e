"""Records of a run without what was taken down, and outcomes as if it had been known at once."""

from collections import Counter
from dataclasses import replace

from interlink.pipeline.dataset.takedown.records import (
    clean_clips,
    clean_outcomes,
    clean_videos,
    recount_documents,
    without_given_texts,
)
from interlink.schemas.clip import Flag
from interlink.schemas.denied import Denied
from interlink.schemas.outcome import Disposition, Outcome
from interlink.schemas.source import GivenSpan, Source
from interlink.schemas.text import Segment, Transcript
from interlink.schemas.video import Coverage, Frame, Scan, VideoStream

S = 1_000_000


def spans_of(*clips) -> Denied:
    return Denied(
        clips=frozenset(clip.clip_id for clip in clips),
        spans={clips[0].video_id: tuple((clip.start_us, clip.end_us) for clip in clips)},
    )


def scan_of(*frames: Frame) -> Scan:
    stream = VideoStream(
        index=0,
        codec="h264",
        pixel_format="yuv420p",
        width_px=64,
        height_px=36,
        rotation_degrees=0,
        frames_per_s=25.0,
        is_variable_rate=False,
    )
    coverage = Coverage(
        num_packets=100,
        num_frames_declared=100,
        num_frames_decoded=100,
        num_frames_corrupt=0,
        num_keyframes=4,
        declared_duration_us=None,
        max_gap_us=40_000,
    )
    return Scan(
        container="mov",
        start_us=0,
        end_us=10 * S,
        video_stream=stream,
        audio_stream=None,
        num_streams=1,
        coverage=coverage,
        shots=(),
        boundaries=(),
        frames=frames,
        audio=(),
    )


def outcome(name: str, stage: str = "s", owner: str | None = "a", **fields) -> Outcome:
    given = {"disposition": Disposition.KEPT, "num_outputs": 1}
    return Outcome(input_id=name, step="x", stage=stage, owner_id=owner, **(given | fields))


def test_videos_and_clips_of_what_was_taken_down_go(make_clips):
    one, other = make_clips(2, name="a"), make_clips(2, name="b")
    for denied in (
        Denied(videos=frozenset({one[0].video_id})),
        Denied(sources=frozenset({one[0].video.source.source_id})),
    ):
        assert list(clean_clips([*one, *other], denied)) == other
        assert list(clean_videos([one[0].video, other[0].video], denied)) == [other[0].video]


def test_a_clip_whose_file_shows_one_that_goes_loses_its_file(make_clips):
    first, second, third = (make_clips.with_file(clip) for clip in make_clips(3))
    flagged = replace(second, flags=(Flag.MEDIA_LEAD_IN,))
    before = replace(first, end_us=second.start_us)  # it reaches into the lead-in of the second
    left = list(clean_clips([before, flagged, third], spans_of(before)))
    assert [clip.clip_id for clip in left] == [second.clip_id, third.clip_id]
    assert (left[0].file, left[0].flags) == (None, ())
    assert left[1].file == third.file


def test_a_video_that_loses_a_clip_loses_its_frames_sentences_and_given_texts(make_clips):
    first, second = make_clips(2)
    segments = tuple(
        Segment(start_us=at, end_us=at + S, text=text)
        for at, text in ((0, "first"), (first.end_us - 1, "across"), (second.start_us, "second"))
    )
    video = replace(
        first.video,
        source=replace(first.video.source, captions=("all of it",)),
        scan=scan_of(*first.frames, *second.frames),
        transcript=Transcript(language="en", model="m", revision="r", segments=segments),
    )
    [cleaned] = clean_videos([video], spans_of(first))
    assert cleaned.scan.frames == second.frames
    assert [segment.text for segment in cleaned.transcript.segments] == ["second"]
    assert cleaned.source.captions == ()
    [same] = clean_videos([video], Denied(videos=frozenset({"another"})))
    assert same is video


def test_given_spans_stay_without_a_word_on_the_one_that_goes(make_clips):
    first, second = make_clips(2)
    spans = tuple(
        GivenSpan(start_us=clip.start_us, end_us=clip.end_us, captions=("text",))
        for clip in (first, second)
    )
    source = Source(source_id="s", uri="u", spans=spans)
    cleaned = without_given_texts(source, first.video_id, spans_of(first))
    assert [span.captions for span in cleaned.spans] == [(), ("text",)]


def test_a_source_ends_where_it_came_in_and_nothing_later_is_told_of_it():
    outcomes = [
        outcome("a", "fetch", message="https://host/secret"),
        outcome("b", "fetch", "b"),
        outcome("a", "check", value=3.0),
    ]
    denied = Denied(sources=frozenset({"a"}))
    cleaned = clean_outcomes(outcomes, ["fetch", "check"], denied)
    gone = Outcome(
        input_id="a",
        step="x",
        stage="fetch",
        disposition=Disposition.REJECTED,
        code="taken_down",
        owner_id="a",
    )
    assert cleaned == [gone, outcomes[1]]
    assert clean_outcomes(cleaned, ["fetch", "check"], denied) == cleaned


def test_later_steps_know_nothing_of_its_video_and_clips():
    outcomes = [outcome("video-a"), outcome("clip-a"), outcome("video-b", owner="b")]
    assert clean_outcomes(outcomes, ["s"], Denied(sources=frozenset({"a"}))) == outcomes[2:]


def test_a_clip_ends_after_the_stage_that_chose_it():
    outcomes = [
        outcome("v", "clips", num_outputs=2),
        outcome("c1", "scores"),
        outcome("c2", "scores"),
        outcome("c1", "filters"),
        outcome("c2", "filters"),
    ]
    denied = Denied(clips=frozenset({"c1"}))
    cleaned = clean_outcomes(outcomes, ["clips", "scores", "filters"], denied)
    fates = [(one.input_id, one.stage, one.disposition.value) for one in cleaned]
    assert fates == [
        ("v", "clips", "kept"),
        ("c1", "scores", "rejected"),
        ("c2", "scores", "kept"),
        ("c2", "filters", "kept"),
    ]
    # In the next step it does not come in at all.
    assert clean_outcomes([outcome("c1"), outcome("c2")], ["s"], denied) == [outcome("c2")]


def test_documents_count_at_the_first_clip_that_is_left_of_their_video():
    outcomes = [
        outcome("c2", num_outputs=0),
        outcome("c3", num_outputs=0),
        outcome("d1", owner="b", num_outputs=1),
        outcome("e1", owner="c", disposition=Disposition.REJECTED, num_outputs=0),
    ]
    recounted = recount_documents(outcomes, "s", Counter({"a": 2, "b": 1}))
    assert [one.num_outputs for one in recounted] == [2, 0, 1, 0]
