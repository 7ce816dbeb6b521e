"""Writes dated Markdown reports that say on what machine, with what, and how they were measured."""

import datetime
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from interlink.examples.shares import Share

REPORTS = Path(__file__).parent / "reports"


def write_report(name: str, *, title: str, body: str, packages: Sequence[str]) -> Path:
    """Write `reports/<date>-<name>.md` and return where it is.

    Args:
        name: short, for the file.
        title: the first line.
        body: what was measured, in Markdown; see `table`.
        packages: distributions whose versions matter to the result.
    """
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    facts = [
        ("date", today),
        ("command", f"`{_command()}`"),
        ("code", _revision()),
        ("processor", _processor()),
        ("memory", f"{psutil.virtual_memory().total / 2**30:.0f} GiB"),
        ("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("Python", platform.python_version()),
        ("packages", ", ".join(f"{p} {importlib.metadata.version(p)}" for p in packages)),
    ]
    REPORTS.mkdir(exist_ok=True)
    path = REPORTS / f"{today}-{name}.md"
    path.write_text(f"# {title}\n\n{table(('', ''), facts)}\n\n{body.strip()}\n", encoding="utf-8")
    return path


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def percent(share: Share) -> str:
    """Return a share as text, or a dash where nothing was counted."""
    return "-" if share.value is None else f"{share.value:.1%}"


def interval(share: Share) -> str:
    """Return the 95 % Wilson interval of a share as text, or a dash where nothing was counted."""
    low, high = share.interval()
    return "-" if share.value is None else f"{low:.1%} to {high:.1%}"


def _command() -> str:
    script = Path(sys.argv[0]).resolve()
    return shlex.join(["python", f"{script.parent.name}/{script.name}", *sys.argv[1:]])


def _revision() -> str:
    """Return the commit that was measured, and whether files differed from it."""
    root = Path(__file__).parent
    git = ["git", "-C", str(root)]
    try:
        describe = [*git, "describe", "--always", "--dirty=, with changes"]
        return subprocess.run(describe, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not a git checkout"


def _processor() -> str:
    name = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = models[0].split(":", 1)[1].strip() if models else name
    return f"{name}, {os.cpu_count()} threads"
