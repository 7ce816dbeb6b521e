"""Clips of one video to documents: windows, texts in time order, pictures in them, files beside.

A document without any text is kept: that is a score, not a decision, and its frames are worth
something to views that want them.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ...schemas import ids
from ...schemas.check import check_document
from ...schemas.clip import Clip, Flag
from ...schemas.content import content_sha256
from ...schemas.document import (
    SCHEMA_VERSION,
    Document,
    DocumentClip,
    DocumentFrame,
    DocumentGap,
    DocumentMedia,
    Image,
)
from ...schemas.lineage import Lineage
from ...schemas.text import Caption, Segment, SegmentFlag, TextKind, TextScores, TextStatus
from ..base import Gather, parameter
from ..clips import in_order
from ..frames import evenly_spaced
from .document_scores import document_scores, mean
from .document_source import describe_source, public_model, split_of
from .interleave import find_repeated, interleave, seen_texts
from .windows import divide_clips

_KIND_ORDER = {kind: index for index, kind in enumerate(TextKind)}


@dataclass(kw_only=True)
class AssembleDocuments(Gather[Clip, Document]):
    """Interleave the clips and texts of each video in time, in windows of bounded size.

    Clip files are copied into the part's media file, video by video in the order of the part, the
    clips of a video in time order.

    Raises:
        ValueError: a parameter is out of its range.
    """

    max_clips: int = 32
    """Most clips of one document."""
    max_duration_s: float = 600.0
    """Longest span of one document; a single clip may be longer."""
    frames_per_clip: int = 8
    """Most pictures of one clip, evenly spaced over its frames."""
    eval_share: float = 0.02
    """Share of the groups (channels, folders) whose documents are kept for evaluation."""
    keep_media: bool = True
    """Whether clip files go into the dataset; False where licenses forbid copies."""
    lineage: tuple[Lineage, ...] = parameter((), in_digest=False)
    """The steps behind the documents, as the run knows them."""

    def __post_init__(self) -> None:
        for name in ("max_clips", "frames_per_clip"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be >= 1")
        if self.max_duration_s <= 0:
            raise ValueError(f"max_duration_s={self.max_duration_s} must be > 0")
        if not 0 <= self.eval_share <= 1:
            raise ValueError(f"eval_share={self.eval_share} must lie in [0, 1]")

    def key(self, record: Clip) -> str:
        """Return the video of a clip."""
        return record.video_id

    def process_group(self, key: str, records: Sequence[Clip]) -> Iterable[Document]:
        """Yield the documents of the video `key`, in time order.

        Raises:
            ValueError: a document would break an invariant of `docs/format.md`.
        """
        clips = sorted(records, key=lambda clip: (clip.start_us, clip.end_us))
        windows = divide_clips(
            clips,
            max_clips=self.max_clips,
            max_duration_us=round(self.max_duration_s * 1e6),
        )
        before: Clip | None = None
        for sequence, window in enumerate(windows):
            is_whole = _is_whole(window, before, is_last=sequence == len(windows) - 1)
            document = self._document(window, sequence, is_whole)
            check_document(document)
            yield document
            before = window[-1]

    def _document(self, window: Sequence[Clip], sequence: int, is_whole: bool) -> Document:
        video, start_us = window[0].video, window[0].start_us
        end_us = max(clip.end_us for clip in window)
        language = next((clip.language for clip in window if clip.language), None)
        source = describe_source(video, duration_us=window[0].duration_us, language=language)
        texts = [_texts(clip) for clip in window]
        repeated = find_repeated(texts)
        # All pictures first, then all clip files: each kind lies in row groups of its own, and
        # only the last row group that was read stays at hand.
        frames = [self._frames(clip) for clip in window]
        media = [self._copy_media(clip) if self.keep_media else None for clip in window]
        clips = tuple(map(_document_clip, window, frames, media, texts, repeated))
        gaps = tuple(_gaps(window))
        text = interleave(clips, gaps, repeated)
        document = Document(
            document_id=ids.document_id(video.video_id, start_us, end_us, self._window_policy()),
            video_id=video.video_id,
            content_sha256="",
            schema_version=SCHEMA_VERSION,
            split=split_of(video, source.group, self.eval_share),
            source=source,
            start_us=start_us,
            end_us=end_us,
            sequence=sequence,
            text=text,
            clips=clips,
            gaps=gaps,
            num_clips=len(clips),
            num_frames=sum(len(clip.frames) for clip in clips),
            num_chars=len(text),
            scores=document_scores(clips, window[0].language_probability),
            flags=in_order(itertools.chain.from_iterable(clip.flags for clip in clips)),
            integrity="complete" if is_whole and all(map(seen_texts, texts)) else "partial",
            lineage=tuple(
                replace(step, models=tuple(map(public_model, step.models))) for step in self.lineage
            ),
        )
        return replace(document, content_sha256=content_sha256(document))

    def _frames(self, clip: Clip) -> tuple[DocumentFrame, ...]:
        return tuple(
            DocumentFrame(
                time_us=frame.time_us, image=Image(bytes=self.files().read(frame.reference))
            )
            for frame in evenly_spaced(clip.frames, self.frames_per_clip)
        )

    def _copy_media(self, clip: Clip) -> DocumentMedia | None:
        if clip.file is None:
            return None
        reference = self.files().add_media(
            self.files().read(clip.file.reference),
            video_id=clip.video_id,
            owner_id=clip.clip_id,
            kind="clip",
            start_us=clip.start_us - clip.file.lead_in_us,
            end_us=clip.file.end_us,
            mime=clip.file.mime,
        )
        return DocumentMedia(
            sha256=reference.sha256, mime=clip.file.mime, lead_in_us=clip.file.lead_in_us
        )

    def _window_policy(self) -> str:
        return ids.digest("windows", self.version, self.max_clips, self.max_duration_s)


def _document_clip(
    clip: Clip,
    frames: tuple[DocumentFrame, ...],
    media: DocumentMedia | None,
    texts: tuple[Caption, ...],
    is_repeated: bool,
) -> DocumentClip:
    flags = (*clip.flags, Flag.REPEATED_CAPTION) if is_repeated else clip.flags
    return DocumentClip(
        clip_id=clip.clip_id,
        start_us=clip.start_us,
        end_us=clip.end_us,
        boundary=clip.boundary,
        frames=frames,
        media=media,
        texts=texts,
        words=clip.words,
        scores=clip.scores,
        flags=in_order(flags),
    )


def _texts(clip: Clip) -> tuple[Caption, ...]:
    """Return a clip's captions, and its speech as one text, in the order of `TextKind`.

    Segments in which the recogniser loops are kept as a text of their own, marked `degenerate`.
    """
    loops = [s for s in clip.speech if SegmentFlag.REPETITIVE in s.flags]
    sound = [s for s in clip.speech if SegmentFlag.REPETITIVE not in s.flags]
    texts = [
        *clip.captions,
        *_spoken(clip, sound, TextStatus.OK),
        *_spoken(clip, loops, TextStatus.DEGENERATE),
    ]
    public = [replace(t, model=public_model(t.model) if t.model else None) for t in texts]
    return tuple(sorted(public, key=lambda text: _KIND_ORDER[text.kind]))


def _spoken(clip: Clip, segments: Sequence[Segment], status: TextStatus) -> list[Caption]:
    text = " ".join(segment.text for segment in segments).strip()
    if not text:
        return []
    logprobs = [s.avg_logprob for s in segments if s.avg_logprob is not None]
    return [
        Caption(
            kind=TextKind.SPEECH,
            text=text,
            start_us=segments[0].start_us,
            end_us=segments[-1].end_us,
            model=clip.speech_model,
            revision=clip.speech_revision,
            status=status,
            language=clip.language,
            scores=TextScores(avg_logprob=mean(logprobs)),
        )
    ]


def _gaps(window: Sequence[Clip]) -> Iterator[DocumentGap]:
    """Yield the speech between clips: before each, and after the video's last one."""
    found = [(index, clip.gap_before) for index, clip in enumerate(window)]
    found.append((len(window), window[-1].gap_after))
    for before_clip, gap in found:
        if gap is not None:
            yield DocumentGap(
                before_clip=before_clip, start_us=gap.start_us, end_us=gap.end_us, words=gap.words
            )


def _is_whole(window: Sequence[Clip], before: Clip | None, *, is_last: bool) -> bool:
    """Tell whether every chosen clip from `before` to the end of the window is in the window."""
    first, last = window[0], window[-1]
    if first.number is None or last.number is None or first.num_clips is None:
        return True
    start = 0 if before is None or before.number is None else before.number + 1
    stop = first.num_clips if is_last else last.number + 1
    return len(window) == stop - start
