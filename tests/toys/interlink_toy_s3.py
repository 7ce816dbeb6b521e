"""An S3 server on loopback, moto's, that answers one request at a time and fails on demand.

moto lets two conditional puts of one key win now and then; one request at a time, none does.
"""

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import fsspec
import s3fs
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

BUCKET = "bucket"
_ERROR = "<Error><Code>{code}</Code><Message>asked for by a test</Message></Error>"
_CODES = {409: "ConditionalRequestConflict", 500: "InternalError", 503: "SlowDown"}


class S3Server:
    """Counts requests by method, and answers some with an error."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        """Method and path of each request."""
        self.refuse: Callable[[str, str], int | None] = lambda method, path: None
        """Tells the status to answer with, or None to do what is asked."""
        self.is_lost: Callable[[str, str], bool] = lambda method, path: False
        """Tells whether to do what is asked and answer with an error all the same."""
        self.port = 0
        self._app = create_backend_app("s3")
        self._lock = threading.Lock()

    @property
    def environment(self) -> dict[str, str]:
        """What a client must find in its environment."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
        }

    def counted(self) -> Counter[str]:
        """Count the requests by method."""
        return Counter(method for method, _ in self.requests)

    def fill(self, folder: str, number: int) -> None:
        """Put empty files `00000`, `00001`, ... into a folder, without requests."""
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        for n in range(number):
            backend.put_object(BUCKET, f"{folder}/{n:05d}", b"")

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI request."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        with self._lock:
            self.requests.append((method, path))
            status = self.refuse(method, path)
            if status is None and self.is_lost(method, path):
                list(self._app(environ, lambda *_: None))
                status = 500
            elif status is None:
                return list(self._app(environ, start))
            else:
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start(f"{status} Refused", [("Content-Type", "application/xml")])
        return [_ERROR.format(code=_CODES[status]).encode()]


class _Quiet(MotoRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    """Serve an empty bucket, with clients of this process and its children pointed at it."""
    app = S3Server()
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    app.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    before = {name: os.environ.get(name) for name in app.environment}
    os.environ.update(app.environment)
    s3fs.S3FileSystem.clear_instance_cache()
    fsspec.filesystem("s3").mkdir(BUCKET)
    app.requests.clear()
    try:
        yield app
    finally:
        s3fs.S3FileSystem.clear_instance_cache()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        server.shutdown()
        server.server_close()
        thread.join()
