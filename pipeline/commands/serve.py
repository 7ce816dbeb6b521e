"""A file server on loopback, so that the demo's downloads are real ones."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FIRST_PORT = 8731
NUM_PORTS = 20


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve a folder's files on 127.0.0.1 and yield the base URL, without a slash at its end.

    The port is the first free one from 8731 on: where it can, a second demo has the same URLs.
    """
    server = _bind(partial(_QuietHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, name="demo-server", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _bind(handler: "partial[_QuietHandler]") -> ThreadingHTTPServer:
    for port in range(FIRST_PORT, FIRST_PORT + NUM_PORTS):
        try:
            return ThreadingHTTPServer(("127.0.0.1", port), handler)
        except OSError:  # somebody else's port
            continue
    return ThreadingHTTPServer(("127.0.0.1", 0), handler)


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the progress bars have the terminal."""
