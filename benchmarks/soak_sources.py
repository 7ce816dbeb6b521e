"""What a soak runs on: videos of one second, and a server on loopback that fails one in twenty."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import av
import numpy as np

FAULTS = {
    "gone": "http_404",
    "truncated": "truncated",
    "page": "not_media",
    "huge": "too_large_picture",
    "short": "incomplete",
    "empty": "empty_file",
    "reset": "connection",
    "busy": "http_429",
    "double": "duplicate_source",
    "flaky": None,
    "slow": None,
    "live": "live",
    "hang": "timeout_stall",
}
"""Kinds of faults, and the code that each must end with; None where the source is kept."""
FAULTY_SHARE = 0.05
FPS = 10
SIZE = (64, 48)


@dataclass(kw_only=True)
class Soak:
    """A manifest, what the server sends for each of its paths, and what must become of it."""

    manifest: Path
    expected: dict[str, str | None] = field(default_factory=dict)
    """By path: the code of a source that is not kept, None of one that is."""


class SoakServer(ThreadingHTTPServer):
    """Serves the videos of a soak, and its faults by the first word of their paths."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.hits: Counter[str] = Counter()
        self.stopped = threading.Event()

    @property
    def address(self) -> str:
        """Root of its URLs."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients hang up on purpose."""


@contextmanager
def soak_server() -> Iterator[SoakServer]:
    """Start a server in a thread, and stop it."""
    server = SoakServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def make_soak(server: SoakServer, folder: Path, *, num_sources: int, seed: int = 0) -> Soak:
    """Make so many sources, one in twenty of them faulty, and write their manifest."""
    draw = random.Random(seed)
    num_faulty = round(num_sources * FAULTY_SHARE)
    kinds = [list(FAULTS)[n % len(FAULTS)] for n in range(num_faulty)]
    kinds += ["good"] * (num_sources - num_faulty)
    draw.shuffle(kinds)
    soak = Soak(manifest=folder / "sources.txt")
    for number, kind in enumerate(kinds):
        suffix = ".m3u8" if kind == "live" else ".mp4"
        path = f"/{kind}/{number}{suffix}"
        soak.expected[path] = FAULTS.get(kind)
        if kind in {"good", "flaky", "slow", "truncated"}:
            server.files[path] = make_video(folder, number, with_sound=number % 10 == 0)
        if kind == "truncated":
            server.files[path] = server.files[path][: len(server.files[path]) * 6 // 10]
        if kind == "huge":
            server.files[path] = huge_picture()
        if kind == "double":
            server.files[path] = make_video(folder, 0, with_sound=False)
    # A host that turns us away is asked no more, so it must be another one.
    elsewhere = server.address.replace("127.0.0.1", "localhost")
    urls = [(elsewhere if "/busy/" in p else server.address) + p for p in soak.expected]
    soak.manifest.write_text("".join(f"{url}\n" for url in urls))
    return soak


def make_video(folder: Path, seed: int, *, with_sound: bool) -> bytes:
    """Return a video of one second whose pictures move; its index stands first, as on the web."""
    rng = np.random.default_rng(seed)
    scene = rng.integers(30, 220, (6, 8, 3), np.uint8)
    picture = scene.repeat(SIZE[1] // 4, 0).repeat(SIZE[0] // 4, 1)
    path = folder / "video.mp4"
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        sound = container.add_stream("aac", rate=16000) if with_sound else None
        for number in range(FPS):
            shown = picture[number : number + SIZE[1], number : number + SIZE[0]]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            tone = np.sin(np.arange(16000) * 2 * np.pi * 440 / 16000) * 8000
            samples = av.AudioFrame.from_ndarray(tone.astype(np.int16)[None], "s16", "mono")
            samples.sample_rate, samples.pts = 16000, 0
            container.mux(sound.encode(samples))
            container.mux(sound.encode(None))
    return path.read_bytes()


def huge_picture() -> bytes:
    """Return a video whose pictures are wider than anybody decodes."""
    file, size = BytesIO(), (8208, 16)
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=1, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        picture = np.zeros((size[1], size[0], 3), np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = 0, Fraction(1, 1)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SoakServer

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Send the file of the path, or its fault."""
        kind = self.path.split("/")[1]
        self.server.hits[self.path] += 1
        self.close_connection = True
        data = self.server.files.get(self.path, b"nothing of a video" * 100)
        hits = self.server.hits[self.path]
        if kind == "gone":
            self._send(404, b"")
        elif kind == "page":
            self._send(200, b"<html>gone</html>", content_type="text/html")
        elif kind == "hang":
            self.server.stopped.wait(60)
        elif kind == "short":
            self._send(200, data, length=len(data) + 1000)
        elif kind == "empty":
            self._send(200, b"")
        elif kind == "flaky" and hits < 3:
            self._send(503, b"")
        elif kind == "busy":
            self._send(429, b"", retry_after="3600")
        elif kind == "slow" and not self.server.stopped.wait(0.3):
            self._send(200, data)
        elif kind == "live":
            lines = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n/good/0.mp4\n"
            self._send(200, lines, content_type="application/vnd.apple.mpegurl")
        elif kind != "reset":
            self._send(200, data)

    def _send(
        self,
        status: int,
        data: bytes,
        *,
        content_type: str = "video/mp4",
        length: int | None = None,
        retry_after: str | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)
