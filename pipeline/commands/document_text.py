"""A document in the terminal, as a reader would see it."""

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from ...schemas.document import Document, DocumentClip
from ...schemas.text import Caption, TextKind

MAX_CLIPS = 8


def print_document(console: Console, document: Document, *, max_clips: int = MAX_CLIPS) -> None:
    """Print a document: each clip with its time, what is said, seen and written in it.

    Args:
        console: where to.
        document: a row of the dataset.
        max_clips: clips to show; the rest is counted.
    """
    body = Text()
    for number, clip in enumerate(document.clips[:max_clips]):
        for gap in (gap for gap in document.gaps if gap.before_clip == number):
            words = " ".join(word.text for word in gap.words)
            body.append(f"between clips  “{words}”\n", "dim")
        _append_clip(body, number, clip)
    left = len(document.clips) - max_clips
    if left > 0:
        body.append(f"… and {left} more clips\n", "dim")
    source = document.source
    facts = [
        source.title or source.uri,
        f"{(document.end_us - document.start_us) / 1e6:.1f} s",
        f"{document.num_clips} clips",
        f"{document.num_frames} frames",
        source.license or "license unknown",
        document.split,
    ]
    body.rstrip()
    console.print(
        Panel(
            body,
            title=" · ".join(facts),
            subtitle=f"document {document.document_id}",
            title_align="left",
            subtitle_align="left",
        )
    )


def _append_clip(body: Text, number: int, clip: DocumentClip) -> None:
    start, end = clip.start_us / 1e6, clip.end_us / 1e6
    body.append(f"clip {number + 1}", "bold cyan")
    body.append(f"  {start:.1f} to {end:.1f} s, {len(clip.frames)} frames")
    if clip.flags:
        body.append(f"  [{', '.join(clip.flags)}]", "dim")
    body.append("\n")
    for text in clip.texts:
        if text.text:
            _append_text(body, text)


def _append_text(body: Text, text: Caption) -> None:
    quoted = text.kind in {TextKind.SPEECH, TextKind.SUBTITLE, TextKind.SCREEN_TEXT}
    words = f"“{text.text}”" if quoted else text.text
    body.append(f"  {text.kind.value:<12} ", "green")
    body.append(words)
    if text.model:
        body.append(f"  ({text.model})", "dim")
    body.append("\n")
