"""Records of a run without what was taken down: videos, clips, outcomes, sources of a plan."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ....schemas.clip import Clip, Flag
from ....schemas.denied import Denied
from ....schemas.outcome import Disposition, Outcome, RejectionReason
from ....schemas.source import Source
from ....schemas.video import Video


def clean_videos(videos: Iterable[Video], denied: Denied) -> Iterator[Video]:
    """Yield the videos that stay; of one that loses a clip the frames and words of it go."""
    for video in videos:
        if video.video_id in denied.videos or video.source.source_id in denied.sources:
            continue
        yield _without_spans(video, denied) if video.video_id in denied.spans else video


def clean_clips(clips: Iterable[Clip], denied: Denied) -> Iterator[Clip]:
    """Yield the clips that stay; one whose file shows a clip that goes loses its file."""
    for clip in clips:
        video = clip.video
        if video.source.source_id in denied.sources or denied.has_clip(
            clip.clip_id, clip.video_id, clip.start_us, clip.end_us
        ):
            continue
        if clip.video_id not in denied.spans:
            yield clip
            continue
        if clip.file is not None and denied.has_span(
            clip.video_id, clip.start_us - clip.file.lead_in_us, clip.file.end_us
        ):
            flags = tuple(flag for flag in clip.flags if flag is not Flag.MEDIA_LEAD_IN)
            clip = replace(clip, file=None, flags=flags)
        source = without_given_texts(video.source, clip.video_id, denied)
        yield replace(clip, video=replace(video, source=source))


def without_given_texts(source: Source, video_id: str, denied: Denied) -> Source:
    """Return a source whose given spans stay, but without a word on those that were taken down.

    What was given for the whole video tells of the clip too, and goes.
    """
    spans = tuple(
        replace(span, captions=())
        if denied.has_span(video_id, span.start_us, span.end_us)
        else span
        for span in source.spans
    )
    return replace(source, spans=spans, captions=())


def clean_outcomes(
    outcomes: Sequence[Outcome], stages: Sequence[str], denied: Denied
) -> list[Outcome]:
    """Return the outcomes as they would be if it had been known: rejected where it first came in.

    Args:
        outcomes: those of one part in one step, in order.
        stages: names of the step's stages, in order.
        denied: what was taken down.
    """
    cleaned: list[Outcome] = []
    has_ended: set[str] = set()
    for outcome in outcomes:
        source = outcome.owner_id or outcome.input_id
        is_gone = source in denied.sources or outcome.input_id in denied.videos
        is_clip = outcome.input_id in denied.clips
        if not is_gone and not is_clip:
            cleaned.append(outcome)
        # A source comes in from the plan, a clip from a stage before, in the step that chose it.
        elif outcome.input_id not in has_ended and (
            outcome.input_id == source if is_gone else outcome.stage != stages[0]
        ):
            has_ended.add(outcome.input_id)
            cleaned.append(_taken_down(outcome))
    return cleaned


def recount_documents(
    outcomes: Sequence[Outcome], stage: str, num_documents: Counter[str]
) -> list[Outcome]:
    """Return outcomes with the documents of each source counted where the runtime counts them.

    Args:
        outcomes: those of one part in the step that makes documents.
        stage: the stage that does.
        num_documents: documents that are left, by source.
    """
    counted: set[str | None] = set()
    recounted = []
    for outcome in outcomes:
        if outcome.stage == stage and outcome.disposition is Disposition.KEPT:
            is_first = outcome.owner_id not in counted  # a group counts once, at its first member
            counted.add(outcome.owner_id)
            number = num_documents[outcome.owner_id or ""] if is_first else 0
            outcome = replace(outcome, num_outputs=number)
        recounted.append(outcome)
    return recounted


def _taken_down(outcome: Outcome) -> Outcome:
    """Return what is left to say of an input: its id, and that it is not here on request."""
    return Outcome(
        input_id=outcome.input_id,
        step=outcome.step,
        stage=outcome.stage,
        disposition=Disposition.REJECTED,
        code=RejectionReason.TAKEN_DOWN.value,
        owner_id=outcome.owner_id,
    )


def _without_spans(video: Video, denied: Denied) -> Video:
    """Return a video without the frames and words of clips that were taken down."""
    source = without_given_texts(video.source, video.video_id, denied)
    scan, transcript = video.scan, video.transcript
    if scan is not None:
        frames = tuple(f for f in scan.frames if not denied.has_time(video.video_id, f.time_us))
        scan = replace(scan, frames=frames)
    if transcript is not None:
        # A sentence that only touches the span goes too: nobody knows how much of it is of it.
        segments = tuple(
            segment
            for segment in transcript.segments
            if not denied.has_span(video.video_id, segment.start_us, segment.end_us)
        )
        transcript = replace(transcript, segments=segments)
    return replace(video, source=source, scan=scan, transcript=transcript)
