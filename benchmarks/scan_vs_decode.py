"""CPU time of a scan against a bare decode of the same file, in one run, with the child warm.

    python benchmarks/scan_vs_decode.py [FILE ...]

Bare decode: PyAV, one thread, the video stream alone, every frame thrown away. Scan: what
`ScanVideos` has its child do, shots, frame set, sound and coverage included. Both run in the same
warm child, turn by turn, so that other work on the machine hits both; CPU time is user plus
system. Writes a dated report and returns 1 when a file is over the limit for its size.
"""

import argparse
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
from report import table, write_report

from interlink.transforms.child import Child
from interlink.transforms.media.limits import MediaLimits

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data" / "videos" / "youtube_1080p_122s.mp4"
LIMITS = {1080: 1.4, 720: 1.6}
"""Most CPU time of a scan, in bare decodes, by short side in pixels."""
MIN_SECONDS = 60
ROUNDS = 5
OPTIONS = {"grid_us": 500_000, "short_side_px": 336, "jpeg_quality": 88}


@dataclass(frozen=True, kw_only=True)
class Line:
    """What was measured of one file; seconds are of CPU time, medians of `ROUNDS`."""

    name: str
    size: str
    seconds: float
    num_frames: int
    bare_s: float
    scan_s: float
    ratio: float
    """Median of the rounds' ratios."""
    spread: str
    """Lowest and highest of them."""
    limit: float | None

    @property
    def is_over(self) -> bool:
        """Whether the limit is crossed."""
        return self.limit is not None and self.ratio > self.limit


def decode_bare(path: str) -> dict[str, float]:
    """Decode a file's video stream on one thread and throw the frames away; runs in the child."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        stream.thread_type = "NONE"
        num_frames = sum(1 for _ in container.decode(stream))
        seconds = float((stream.duration or 0) * (stream.time_base or 0))
        return {
            "num_frames": num_frames,
            "seconds": seconds or (container.duration or 0) / 1e6,
            "width": stream.width,
            "height": stream.height,
        }


def measure(path: Path) -> Line:
    """Measure one file."""
    with Child() as child, tempfile.TemporaryDirectory() as folder:
        arguments = {"path": str(path), "folder": folder, "options": OPTIONS}
        arguments["limits"] = asdict(MediaLimits())
        scan = "interlink.transforms.media.scan_file:scan_file"
        bare = "scan_vs_decode:decode_bare"
        found = child.call(bare, {"path": str(path)}, deadline_s=600)  # warms code and page cache
        child.call(scan, arguments, deadline_s=600)
        bares, scans = [], []
        for _ in range(ROUNDS):
            start = _cpu_s(child)
            child.call(bare, {"path": str(path)}, deadline_s=600)
            middle = _cpu_s(child)
            child.call(scan, arguments, deadline_s=600)
            bares.append(middle - start)
            scans.append(_cpu_s(child) - middle)
    ratios = [scan_s / bare_s for scan_s, bare_s in zip(scans, bares, strict=True)]
    side = min(found["width"], found["height"])
    return Line(
        name=path.name,
        size=f"{found['width']} x {found['height']}",
        seconds=found["seconds"],
        num_frames=int(found["num_frames"]),
        bare_s=statistics.median(bares),
        scan_s=statistics.median(scans),
        ratio=statistics.median(ratios),
        spread=f"{min(ratios):.2f} to {max(ratios):.2f}",
        limit=LIMITS.get(int(side)) if found["seconds"] >= MIN_SECONDS else None,
    )


def make_file(path: Path, size: tuple[int, int]) -> Path:
    """Make a file of 60 s with panned texture, moving boxes, grain, cuts and a tone."""
    width, height = size
    rng = np.random.default_rng(height)
    grain = [rng.integers(0, 7, (height, width), np.uint8) for _ in range(4)]
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=30, options={"preset": "veryfast"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        sound = container.add_stream("aac", rate=48_000, layout="mono")
        texture = None
        for i in range(MIN_SECONDS * 30):
            if i % 150 == 0:
                small = rng.integers(30, 220, (height // 12, width // 12), np.uint8)
                texture = cv2.resize(
                    small, (width + 160, height + 90), interpolation=cv2.INTER_CUBIC
                )
                colours = rng.integers(90, 166, (2, 9, 16), np.uint8)
            assert texture is not None
            container.mux(video.encode(_picture(texture, colours, grain[i % 4], i)))
            t = (np.arange(1600) + i * 1600) / 48_000
            wave = (8000 * np.sin(2 * np.pi * 220 * t)).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, i * 1600
            container.mux(sound.encode(frame))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    return path


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write the report; return 1 when a limit is crossed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="files to measure besides ours")
    parsed = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        files = [
            make_file(Path(folder) / "generated_720p_60s.mp4", (1280, 720)),
            make_file(Path(folder) / "generated_1080p_60s.mp4", (1920, 1080)),
            *([SHARED] if SHARED.exists() else []),
            *parsed.files,
        ]
        lines = [measure(file) for file in files]
    path = write_report(
        "scan-vs-decode",
        title="Scan against bare decode",
        body=_body(lines),
        packages=("av", "numpy", "opencv-python-headless"),
    )
    print(path.read_text(encoding="utf-8"))
    print(f"written to {path}")
    return int(any(line.is_over for line in lines))


def _picture(texture: np.ndarray, colours: np.ndarray, grain: np.ndarray, i: int) -> av.VideoFrame:
    height, width = grain.shape
    x, y = int(80 + 78 * np.sin(i / 40)), int(45 + 43 * np.cos(i / 55))
    luma = cv2.add(texture[y : y + height, x : x + width], grain)
    left = (i * 7) % (width - height // 4)
    cv2.rectangle(luma, (left, height // 3), (left + height // 4, height // 3 * 2), 200, -1)
    chroma = [cv2.resize(c, (width // 2, height // 2)).ravel() for c in colours]
    planes = np.concatenate([luma, np.concatenate(chroma).reshape(-1, width)])
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts = i
    return frame


def _cpu_s(child: Child) -> float:
    times = psutil.Process(child.pid).cpu_times()
    return float(times.user + times.system)


def _body(lines: list[Line]) -> str:
    rows = [
        (
            line.name,
            line.size,
            f"{line.seconds:.0f}",
            line.num_frames,
            f"{line.bare_s:.2f}",
            f"{line.scan_s:.2f}",
            f"{line.ratio:.2f} ({line.spread})",
            line.limit or "-",
            "over" if line.is_over else "ok" if line.limit else "-",
        )
        for line in lines
    ]
    header = ("file", "size", "s", "frames", "bare decode", "scan", "scan / bare", "limit", "")
    load = ", ".join(f"{value:.1f}" for value in psutil.getloadavg())
    return f"""
CPU seconds, user plus system, of one warm child that decodes and scans each file in turn,
{ROUNDS} rounds: medians, and in brackets the lowest and highest ratio of a round. Bare decode is
PyAV on one thread, video alone. The scan finds shots, writes the frame set (2 per s, short side
{OPTIONS["short_side_px"]} px) and 16 kHz sound, and checks coverage. Load of the machine at the
end: {load}.

{table(header, rows)}
"""


if __name__ == "__main__":
    sys.exit(main())
