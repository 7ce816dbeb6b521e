"""The invariants of a document row, enforced by whoever writes one."""

import itertools
import re
from collections.abc import Iterator

from . import ids
from .content import content_sha256
from .document import SCHEMA_VERSION, Document, DocumentClip
from .text import TextKind, Word
from .video import BoundaryKind

_LOCAL_PATH = re.compile(r"^(/|\\\\|[A-Za-z]:[\\/]|~|file:)")
_KIND_ORDER = {kind: index for index, kind in enumerate(TextKind)}
PUBLIC_PARAMETER = "v"
"""The one query parameter that a URL may keep: a YouTube page is nothing without it."""


def check_document(document: Document) -> None:
    """Check one document against the invariants of `docs/format.md`.

    Raises:
        ValueError: one does not hold; the text names the document, the value and what must hold.
    """
    for problem in itertools.chain(
        _check_numbers(document),
        _check_clips(document),
        _check_words(document),
        _check_privacy(document),
        _check_digest(document),
    ):
        raise ValueError(f"document {document.document_id}: {problem}")


def _check_numbers(document: Document) -> Iterator[str]:
    if not document.clips:
        yield "clips is empty; a document holds at least one clip"
        return
    num_frames = sum(len(clip.frames) for clip in document.clips)
    expected = {
        "schema_version": SCHEMA_VERSION,
        "num_clips": len(document.clips),
        "num_frames": num_frames,
        "num_chars": len(document.text),
        "start_us": document.clips[0].start_us,
        "end_us": max(clip.end_us for clip in document.clips),
    }
    for name, value in expected.items():
        if getattr(document, name) != value:
            yield f"{name}={getattr(document, name)} must be {value}"
    if document.split not in {"train", "eval"}:
        yield f"split={document.split!r} must be 'train' or 'eval'"
    if document.integrity not in {"complete", "partial"}:
        yield f"integrity={document.integrity!r} must be 'complete' or 'partial'"
    missing = {flag for clip in document.clips for flag in clip.flags} - set(document.flags)
    if missing:
        yield f"flags lack {sorted(missing)}, which its clips carry"


def _check_clips(document: Document) -> Iterator[str]:
    for before, after in itertools.pairwise(document.clips):
        if (after.start_us, after.end_us) <= (before.start_us, before.end_us):
            yield f"clip at {after.start_us} stands after the one at {before.start_us}"
        if after.start_us < before.end_us and not _are_given(before, after):
            yield (
                f"clip [{after.start_us}, {after.end_us}) starts before the clip before it ends, "
                f"at {before.end_us}; only given spans may overlap"
            )
    for clip in document.clips:
        yield from _check_clip(clip, document.video_id)


def _are_given(before: DocumentClip, after: DocumentClip) -> bool:
    kinds = {before.boundary.end_kind, after.boundary.start_kind}
    return kinds == {BoundaryKind.GIVEN}


def _check_clip(clip: DocumentClip, video_id: str) -> Iterator[str]:
    span = f"clip [{clip.start_us}, {clip.end_us})"
    if clip.end_us <= clip.start_us:
        yield f"{span} must end after it starts"
    expected = ids.clip_id(video_id, clip.start_us, clip.end_us)
    if clip.clip_id != expected:
        yield f"{span} has clip_id {clip.clip_id}, which must be {expected}"
    times = [frame.time_us for frame in clip.frames]
    if sorted(set(times)) != times:
        yield f"{span} has frames that are not in strict time order: {times}"
    if any(not frame.image.bytes or frame.image.path is not None for frame in clip.frames):
        yield f"{span} has a frame without bytes, or with a path"
    kinds = [_KIND_ORDER[text.kind] for text in clip.texts]
    if sorted(kinds) != kinds:
        yield f"{span} has texts that are not in the order of TextKind"
    if clip.media is not None and clip.media.lead_in_us < 0:
        yield f"{span} has lead_in_us={clip.media.lead_in_us}, which must be >= 0"


def _check_words(document: Document) -> Iterator[str]:
    """A word lies in one clip or one gap, and the words of each are in time order."""
    places = [gap.before_clip for gap in document.gaps]
    if sorted(set(places)) != places or not set(places) <= set(range(len(document.clips) + 1)):
        yield f"gaps precede the clips {places}, which must rise within 0 to {len(document.clips)}"
        return
    seen: set[Word] = set()
    for run in _word_runs(document):
        for before, after in itertools.pairwise(run):
            if after.start_us < before.start_us:
                yield f"word {after.text!r} at {after.start_us} follows one at {before.start_us}"
        if not seen.isdisjoint(run):
            yield f"words {sorted(w.text for w in seen & set(run))} lie in two clips or gaps"
        seen.update(run)
    for gap in document.gaps:
        ends = [word.end_us for word in gap.words]
        if not ends or (gap.start_us, gap.end_us) != (gap.words[0].start_us, max(ends)):
            yield f"gap [{gap.start_us}, {gap.end_us}) must span its words, and have some"


def _word_runs(document: Document) -> Iterator[tuple[Word, ...]]:
    """Yield the words of each gap and each clip, in the order in which they stand in the video."""
    gaps = {gap.before_clip: gap.words for gap in document.gaps}
    for index, clip in enumerate(document.clips):
        yield gaps.get(index, ())
        yield clip.words
    yield gaps.get(len(document.clips), ())


def _check_privacy(document: Document) -> Iterator[str]:
    """No path of the machine that wrote it, no token and no signed URL in any column."""
    source = document.source
    models = {text.model for clip in document.clips for text in clip.texts if text.model}
    models |= {model for step in document.lineage for model in step.models}
    named = [("source.uri", source.uri), ("source.group", source.group)]
    named += [("source.creator_uri", source.creator_uri or "")]
    named += [("model", model) for model in sorted(models)]
    for name, value in named:
        if _LOCAL_PATH.match(value):
            yield f"{name}={value!r} is a path of one machine; keep only its last component"
    for name, uri in named[0], named[2]:
        _, _, query = uri.partition("?")
        is_public = re.fullmatch(rf"{PUBLIC_PARAMETER}=[\w-]*", query) is not None
        if "#" in uri or (query and not is_public) or re.search(r"//[^/]*@", uri):
            yield f"{name} must have no user name, query or fragment, which may hold a secret"


def _check_digest(document: Document) -> Iterator[str]:
    expected = content_sha256(document)
    if document.content_sha256 != expected:
        yield f"content_sha256={document.content_sha256!r} must be {expected!r}"
