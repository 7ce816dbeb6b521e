"""The child's side of `ytdlp.py`: one video of one site, by yt-dlp, with fixed options.

As a library yt-dlp tries nothing again, skips lost fragments without a word, resumes files that
have changed, and enforces its size limit only where the server names a length; the options say
otherwise, one by one.
"""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...schemas.errors import RecordError
from ...schemas.outcome import ErrorCode
from .download import check_size
from .errors import page_url
from .license import license_key
from .routing import MEDIA_SUFFIXES
from .site_errors import site_error

_PARSER_BUGS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError),
    *(RecursionError, NotImplementedError),
)
_LIVE = {
    "is_live": ErrorCode.LIVE,
    "post_live": ErrorCode.LIVE,
    "is_upcoming": ErrorCode.UPCOMING,
}
_MAX_TITLE_CHARS = 1000


class _LicenseRefusedError(Exception):
    """Stops yt-dlp before the download."""


def site_options(
    folder: str, *, max_height_px: int, max_bytes: int, is_youtube: bool
) -> dict[str, Any]:
    """Return yt-dlp's options, hooks left out. Nothing else may reach yt-dlp.

    Args:
        folder: where to write; the file is called `media` and a suffix, whatever the site says.
        max_height_px: largest picture height; formats of unknown height are allowed (`<=?`), else
            no direct file would do.
        max_bytes: largest file, checked beforehand where the server names a length.
        is_youtube: adds the pauses that YouTube asks for.
    """
    pauses = {"sleep_interval_requests": 0.75, "sleep_interval": 5, "max_sleep_interval": 10}
    return {
        "format": f"bv*[height<=?{max_height_px}]+ba/b[height<=?{max_height_px}]",
        "format_sort": f"res:{max_height_px},vcodec:h264,acodec:aac,ext:mp4:m4a,proto".split(","),
        "merge_output_format": "mp4",
        "allow_multiple_audio_streams": False,
        "retries": 5,
        "fragment_retries": 5,
        "extractor_retries": 3,
        "file_access_retries": 3,
        "socket_timeout": 20,
        "skip_unavailable_fragments": False,
        "continuedl": False,
        "nopart": False,
        "overwrites": True,
        "max_filesize": max_bytes,
        "noplaylist": True,
        "playlist_items": "1",
        "lazy_playlist": True,
        "ignoreerrors": False,
        "outtmpl": f"{folder.replace('%', '%%')}/media.%(ext)s",
        "cachedir": False,
        "updatetime": False,
        "restrictfilenames": True,
        "writeinfojson": False,
        "clean_infojson": True,
        "enable_file_urls": False,
        "nocheckcertificate": False,
        "usenetrc": False,
        "external_downloader": None,
        "concurrent_fragment_downloads": 1,
        "geo_bypass": False,
        "js_runtimes": {"deno": {}},
        "remote_components": [],
        "check_formats": None,
        "fixup": "detect_or_warn",
        "warn_when_outdated": False,
        "quiet": True,
        "noprogress": True,
        "color": "no_color",
        **(pauses if is_youtube else {}),
    }


def fetch_page(
    url: str, folder: str, options: dict[str, Any], licenses: list[str] | None
) -> dict[str, Any]:
    """Download the video of a page.

    Args:
        url: the page.
        folder: an empty folder to write to.
        options: `site_options`.
        licenses: keys of the licenses to keep (`license.license_key`); None keeps all.

    Returns:
        `file`, a name in `folder`, and the site's fields; or `refused_license` alone.

    Raises:
        RecordError: by the table of `site_errors.py`, or `live`, `upcoming`, `too_big`.
        EnvironmentFault: the disk is full, or ffmpeg is missing.
    """
    import yt_dlp

    log = _Log()
    hooks = {
        "logger": log,
        "progress_hooks": [_byte_cap(options["max_filesize"])],
        "match_filter": _filter(licenses),
        "retry_sleep_functions": dict.fromkeys(("http", "fragment", "extractor"), _backoff),
    }
    try:
        with yt_dlp.YoutubeDL({**options, **hooks}) as ydl:
            info = _first(ydl.sanitize_info(ydl.extract_info(url)))
    except _LicenseRefusedError as error:
        return {"refused_license": str(error)}
    except (yt_dlp.utils.YoutubeDLError, *_PARSER_BUGS) as error:
        raise site_error(error) from error
    return {"file": _file_name(Path(folder), log), **_fields(info)}


