"""What a failed fetch means: one table for HTTP, one for yt-dlp; and messages without secrets."""

import errno
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ...schemas.outcome import ErrorCode
from ..secrets import mask

MAX_MESSAGE_CHARS = 500

FULL_DISK_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Errors of a write for which there is no room."""

PROXY_REFUSES = (
    "the proxy refuses its user name and password; mend what fetch.proxy refers to, or the "
    "variables such as https_proxy"
)

STATUS_CODES: dict[int, ErrorCode] = {
    401: ErrorCode.LOGIN_REQUIRED,
    403: ErrorCode.HTTP_403,
    404: ErrorCode.HTTP_404,
    408: ErrorCode.CONNECTION,
    410: ErrorCode.HTTP_410,
    425: ErrorCode.CONNECTION,
    429: ErrorCode.HTTP_429,
    451: ErrorCode.REMOVED,
}
"""What a status means, where it means more than its hundred does."""

_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+")
_QUERY = re.compile(r"(?<=\S)\?[^\s'\"<>()]*=[^\s'\"<>()]*")
_SECRET_NAMES = (
    r"authorization|proxy-authorization|cookie|set-cookie"
    r"|[a-z_-]*(?:token|secret|password|passwd|api[_-]?key|signature|credential)"
)
_SECRET = re.compile(
    rf"(?i)\b({_SECRET_NAMES})(['\"]?\s*[:=]\s*['\"]?)((?:bearer |basic )?[^\s,;&'\"]+)"
)
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_VIDEO_KEYS = ("v", "id", "vid", "video_id", "viewkey")


def status_code(status: int) -> ErrorCode | None:
    """Return what an HTTP status means for the source, or None for a whole answer."""
    if status in STATUS_CODES:
        return STATUS_CODES[status]
    if status == 206:  # a part of the file, though the whole was asked for
        return ErrorCode.INCOMPLETE
    if 200 <= status < 300:
        return None
    return ErrorCode.HTTP_5XX if status >= 500 else ErrorCode.HTTP_4XX


def public_url(url: str, *, keep: tuple[str, ...] = ()) -> str:
    """Return `url` without user name, password, fragment and query.

    Args:
        url: any URL.
        keep: names of the query's fields that stay; see `page_url`.
    """
    try:
        parts = urlsplit(url)
        query = urlencode([(key, value) for key, value in parse_qsl(parts.query) if key in keep])
    except ValueError:
        return url.split("?")[0].split("#")[0].rsplit("@", 1)[-1]
    return urlunsplit((parts.scheme, parts.netloc.rsplit("@", 1)[-1], parts.path, query, ""))


def page_url(url: str) -> str:
    """Return a page's public URL; of its query only what names the video stays (`watch?v=...`)."""
    return public_url(url, keep=_VIDEO_KEYS)


def redact(text: str) -> str:
    """Return `text` on one line, without secrets or control characters, at most 500 long."""
    text = _URL.sub(lambda match: public_url(match.group()), mask(text))
    text = _QUERY.sub("", text)
    text = _SECRET.sub(r"\1\2***", text)
    text = " ".join(_CONTROL.sub(" ", text).split())
    return text if len(text) <= MAX_MESSAGE_CHARS else f"{text[: MAX_MESSAGE_CHARS - 3]}..."
