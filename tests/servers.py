"""An HTTP server on loopback that misbehaves on demand. Its paths say what they do."""

import gzip
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FaultyServer(ThreadingHTTPServer):
    """Serves files that a test puts into it, and faults under fixed paths.

    `/status/503.mp4` answers with that status; `/short.mp4` sends half of what it promised;
    `/nolength/...` leaves the length out; `/chunked/...` sends chunks, and `/cut/...` breaks off
    inside one; `/drip.mp4` sends a byte every 50 ms, and `/dripheader.mp4` its header so;
    `/hang.mp4` never answers; `/pause/...` stops after half; `/endless.mp4` never stops;
    `/slow/...` waits 0.5 s first; `/redirect/...` points at `/...`, `/loop.mp4` at itself and
    `/escape.mp4` at a file; `/gzip/...` sends it compressed, `/badgzip/...` only says so;
    `/steady.mp4` never ends at 200 KiB/s; `/reset.mp4` hangs up; `/later/120` answers 429 with
    that `Retry-After`.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, tuple[bytes, str | None]] = {}
        self.hits: Counter[str] = Counter()
        self.headers_seen: list[dict[str, str]] = []
        self.stopped = threading.Event()

    def add(self, path: str, data: bytes, content_type: str | None = "video/mp4") -> str:
        """Serve `data` under `path`, and return its URL."""
        self.files[path] = (data, content_type)
        return self.url(path)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request, client_address) -> None:
        """Say nothing: clients hang up on purpose here."""


@contextmanager
def faulty_server() -> Iterator[FaultyServer]:
    server = FaultyServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyServer

    def log_message(self, format, *args) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.server.hits[path] += 1
        self.server.headers_seen.append(dict(self.headers))
        self.close_connection = True
        fault, _, rest = path.lstrip("/").partition("/")
        fault = fault.removesuffix(".mp4")
        method = getattr(self, f"fault_{fault}", None)
        try:
            if path in self.server.files:
                self._send(*self.server.files[path])
            elif method is not None:
                method(f"/{rest}")
            else:
                self.send_error(404)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client hung up, as it should

    def _send(self, data: bytes, content_type: str | None, length: int | None = -1) -> None:
        self._head(content_type, len(data) if length == -1 else length)
        self.wfile.write(data)

    def _head(self, content_type: str | None, length: int | None, **headers: str) -> None:
        self.send_response(200)
        if content_type:
            self.send_header("Content-Type", content_type)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def _wait(self, seconds: float) -> bool:
        """Sleep; True once the server stops."""
        return self.server.stopped.wait(seconds)

    def fault_status(self, rest: str) -> None:
        self.send_error(int(rest.strip("/").removesuffix(".mp4")))

    def fault_later(self, rest: str) -> None:
        self.send_response(429)
        self.send_header("Retry-After", rest.strip("/"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def fault_short(self, rest: str) -> None:
        self._send(b"x" * 500, "video/mp4", length=1000)

    def fault_nolength(self, rest: str) -> None:
        self._send(*self.server.files[rest], length=None)

    def fault_chunked(self, rest: str, end: bytes = b"0\r\n\r\n") -> None:
        data, content_type = self.server.files[rest]
        self._head(content_type, None, Transfer_Encoding="chunked")
        self.wfile.write(b"%x\r\n%s\r\n%s" % (len(data), data, end))

    def fault_cut(self, rest: str) -> None:
        self.fault_chunked(rest, end=b"ff\r\nonly a little")

    def fault_drip(self, rest: str) -> None:
        self._head("video/mp4", 1_000_000)
        while not self._wait(0.05):
            self.wfile.write(b"x")

    def fault_dripheader(self, rest: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not self._wait(0.05):
            self.wfile.write(b"x")

    def fault_hang(self, rest: str) -> None:
        self.server.stopped.wait()

    def fault_pause(self, rest: str) -> None:
        data, content_type = self.server.files[rest]
        self._head(content_type, len(data))
        self.wfile.write(data[: len(data) // 2])
        self.server.stopped.wait()

    def fault_endless(self, rest: str) -> None:
        self._head("video/mp4", None)
        while not self.server.stopped.is_set():
            self.wfile.write(b"x" * 65536)

    def fault_steady(self, rest: str) -> None:
        self._head("video/mp4", None)
        while not self._wait(0.02):
            self.wfile.write(b"x" * 4096)

    def fault_slow(self, rest: str) -> None:
        time.sleep(0.5)
        self._send(*self.server.files[rest])

    def fault_redirect(self, rest: str) -> None:
        self._redirect(rest)

    def fault_loop(self, rest: str) -> None:
        self._redirect("/loop.mp4")

    def fault_escape(self, rest: str) -> None:
        self._redirect("file:///etc/hostname")

    def _redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def fault_gzip(self, rest: str) -> None:
        data, content_type = self.server.files[rest]
        body = gzip.compress(data)
        self._head(content_type, len(body), Content_Encoding="gzip")
        self.wfile.write(body)

    def fault_badgzip(self, rest: str) -> None:
        data, content_type = self.server.files[rest]
        self._head(content_type, len(data), Content_Encoding="gzip")
        self.wfile.write(data)

    def fault_reset(self, rest: str) -> None:
        self.connection.close()
