"""A document in the terminal, as a reader would see it."""

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ...schemas.document import Document, DocumentClip
from ...schemas.text import TextKind
from .console import clock

MAX_CLIPS = 8
_LABEL_COLUMNS = 13
_QUOTED = {TextKind.SPEECH, TextKind.SUBTITLE, TextKind.SCREEN_TEXT}


def print_document(console: Console, document: Document, *, max_clips: int = MAX_CLIPS) -> None:
    """Print a document: each clip with its time, what is said, seen and written in it.

    Args:
        console: where to.
        document: a row of the dataset.
        max_clips: clips to show; the rest is counted.
    """
    body = Table.grid(padding=(0, 1))
    body.add_column(width=_LABEL_COLUMNS, no_wrap=True)
    body.add_column(ratio=1)
    for number, clip in enumerate(document.clips[:max_clips]):
        _add_gap(body, document, number)
        _add_clip(body, number, clip)
    left = len(document.clips) - max_clips
    if left > 0:
        body.add_row("", Text(f"… and {left} more {'clip' if left == 1 else 'clips'}", "dim"))
    else:
        _add_gap(body, document, len(document.clips))
    facts = Table.grid(expand=True)
    facts.add_row(Text(_facts(document), "dim"))
    facts.add_row(Padding(body, (1, 0)))
    facts.add_row(Text(_writers(document), "dim"))
    source = document.source
    console.print(
        Panel(
            facts,
            title=Text(source.title or source.uri.rsplit("/", 1)[-1], "bold"),
            subtitle=Text(f"document {document.document_id}"),
            title_align="left",
            subtitle_align="left",
        )
    )


def _facts(document: Document) -> str:
    facts = [
        f"{(document.end_us - document.start_us) / 1e6:.1f} s",
        f"{document.num_clips} {'clip' if document.num_clips == 1 else 'clips'}",
        f"{document.num_frames} frames",
        f"spoken: {document.source.language}" if document.source.language else "",
        document.source.license or "license unknown",
        document.split,
    ]
    return " · ".join(filter(None, facts))


def _writers(document: Document) -> str:
    """Say once who wrote which kind of text."""
    models: dict[str, dict[str, None]] = {}
    for clip in document.clips:
        for text in clip.texts:
            models.setdefault(_name(text.kind), {})[text.model or "the source"] = None
    return " · ".join(f"{kind} by {' and '.join(names)}" for kind, names in models.items())


def _add_gap(body: Table, document: Document, number: int) -> None:
    """Add what is said between clips, before clip `number`."""
    for gap in document.gaps:
        words = " ".join(word.text for word in gap.words)
        if gap.before_clip == number and words:
            body.add_row(Text("in between", "dim"), Text(f"“{words}”", "dim"))


def _add_clip(body: Table, number: int, clip: DocumentClip) -> None:
    span = f"{clock(clip.start_us)} to {clock(clip.end_us)}"
    frames = f"{len(clip.frames)} {'frame' if len(clip.frames) == 1 else 'frames'}"
    flags = [flag.replace("_", " ") for flag in clip.flags]
    head = Text(f"{span} · {frames}")
    if flags:
        head.append(f" · {', '.join(flags)}", "dim")
    body.add_row(Text(f"clip {number + 1}", "bold cyan"), head)
    for text in clip.texts:
        if text.text:
            words = " / ".join(text.text.splitlines())
            shown = f"“{words}”" if text.kind in _QUOTED else words
            body.add_row(Text(f"  {_name(text.kind)}", "green"), Text(shown))


def _name(kind: TextKind) -> str:
    return kind.value.replace("_caption", "").replace("_", " ")
