"""What yt-dlp's errors mean. Its classes say little, so a table of messages decides.

Private, login-required, bot-check and rate-limited videos are all a plain `ExtractorError`, and a
full disk comes as `UnavailableVideoError` (seen with yt-dlp 2026.10.26). Nothing here imports it.
"""

import datetime
import errno
import re
from collections.abc import Iterator

from ...schemas.errors import DiskFullError, EnvironmentFault, RecordError
from ...schemas.outcome import ErrorCode
from .errors import FULL_DISK_ERRNOS, PROXY_REFUSES, redact, status_code
from .retry_after import retry_after_us

MESSAGES: tuple[tuple[str, ErrorCode], ...] = (
    (r"not a bot|captcha|unusual traffic", ErrorCode.BOT_CHECK),
    # Not a removed video but a session's limit: https://github.com/yt-dlp/yt-dlp/issues/11426
    (r"isn.t available, try again later|rate.?limit", ErrorCode.RATE_LIMITED),
    (r"members[- ]only|join this channel|channel's members", ErrorCode.LOGIN_REQUIRED),
    (r"confirm your age|age.?restricted|inappropriate for some users", ErrorCode.AGE_GATED),
    (r"private video|(is|are|marked as) private", ErrorCode.PRIVATE),
    (r"\bdrm\b", ErrorCode.DRM),
    (r"(in|from) your (country|location|region)|geo.?(restrict|block)", ErrorCode.GEO_BLOCKED),
    (r"will begin in|premieres in|upcoming|being processed|processing this", ErrorCode.UPCOMING),
    (r"not currently live|is offline|has not started", ErrorCode.UPCOMING),
    (r"live stream|live event|is (currently )?live", ErrorCode.LIVE),
    (r"no longer available|been (removed|deleted)|removed by|copyright", ErrorCode.REMOVED),
    (r"account .*(terminated|closed)|video unavailable|does not exist", ErrorCode.REMOVED),
    (r"registered users|log ?in\b|sign in|premium|subscribers|purchase", ErrorCode.LOGIN_REQUIRED),
    (r"larger than max-filesize|file too large", ErrorCode.TOO_BIG),
    (r"unsupported url|no video formats|no video could be found", ErrorCode.UNSUPPORTED_URL),
    (r"fragment .*not found|giving up after|more expected", ErrorCode.INCOMPLETE),
    (r"did not get any data blocks", ErrorCode.INCOMPLETE),
    (r"failed to resolve|name resolution|name or service not known", ErrorCode.DNS),
    (r"timed out", ErrorCode.TIMEOUT_STALL),
)
"""The first row whose pattern occurs in the message, case ignored, decides."""

CLASSES: dict[str, ErrorCode] = {
    "GeoRestrictedError": ErrorCode.GEO_BLOCKED,
    "UserNotLive": ErrorCode.UPCOMING,
    "UnsupportedError": ErrorCode.UNSUPPORTED_URL,
    "UnsupportedRequest": ErrorCode.UNSUPPORTED_URL,
    "NoSupportingHandlers": ErrorCode.UNSUPPORTED_URL,
    "_UnsafeExtensionError": ErrorCode.NOT_MEDIA,
    "IncompleteRead": ErrorCode.INCOMPLETE,
    "ContentTooShortError": ErrorCode.INCOMPLETE,
    "TransportError": ErrorCode.CONNECTION,
}
"""What a class means, its own or that of what caused it, where no message told."""

_FULL_DISK = re.compile(r"no space left on device|disk quota exceeded", re.I)
_BROKEN_DISK = re.compile(r"read-only file system", re.I)
_PROXY_REFUSES = re.compile(r"(failed|error):? 407\b|proxy authentication required", re.I)
_NO_FFMPEG = re.compile(r"ffmpeg (is not installed|not found)", re.I)
_APPEAL = re.compile(r"; please report this issue on .*", re.S)


def site_error(error: BaseException) -> RecordError | EnvironmentFault:
    """Return what to raise for an error that yt-dlp raised.

    The machine is looked at first, so that no video is blamed for a full disk; then the messages,
    the HTTP status and the classes. What nobody knows is `extractor`: a parser that fails.
    """
    causes = list(_causes(error))
    message = _APPEAL.sub("", str(error))
    text = " | ".join(_APPEAL.sub("", str(cause)) for cause in causes)
    errnos = {cause.errno for cause in causes if isinstance(cause, OSError)}
    if errnos & FULL_DISK_ERRNOS or _FULL_DISK.search(text):
        return DiskFullError("the disk of the scratch folder is full; free some, then run again")
    if errnos & {errno.EROFS} or _BROKEN_DISK.search(text):
        return EnvironmentFault("the disk of the scratch folder is read-only; mend it, run again")
    if _PROXY_REFUSES.search(text):
        return EnvironmentFault(PROXY_REFUSES)
    if _NO_FFMPEG.search(text):
        return EnvironmentFault(
            "this site sends picture and sound apart, and ffmpeg, which joins them, is missing; "
            "install it (apt-get install ffmpeg), then run again"
        )
    statuses = [s for s in (getattr(cause, "status", None) for cause in causes) if s]
    code = _by_message(text) or (status_code(statuses[0]) if statuses else None)
    return RecordError(
        code or _by_class(causes) or ErrorCode.EXTRACTOR,
        redact(message) or type(error).__name__,
        value=statuses[0] if statuses else None,
        wait_until_us=_wait_until_us(causes),
    )


def _wait_until_us(causes: list[BaseException]) -> int | None:
    """Return when the site may be asked again, where its answer says so."""
    for cause in causes:
        headers = getattr(getattr(cause, "response", None), "headers", None)
        told = retry_after_us(
            headers.get("Retry-After") if headers else None, datetime.datetime.now(datetime.UTC)
        )
        if told is not None:
            return told
    return None


def _by_message(text: str) -> ErrorCode | None:
    for pattern, code in MESSAGES:
        if re.search(pattern, text, re.I):
            return code
    return None


def _by_class(causes: list[BaseException]) -> ErrorCode | None:
    names = {cls.__name__ for cause in causes for cls in type(cause).__mro__}
    for name, code in CLASSES.items():
        if name in names:
            return code
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was made from: yt-dlp keeps that in several places."""
    pending, seen = [error], set[int]()
    while pending:
        found = pending.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        wrapped = getattr(found, "exc_info", None) or (None, None, None)
        inner = (wrapped[1], getattr(found, "cause", None), found.__cause__, found.__context__)
        pending += [cause for cause in inner if isinstance(cause, BaseException)]
