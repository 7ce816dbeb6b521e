"""Which kind of fetcher a URI needs: by its scheme, its suffix, and what the server says it is."""

import posixpath
import re
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

MEDIA_SUFFIXES = (
    *(".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"),
    *(".mts", ".ogv", ".ts", ".webm", ".wmv"),
)
"""Suffixes of files taken for videos: the containers that the scan can open."""

PLAYLIST_SUFFIXES = (".m3u8", ".mpd")
"""Suffixes of playlists, whose pieces only yt-dlp fetches."""

SITE_HOSTS = (
    *("youtube.com", "youtu.be", "youtube-nocookie.com", "vimeo.com", "dailymotion.com"),
    *("bilibili.com", "ted.com", "twitch.tv"),
)
"""Hosts whose pages are known to need yt-dlp, so that the page is not asked for twice."""

_SUFFIX_OF_TYPE = {
    "video/3gpp": ".3gp",
    "video/mp2t": ".ts",
    "video/mp4": ".mp4",
    "video/mpeg": ".mpg",
    "video/ogg": ".ogv",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/x-flv": ".flv",
    "video/x-m4v": ".m4v",
    "video/x-matroska": ".mkv",
    "video/x-msvideo": ".avi",
    "application/mp4": ".mp4",
}
_BINARY_TYPES = ("application/octet-stream", "binary/octet-stream", "application/mp4", "")
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_PLAYLIST_TYPES = (
    *("application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl"),
    *("audio/x-mpegurl", "application/dash+xml"),
)
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*(::|://)")


class Route(StrEnum):
    """A kind of source."""

    LOCAL = "local"
    """A path, or a `file:` URL."""
    HTTP = "http"
    """A file behind `http:` or `https:`, by the suffix of its path."""
    ASK = "ask"
    """An `http:` or `https:` address of which only the server's answer tells what it is."""
    SITE = "site"
    """A page or playlist that yt-dlp finds the video of."""
    REMOTE = "remote"
    """Any other URL, opened by fsspec."""


class Content(StrEnum):
    """What a server's answer holds, by its `Content-Type`."""

    MEDIA = "media"
    PAGE = "page"
    PLAYLIST = "playlist"
    OTHER = "other"


def is_url(uri: str) -> bool:
    """Tell a URL, also a chained one of fsspec (`zip://a.mp4::s3://b/c.zip`), from a path."""
    return _SCHEME.match(uri) is not None


def is_web(uri: str) -> bool:
    """Tell an `http:` or `https:` URL, not chained, from everything else."""
    return uri[:8].lower().startswith(("http://", "https://")) and "::" not in uri.split("?")[0]


def route(uri: str) -> Route:
    """Return which kind of fetcher `uri` needs."""
    if not is_url(uri) or uri.lower().startswith("file://"):
        return Route.LOCAL
    if not is_web(uri):
        return Route.REMOTE
    suffix = url_suffix(uri)
    if suffix in MEDIA_SUFFIXES:
        return Route.HTTP
    is_site = suffix in PLAYLIST_SUFFIXES or is_host_of(uri, SITE_HOSTS)
    return Route.SITE if is_site else Route.ASK


def content(content_type: str | None) -> Content:
    """Return what an answer with this `Content-Type` holds; without one it may be media."""
    mime = (content_type or "").split(";")[0].strip().lower()
    if mime in _PAGE_TYPES:
        return Content.PAGE
    if mime in _PLAYLIST_TYPES:
        return Content.PLAYLIST
    is_media = mime.startswith(("video/", "audio/")) or mime in _BINARY_TYPES
    return Content.MEDIA if is_media else Content.OTHER


def file_suffix(uri: str, content_type: str | None = None) -> str:
    """Return the suffix to store a fetched file under: a known one, or none at all."""
    suffix = url_suffix(uri) if is_web(uri) else PurePosixPath(uri).suffix.lower()
    if suffix in MEDIA_SUFFIXES:
        return suffix
    return _SUFFIX_OF_TYPE.get((content_type or "").split(";")[0].strip().lower(), "")


def url_suffix(url: str) -> str:
    """Return the lower-case suffix of a URL's path, without its query."""
    try:
        return posixpath.splitext(unquote(urlsplit(url).path))[1].lower()
    except ValueError:  # such as an unclosed bracket in the host; the fetcher says so
        return ""


def is_host_of(url: str, domains: tuple[str, ...]) -> bool:
    """Tell whether a URL's host is one of `domains`, or under one."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