class _Log:
    """Keeps what yt-dlp says, which is at times all there is to know."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def debug(self, text: str) -> None:
        self.lines = [*self.lines[-50:], text]

    info = warning = error = debug


def _byte_cap(max_bytes: int) -> Callable[[dict[str, Any]], None]:
    """Return a hook that stops above the cap, also where the server named no length."""
    written: dict[str, int] = {}

    def hook(progress: dict[str, Any]) -> None:
        written[str(progress.get("filename"))] = int(progress.get("downloaded_bytes") or 0)
        check_size(sum(written.values()), max_bytes)

    return hook


def _filter(licenses: list[str] | None) -> Callable[..., str | None]:
    """Return what looks at a video before it is downloaded."""

    def check(info: dict[str, Any], *, incomplete: bool = False) -> str | None:
        code = _LIVE.get(str(info.get("live_status")))
        if code is None and info.get("is_live"):
            code = ErrorCode.LIVE
        if code is not None:
            release_s = info.get("release_timestamp") if code is ErrorCode.UPCOMING else None
            raise RecordError(
                code,
                f"the video is {info.get('live_status') or 'live'}; later",
                wait_until_us=int(release_s) * 1_000_000 if release_s else None,
            )
        raw = _text(info.get("license"))
        if licenses is not None and not incomplete and license_key(raw) not in licenses:
            raise _LicenseRefusedError(raw or "")
        return None

    return check


def _backoff(n: int) -> float:
    """Pause before try `n` + 1: full jitter under 1 s, 2 s, 4 s ... 60 s."""
    return random.uniform(0, min(60.0, 2.0**n))


def _first(info: Any) -> dict[str, Any]:  # noqa: ANN401  (yt-dlp's own structure)
    """Return the video of a result, which may be a list of one."""
    while isinstance(info, dict) and info.get("entries") is not None:
        info = next(iter(info["entries"]), None)
    return info if isinstance(info, dict) else {}


def _file_name(folder: Path, log: _Log) -> str:
    """Return the name of the finished file."""
    unfinished = (".part", ".ytdl", ".temp")
    names = sorted(p.name for p in folder.iterdir() if not p.name.endswith(unfinished))
    if len(names) == 1 and Path(names[0]).suffix.lower() in MEDIA_SUFFIXES:
        return names[0]
    if names:
        raise RecordError(ErrorCode.NOT_MEDIA, f"yt-dlp wrote {', '.join(names)}, not a video")
    raise site_error(ValueError(" ".join(log.lines[-5:]) or "yt-dlp wrote no file"))


def _fields(info: dict[str, Any]) -> dict[str, str | None]:
    """Return the few fields that are kept; signed URLs, headers and cookies are not."""
    published = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", str(info.get("upload_date") or ""))
    page = _text(info.get("webpage_url"))
    creator_uri = _text(info.get("channel_url") or info.get("uploader_url"))
    return {
        "extractor": _text(info.get("extractor_key")),
        "page_url": page_url(page) if page else None,
        "creator": _text(info.get("channel") or info.get("uploader")),
        "creator_uri": page_url(creator_uri) if creator_uri else None,
        "published": "-".join(published.groups()) if published else None,
        "title": _text(info.get("title")),
        "language": _text(info.get("language")),
        "license": _text(info.get("license")),
    }


def _text(value: Any) -> str | None:  # noqa: ANN401
    """Return a site's text on one line, without what UTF-8 cannot hold."""
    if not isinstance(value, str):
        return None
    text = " ".join(value.encode("utf-8", "replace").decode().split())
    return text[:_MAX_TITLE_CHARS] or None
