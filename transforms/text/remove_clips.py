"""A document without some of its clips: what the assembler would say of the others."""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import replace

from ...schemas.clip import Flag
from ...schemas.content import content_sha256
from ...schemas.document import Document, DocumentClip, DocumentGap
from ..clips import in_order
from .document_scores import document_scores
from .interleave import find_repeated, interleave


def remove_clips(
    document: Document, clip_ids: Collection[str], *, without_media: Collection[str] = ()
) -> Document | None:
    """Return the document without some clips, or None if none is left.

    Frames, texts and words of these clips go; speech between clips stays, as it was in none of
    them. Text, numbers and flags are made anew. The document keeps its id.

    Args:
        document: the document.
        clip_ids: clips to remove.
        without_media: clips that stay, but without a file of their own.
    """
    kept = [index for index, clip in enumerate(document.clips) if clip.clip_id not in clip_ids]
    if not kept:
        return None
    repeated = find_repeated([document.clips[index].texts for index in kept])
    clips = tuple(
        _clip(document.clips[index], is_repeated, document.clips[index].clip_id in without_media)
        for index, is_repeated in zip(kept, repeated, strict=True)
    )
    gaps = _gaps(document.gaps, kept)
    text = interleave(clips, gaps, repeated)
    changed = replace(
        document,
        start_us=clips[0].start_us,
        end_us=max(clip.end_us for clip in clips),
        text=text,
        clips=clips,
        gaps=gaps,
        num_clips=len(clips),
        num_frames=sum(len(clip.frames) for clip in clips),
        num_chars=len(text),
        scores=document_scores(clips, document.scores.language_probability),
        flags=in_order(itertools.chain.from_iterable(clip.flags for clip in clips)),
        integrity="partial" if len(kept) < len(document.clips) else document.integrity,
    )
    return replace(changed, content_sha256=content_sha256(changed))


def _clip(clip: DocumentClip, is_repeated: bool, is_without_media: bool) -> DocumentClip:
    flags = set(clip.flags) - {Flag.REPEATED_CAPTION}
    if is_repeated:
        flags.add(Flag.REPEATED_CAPTION)
    if is_without_media:
        clip, flags = replace(clip, media=None), flags - {Flag.MEDIA_LEAD_IN}
    return replace(clip, flags=in_order(flags))


def _gaps(gaps: Sequence[DocumentGap], kept: Sequence[int]) -> tuple[DocumentGap, ...]:
    """Give gaps the numbers of the clips that are left; those that then meet become one."""
    by_clip: dict[int, list[DocumentGap]] = {}
    for gap in gaps:
        place = sum(index < gap.before_clip for index in kept)
        by_clip.setdefault(place, []).append(gap)
    return tuple(
        DocumentGap(
            before_clip=place,
            start_us=met[0].start_us,
            end_us=max(gap.end_us for gap in met),
            words=tuple(word for gap in met for word in gap.words),
        )
        for place, met in sorted(by_clip.items())
    )
