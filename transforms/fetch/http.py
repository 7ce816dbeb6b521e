"""Files behind HTTP(S): streamed, counted, checked against the length that the server named.

`_open` is the one place where a request is made. Nothing is tried again here: that is the
runtime's business. Proxies and certificates are those of the environment, as `requests` reads it.
"""

import contextlib
import datetime
import http.client
import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool

from ...schemas.errors import RecordError
from ...schemas.outcome import ErrorCode
from .download import BLOCK_BYTES, Download, check_size, save
from .errors import public_url, redact, status_code
from .limits import Limits
from .retry_after import retry_after_us
from .routing import Content, content, file_suffix
from .watch import Watch

MAX_REDIRECTS = 10


def fetch_http(
    uri: str, folder: Path, *, limits: Limits, watch: Watch, user_agent: str, is_file: bool
) -> Download | None:
    """Stream a file into `folder`.

    Args:
        uri: an `http:` or `https:` URL.
        folder: an empty folder to write to.
        limits: what the download may take; the cap counts decoded bytes.
        watch: the watch of this download.
        user_agent: what to call ourselves.
        is_file: whether the URL names a media file. A page is then an error (`not_media`):
            servers send one in place of a file that is gone.

    Returns:
        The file; None if the answer is a page or a playlist, in which a site's video may be.

    Raises:
        RecordError: by the status, or `incomplete`, `too_big`, `empty_file`, `not_media`,
            `timeout_total`, `timeout_stall`, `connection`, `dns`, `unsupported_url`, ...
    """
    with _faults(watch), _open(uri, limits, watch, user_agent) as response:
        code = status_code(response.status_code)
        if code is not None:
            message = f"the server said {response.status_code} {response.reason}"
            raise RecordError(
                code,
                redact(message),
                value=response.status_code,
                wait_until_us=retry_after_us(
                    response.headers.get("Retry-After"), datetime.datetime.now(datetime.UTC)
                ),
            )
        mime = response.headers.get("Content-Type")
        kind = content(mime)
        if kind in (Content.PAGE, Content.PLAYLIST) and not is_file:
            return None
        if kind is Content.PAGE or (kind is Content.OTHER and not is_file):
            raise RecordError(ErrorCode.NOT_MEDIA, redact(f"the server sent {mime}, not a video"))
        expected = _content_length(response)
        check_size(expected or 0, limits.max_bytes)
        target = folder / f"file{file_suffix(uri, mime) or file_suffix(response.url)}"
        saved = save(_blocks(response, expected), target, max_bytes=limits.max_bytes, watch=watch)
        return Download(
            path=target,
            sha256=saved.sha256,
            num_bytes=saved.num_bytes,
            final_uri=public_url(response.url),
            mime=mime.split(";")[0].strip().lower() if mime else None,
        )


@contextlib.contextmanager
def _open(uri: str, limits: Limits, watch: Watch, user_agent: str) -> Iterator[requests.Response]:
    """Ask for `uri`, in a session of its own, so that no cookie reaches another download."""
    with requests.Session() as session:
        session.max_redirects = MAX_REDIRECTS
        adapter = _WatchedAdapter(watch)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        # Not compressed, so that the length is the file's own.
        headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
        timeouts_s = (limits.connect_timeout_s, limits.stall_timeout_s)
        with session.get(uri, headers=headers, timeout=timeouts_s, stream=True) as response:
            yield response


class _WatchedAdapter(HTTPAdapter):
    """Makes connections that the watch can shut down."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        super().__init__()

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> HTTPConnectionPool:
        """Return the pool that `requests` chose, its connections shown to the watch."""
        pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
        assert isinstance(pool, HTTPConnectionPool)
        pool.ConnectionCls = _watched(pool.ConnectionCls, self._watch)
        return pool


def _watched(base: type, watch: Watch) -> type:
    """Return the connection class `base`, made to show each new socket to the watch."""

    class Watched(base):  # type: ignore[misc]
        def _new_conn(self) -> socket.socket:
            sock: socket.socket = super()._new_conn()
            watch.guard(sock)
            return sock

    return Watched


def _blocks(response: requests.Response, expected: int | None) -> Iterator[bytes]:
    """Yield what arrives as it arrives; `read` would wait until a whole block is there."""
    while block := response.raw.read1(BLOCK_BYTES, decode_content=True):
        yield block
    received = response.raw.tell()
    if expected is not None and received != expected:
        message = f"{received} of {expected} bytes came"
        raise RecordError(ErrorCode.INCOMPLETE, message, value=received)


def _content_length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    # With chunks a length means nothing (RFC 9112, 6.3).
    is_valid = re.fullmatch(r"\d+", text) and "Transfer-Encoding" not in response.headers
    return int(text) if is_valid else None


@contextlib.contextmanager
def _faults(watch: Watch) -> Iterator[None]:
    """Turn what requests and urllib3 raise into a code."""
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        watch.check()  # a socket that the watch shut down fails in many ways
        raise RecordError(_classify(error), redact(f"{type(error).__name__}: {error}")) from error
    except (RecordError, UnicodeError) as error:
        watch.check()
        if isinstance(error, RecordError):
            raise
        raise RecordError(ErrorCode.UNSUPPORTED_URL, redact(f"not a valid URL: {error}")) from error


_CODES: tuple[tuple[tuple[type[Exception], ...], ErrorCode], ...] = (
    ((requests.TooManyRedirects,), ErrorCode.HTTP_REDIRECT_LOOP),
    (
        (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema),
        ErrorCode.UNSUPPORTED_URL,
    ),
    ((requests.exceptions.MissingSchema,), ErrorCode.UNSUPPORTED_URL),
    ((urllib3.exceptions.LocationParseError,), ErrorCode.UNSUPPORTED_URL),
    ((urllib3.exceptions.NameResolutionError,), ErrorCode.DNS),
    ((requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError), ErrorCode.TIMEOUT_STALL),
    (
        (http.client.IncompleteRead, urllib3.exceptions.DecodeError),
        ErrorCode.INCOMPLETE,
    ),
    ((requests.exceptions.ChunkedEncodingError,), ErrorCode.INCOMPLETE),
)
"""The first row that names an error, or what caused it, decides; else `connection`."""


def _classify(error: BaseException) -> ErrorCode:
    causes = list(_causes(error))
    for types, code in _CODES:
        if any(isinstance(cause, types) for cause in causes):
            return code
    return ErrorCode.CONNECTION


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what is wrapped in it: requests and urllib3 use arguments and `reason`."""
    yield error
    for inner in (*error.args, getattr(error, "reason", None)):
        if isinstance(inner, BaseException):
            yield from _causes(inner)
