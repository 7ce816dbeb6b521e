"""What an audit of 500 clips costs: the sample with its review site, and every export.

    python benchmarks/audit_export.py [--clips 500]

Makes a dataset of real clips of one second, half of which browsers play as they are, and runs the
commands on it, each as a process of its own whose memory is watched.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from audit_data import (
    CLIPS_PER_VIDEO,
    FILES_PER_KIND,
    FPS,
    KINDS,
    ClipFile,
    make_file,
    write_dataset,
)
from report import table, write_report

from interlink.pipeline.audit.export.formats import FORMATS
from interlink.pipeline.audit.site.media import MAX_CLIP_BYTES
from interlink.transforms.media.web_copy import web_copy

PACKAGES = ("av", "numpy", "pyarrow", "pillow")
WATCH_S = 0.02
MAX_MEMORY_BYTES = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a command took."""

    name: str
    """What it did."""
    cpu_s: float
    """CPU seconds of it and its children."""
    peak_bytes: int
    """Largest sum of the resident memory of it and its children, shared pages counted twice."""
    num_bytes: int
    """What it wrote, linked files included."""


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=500, help="how many (default: %(default)s)")
    num_clips = parser.parse_args().clips // CLIPS_PER_VIDEO * CLIPS_PER_VIDEO
    by_kind = [[make_file(kind, seed) for seed in range(FILES_PER_KIND)] for kind in KINDS]
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        alone = [copy_alone(files, root) for files in by_kind]
        dataset = write_dataset(root, _mixed(by_kind), num_clips)
        audit = root / "audit"
        sample = ["sample", dataset, "--n", str(num_clips), "--output", str(audit)]
        costs = [run("sample and site", sample, audit)]
        for name in FORMATS:
            command = ["export", str(audit), "--format", name, "--output", str(root / "out")]
            costs.append(run(name, command, root / "out" / name))
        media = [path.stat().st_size for path in (audit / "site" / "media").iterdir()]
    assert len(media) == num_clips
    assert max(media) <= MAX_CLIP_BYTES
    assert max(cost.peak_bytes for cost in costs) < MAX_MEMORY_BYTES
    path = write_report(
        "audit-export",
        title=f"An audit of {num_clips} clips and its exports",
        body=describe(costs, media, by_kind, alone),
        packages=PACKAGES,
    )
    print(f"wrote {path}")
    return 0


def _mixed(by_kind: Sequence[Sequence[ClipFile]]) -> list[ClipFile]:
    """Return files in the order in which clips take them, each kind by its share."""
    quarters = [round(4 * kind.share) for kind in KINDS]
    return [
        files[(place * quarter + n) % len(files)]
        for place in range(FILES_PER_KIND)
        for files, quarter in zip(by_kind, quarters, strict=True)
        for n in range(quarter)
    ]


def copy_alone(files: Sequence[ClipFile], root: Path) -> float:
    """Return the CPU seconds that the copy of one file takes by itself, on average."""
    source, target = root / "clip", root / "copy.mp4"
    began = time.process_time()
    for file in files:
        source.write_bytes(file.content)
        web_copy(str(source), str(target), start_us=0, end_us=1_000_000, max_bytes=MAX_CLIP_BYTES)
    return (time.process_time() - began) / len(files)


def run(name: str, arguments: Sequence[str], output: Path) -> Cost:
    """Run `interlink audit` and watch it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "interlink", "audit", *arguments]
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, _memory(process.pid))
            time.sleep(WATCH_S)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(
        name=name,
        cpu_s=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        peak_bytes=peak,
        num_bytes=sum(path.stat().st_size for path in output.rglob("*") if path.is_file()),
    )


def _memory(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


def describe(
    costs: Sequence[Cost],
    media: Sequence[int],
    by_kind: Sequence[Sequence[ClipFile]],
    alone: Sequence[float],
) -> str:
    """Return the report's text."""
    rows = [
        (
            cost.name,
            f"{cost.cpu_s:.1f} s",
            f"{cost.cpu_s / len(media):.3f} s",
            f"{cost.peak_bytes / 2**20:.0f} MiB",
            f"{cost.num_bytes / 1e6:.1f} MB",
        )
        for cost in costs
    ]
    kinds = [
        (
            kind.name,
            f"{kind.share:.0%}",
            f"{sum(len(file.content) for file in files) / len(files) / 1e6:.2f} MB",
            f"{seconds:.2f} s",
        )
        for kind, files, seconds in zip(KINDS, by_kind, alone, strict=True)
    ]
    largest, mean = max(media) / 2**20, sum(media) / len(media) / 2**20
    return f"""
{len(media)} clips of one second, {FPS} frames each, made for this: a wall with grain that moves
past, and a tone. *CPU* is of the command and its children, start and imports included; *peak* is
the largest sum of their resident memory, seen every {WATCH_S * 1e3:.0f} ms, pages that they share
counted twice; *written* counts clips and sheets that are links to the review site's own.

{table(("command", "CPU", "a clip", "peak", "written"), rows)}

The largest clip of the review site has {largest:.2f} MiB of at most {MAX_CLIP_BYTES / 2**20:.0f},
the mean {mean:.2f} MiB. What the copy of one clip for the site costs by itself, in this process:

{table(("kind of clip", "share", "size before", "CPU a clip"), kinds)}
"""


if __name__ == "__main__":
    sys.exit(main())
