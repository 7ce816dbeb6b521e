"""From a video to its clips: spans, frames, words, given texts, flags. No pixel is touched."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..schemas.clip import Clip, Flag
from ..schemas.ids import clip_id
from ..schemas.outcome import RejectionReason
from ..schemas.text import Caption, TextKind
from ..schemas.video import Scan, Video
from .base import Expand, RejectRecord
from .clip_policy import Limits, Span, choose_spans, find_pauses, given_spans
from .frames import evenly_spaced, frames_between
from .words import ClipSpeech, assign_speech, to_gap

__all__ = ["ChooseClips", "evenly_spaced", "in_order"]


@dataclass(kw_only=True)
class ChooseClips(Expand[Video, Clip]):
    """Choose the clips of a video by policy, or take those that its source gives.

    The policy starts from the shots: long ones are split, at pauses of the speech where there are
    any, short ones are merged with a neighbour, across the weakest boundary first. What is still
    too short is left out; its words become a gap. A video that is shorter than `min_duration_s` is
    rejected as `too_short`. Given spans overrule all of this.

    Each clip gets all frames of the frame set that begin inside it; who shows them picks a few with
    `evenly_spaced`. Texts given with a span go to its clip; texts given for the whole source go to
    the first clip alone, with the video's own span as theirs.

    Raises:
        ValueError: a duration is not positive, or the maximum is less than twice the minimum.
    """

    min_duration_s: float = 2.0
    """Shortest clip; the same as in Panda-70M, Cosmos-Curate and Open-Sora."""
    max_duration_s: float = 20.0
    """Longest clip: eight frames then lie at most 2.5 s apart."""
    min_silence_s: float = 0.3
    """Shortest pause between words that a long shot may be split in; a breath is about as long."""

    def __post_init__(self) -> None:
        self._limits()

    def process(self, record: Video) -> Iterator[Clip]:
        """Yield the clips of one scanned video in time order.

        Raises:
            ValueError: the video was not scanned.
        """
        scan = record.scan
        if scan is None:
            raise ValueError(f"video {record.video_id} has no scan: run the scan step first")
        segments = record.transcript.segments if record.transcript else ()
        limits = self._limits()
        if record.source.spans:
            spans = given_spans(record.source.spans, scan.start_us, scan.end_us)
        else:
            pauses = find_pauses(segments, limits.min_silence_us)
            spans = choose_spans(scan.shots, scan.boundaries, pauses, limits)
            if not spans:
                duration_s = (scan.end_us - scan.start_us) / 1_000_000
                raise RejectRecord(RejectionReason.TOO_SHORT, value=duration_s)
        speech, gap_after = assign_speech([(s.start_us, s.end_us) for s in spans], segments)
        for n, (span, said) in enumerate(zip(spans, speech, strict=True)):
            clip = replace(_clip(record, scan, span, said), number=n, num_clips=len(spans))
            if n == 0:
                captions = _given(record.source.captions, scan.start_us, scan.end_us)
                clip = replace(clip, captions=captions + clip.captions)
            yield clip if n < len(spans) - 1 else replace(clip, gap_after=gap_after)

    def _limits(self) -> Limits:
        return Limits(
            min_us=round(self.min_duration_s * 1_000_000),
            max_us=round(self.max_duration_s * 1_000_000),
            min_silence_us=round(self.min_silence_s * 1_000_000),
        )


def in_order(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    """Return each of `flags` once, in the order of the closed list."""
    wanted = set(flags)
    return tuple(flag for flag in Flag if flag in wanted)


def _clip(video: Video, scan: Scan, span: Span, said: ClipSpeech) -> Clip:
    transcript = video.transcript
    return Clip(
        clip_id=clip_id(video.video_id, span.start_us, span.end_us),
        video_id=video.video_id,
        start_us=span.start_us,
        end_us=span.end_us,
        boundary=span.boundary,
        video=replace(video, scan=None, transcript=None),
        duration_us=scan.end_us - scan.start_us,
        video_end_us=scan.end_us,
        frames=frames_between(scan.frames, span.start_us, span.end_us),
        words=said.words,
        speech=tuple(said.segments),
        gap_before=to_gap(said.gap),
        language=transcript.language if transcript else None,
        language_probability=transcript.language_probability if transcript else None,
        speech_model=transcript.model if transcript else None,
        speech_revision=transcript.revision if transcript else None,
        captions=_given(span.captions, span.start_us, span.end_us),
        flags=in_order(_flags(video, scan, said)),
    )


def _flags(video: Video, scan: Scan, said: ClipSpeech) -> Iterator[Flag]:
    if scan.audio_stream is None:
        yield Flag.NO_AUDIO
    # Without a transcript nobody listened, so nobody can say that it is silent.
    if not said.segments and (video.transcript is not None or scan.audio_stream is None):
        yield Flag.NO_SPEECH
    if any(segment.flags for segment in said.segments):
        yield Flag.LOW_CONFIDENCE_SPEECH
    if said.is_split:
        yield Flag.SPLIT_SENTENCE
    if scan.coverage.num_frames_corrupt:
        yield Flag.CORRUPT_FRAMES


def _given(texts: Iterable[str], start_us: int, end_us: int) -> tuple[Caption, ...]:
    """Return given texts as captions of `[start_us, end_us)`; blank ones are left out."""
    return tuple(
        Caption(kind=TextKind.GIVEN, text=text.strip(), start_us=start_us, end_us=end_us)
        for text in texts
        if text.strip()
    )
