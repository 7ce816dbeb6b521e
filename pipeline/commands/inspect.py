"""`interlink inspect`: one video as one picture, or what is in a dataset."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from ...schemas.clip import Clip
from ...schemas.document import Document
from ...schemas.errors import UsageError
from ...schemas.outcome import Disposition
from ...schemas.video import Frame, Video
from ...transforms.fetch.routing import is_url, is_web
from ..dataset.reader import read_documents
from ..dataset.shard_lists import MANIFEST_FOLDER
from ..dataset.versions import read_manifest
from ..parts.commit import Commit
from ..parts.kept import read_kept, read_outcomes
from ..recipes.recipe import Recipe, make_recipe
from ..run import RunReport, run_steps
from ..sources.rows import MANIFEST_SUFFIXES
from ..step_run import StepReport, commits_of
from ..storage.media_file import MediaReader
from ..storage.store import Store
from .console import make_console
from .document_text import print_document
from .funnel import print_losses
from .options import Settings
from .progress import progress_for
from .video_picture import draw_video


def inspect(
    what: Annotated[str, typer.Argument(metavar="VIDEO|DATASET", help="A video, or a dataset.")],
    output: Annotated[Path | None, typer.Option(help="Where a video's picture goes.")] = None,
    settings: Settings = None,
) -> None:
    """Draw shots, clips, words and frames of one video, or show what is in a dataset.

    A video is fetched, scanned, transcribed and cut into clips here, with the defaults of a recipe
    and what `--set` says; nothing of it is kept but the picture.
    """
    console = make_console()
    if _is_dataset(what):
        _inspect_dataset(console, what)
    else:
        picture = output or Path(f"{PurePosixPath(what.split('?')[0]).stem or 'video'}.png")
        _inspect_video(console, what, picture, settings or [])


def _is_dataset(what: str) -> bool:
    """Tell a dataset from a video.

    Raises:
        UsageError: it is neither.
    """
    if is_web(what):
        return False
    if not is_url(what):
        path = Path(what)
        if path.is_dir() and not (path / MANIFEST_FOLDER).is_dir():
            raise UsageError(
                f"the folder {what} has no {MANIFEST_FOLDER}, so it is no dataset; name the "
                "dataset of a run, or one video"
            )
        if path.is_file() and path.suffix.lower() in MANIFEST_SUFFIXES:
            raise UsageError(f"{what} is an input manifest; name one of its videos, or a dataset")
        return path.is_dir()
    return bool(Store(what).names(MANIFEST_FOLDER))


def _inspect_video(console: Console, what: str, output: Path, settings: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="interlink-") as folder:
        recipe = make_recipe({"sources": [what], "run": folder}, [*settings, "cut.mode=none"])
        with progress_for(console) as progress:
            reports = run_steps(recipe, engine="local", last="cut", observers=[progress])
        store = Store(folder)
        by_step = {report.step: report.commits for report in reports}
        videos = list(read_kept(store, by_step["transcribe"], Video))
        clips = list(read_kept(store, by_step["cut"], Clip))
        if not videos:
            _say_why(store, reports)
        _draw(store, videos[0], clips, output)
    console.print(f"picture  {output}", soft_wrap=True)
    console.print("next: open it; `interlink init` starts a recipe for many videos")


def save_picture(recipe: Recipe, report: RunReport, video_id: str, output: Path) -> None:
    """Draw one video of a finished run.

    Args:
        recipe: what was run.
        report: what came of it.
        video_id: which video.
        output: where the PNG goes.
    """
    store = Store(recipe.run)

    def commits(step: str) -> Iterator[Commit]:
        return (c for r in report.steps if r.step == step for c in commits_of(store, r))

    videos = read_kept(store, commits("transcribe"), Video)
    video = next(v for v in videos if v.video_id == video_id)
    clips = [c for c in read_kept(store, commits("caption"), Clip) if c.video_id == video_id]
    _draw(store, video, clips, output)


def _draw(store: Store, video: Video, clips: Sequence[Clip], output: Path) -> None:
    reader = MediaReader(store)

    def read_frame(frame: Frame) -> bytes:
        return reader.read(frame.reference)

    picture = draw_video(video, clips, read_frame)
    output.parent.mkdir(parents=True, exist_ok=True)
    picture.save(output)


def _say_why(store: Store, reports: Sequence[StepReport]) -> NoReturn:
    for report in reports:
        for outcome in read_outcomes(store, report.commits):
            if outcome.disposition is not Disposition.KEPT:
                raise UsageError(
                    f"the video cannot be drawn: {outcome.code} in {report.step}"
                    + (f": {outcome.message}" if outcome.message else "")
                )
    raise UsageError("the video cannot be drawn: nothing was kept of it")


def _inspect_dataset(console: Console, url: str) -> None:
    manifest = read_manifest(Store(url))
    counts = _count(url)
    size = f"{manifest.num_bytes / 1e6:.1f} MB"
    console.print(f"{url}: version {manifest.version}, {size}", soft_wrap=True, style="bold")
    table = Table.grid(padding=(0, 2))
    for name, value in counts.rows():
        table.add_row(name, value)
    console.print(table)
    print_losses(console, url)
    first = next(iter(read_documents(url)), None)
    if first is None:
        console.print("no document is in it")
        return
    print_document(console, first)
    console.print("in Python: datasets.load_dataset('parquet', data_files='.../docs/*.parquet')")


class _Counts:
    """What is in a dataset, added up document by document."""

    def __init__(self) -> None:
        self.documents = self.clips = self.frames = self.words = self.span_us = 0
        self.videos: set[str] = set()
        self.by: dict[str, Counter[str]] = {
            name: Counter() for name in ("split", "language", "license", "flags", "texts")
        }

    def add(self, document: Document) -> None:
        """Count one document."""
        self.documents += 1
        self.clips += document.num_clips
        self.frames += document.num_frames
        self.span_us += sum(clip.end_us - clip.start_us for clip in document.clips)
        self.videos.add(document.video_id)
        self.by["split"][document.split] += 1
        self.by["language"][document.source.language or "unknown"] += 1
        self.by["license"][document.source.license or "unknown"] += 1
        self.by["flags"].update(document.flags)
        for clip in document.clips:
            self.words += len(clip.words)
            self.by["texts"].update(
                f"{text.kind.value} by {text.model or 'the source'}" for text in clip.texts
            )

    def rows(self) -> list[tuple[str, str]]:
        """Return names and values to print."""
        plain = [
            ("documents", f"{self.documents} of {len(self.videos)} videos"),
            ("clips", f"{self.clips}, {self.span_us / 3.6e9:.2f} hours"),
            ("frames", str(self.frames)),
            ("spoken words", str(self.words)),
        ]
        listed = [
            (name, ", ".join(f"{key} {n}" for key, n in counter.most_common(8)))
            for name, counter in self.by.items()
            if counter
        ]
        return plain + listed


def _count(url: str) -> _Counts:
    counts = _Counts()
    for document in read_documents(url):
        counts.add(document)
    return counts
