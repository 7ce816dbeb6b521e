"""What the pipeline says of one video, gathered for scoring from documents or from its records."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..schemas.clip import Clip
from ..schemas.document import Document, DocumentClip
from ..schemas.text import Caption, TextKind, Transcript, Word
from ..schemas.video import Boundary, BoundaryKind

_TRANSITIONS = (BoundaryKind.CUT, BoundaryKind.DISSOLVE, BoundaryKind.FADE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """An object that a caption claims."""

    color: str
    shape: str
    motion: str
    """In the words of `truth.Motion` where they have one, else as the caption has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the captions of one clip claim; None is what they leave open."""

    start_us: int
    end_us: int
    background: str | None = None
    camera: str | None = None
    """In the words of `truth.Camera` where they have one, else as the caption has it."""
    screen_text: str | None = None
    things: tuple[Thing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the pipeline says of one video."""

    boundaries: tuple[Boundary, ...]
    """Boundaries between shots, in time order."""
    speech: str
    """All that was heard, in time order."""
    clips: tuple[Claims, ...]
    """What was claimed of each clip, in time order."""


def observe_records(
    boundaries: Sequence[Boundary], transcript: Transcript | None, clips: Sequence[Clip]
) -> Observed:
    """Gather from what the steps give for one video, before there is any document.

    Args:
        boundaries: the scan's.
        transcript: the recogniser's; None counts as nothing heard.
        clips: captioned.
    """
    segments = transcript.segments if transcript else ()
    return Observed(
        boundaries=tuple(boundaries),
        speech=" ".join(segment.text for segment in segments),
        clips=tuple(_claims(clip.start_us, clip.end_us, clip.captions) for clip in clips),
    )


def observe_documents(
    documents: Sequence[Document], boundaries: Sequence[Boundary] | None = None
) -> Observed:
    """Gather from the documents of one video.

    Args:
        documents: all windows of the video.
        boundaries: the scan's, where at hand; else the clips' edges, of which the clip policy may
            have merged some away.
    """
    clips = sorted((c for d in documents for c in d.clips), key=lambda clip: clip.start_us)
    words: list[Word] = [word for clip in clips for word in clip.words]
    words += [word for d in documents for gap in d.gaps for word in gap.words]
    words.sort(key=lambda word: word.start_us)
    return Observed(
        boundaries=tuple(_clip_edges(clips) if boundaries is None else boundaries),
        speech=" ".join(word.text for word in words),
        clips=tuple(_claims(clip.start_us, clip.end_us, clip.texts) for clip in clips),
    )


def _clip_edges(clips: Iterable[DocumentClip]) -> list[Boundary]:
    edges: dict[int, tuple[BoundaryKind, float]] = {}
    for clip in clips:
        edges[clip.start_us] = (clip.boundary.start_kind, clip.boundary.score)
        edges[clip.end_us] = (clip.boundary.end_kind, clip.boundary.score)
    return [
        Boundary(kind=kind, time_us=time, start_us=time, end_us=time, score=score)
        for time, (kind, score) in sorted(edges.items())
        if kind in _TRANSITIONS
    ]


def _claims(start_us: int, end_us: int, captions: Iterable[Caption]) -> Claims:
    """Read the facts beside the captions; captions without facts claim nothing that we can check.

    The facts are those of `transforms.captions.facts`.
    """
    facts: dict[str, list[dict[str, Any]]] = {}
    for caption in captions:
        if caption.kind is TextKind.CAPTION:
            for item in caption.evidence:
                facts.setdefault(item.kind, []).append(json.loads(item.ref))
    camera = facts["camera"][0]["motion"] if "camera" in facts else "unclear"
    lines = [str(line["text"]) for line in facts.get("screen_text", [])]
    return Claims(
        start_us=start_us,
        end_us=end_us,
        background=_background(facts["background"][0]) if "background" in facts else None,
        camera=None if camera == "unclear" else _CAMERAS.get(camera, camera),
        screen_text=" ".join(lines) if lines else None,
        things=tuple(
            Thing(
                color=thing["color"],
                shape=thing["shape"],
                motion=_MOTIONS.get(thing["direction"], thing["direction"]),
            )
            for thing in facts.get("object", [])
        ),
    )


def _background(fact: dict[str, Any]) -> str:
    """Return the name of the colour that covers most."""
    name: str = fact["colors"][0][0]
    return name


_CAMERAS = {"pans left": "pan left", "pans right": "pan right", "zooms in": "zoom in"}
_MOTIONS = {
    None: "still",
    "from left to right": "left to right",
    "from right to left": "right to left",
    "downwards": "top to bottom",
    "upwards": "bottom to top",
}
