"""Pages of video sites, by yt-dlp in a killable child process.

A server that drips defeats yt-dlp's time-outs and hooks alike, so a watch looks at the bytes on
the disk from outside and kills the child with all that it started.
"""

import contextlib
import importlib.metadata
import os
import signal
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from ...schemas.errors import EnvironmentFault
from ...schemas.video import Site
from ..child import Child, ChildLimits
from .credentials import Credentials
from .download import Download, digest_of, folder_bytes
from .errors import public_url
from .limits import Limits
from .routing import is_host_of
from .watch import Watch
from .ytdlp_child import site_options

FUNCTION = "interlink.transforms.fetch.ytdlp_child:fetch_page"
MIN_VERSION = (2026, 7, 4)
"""Older ones have holes that a page can use: CVE-2026-50019, -50023, -50574, -55404."""

_YOUTUBE = ("youtube.com", "youtu.be", "youtube-nocookie.com")
_CERTIFICATES = ("ssl_cert_file", "ssl_cert_dir")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


class LicenseRefusedError(Exception):
    """The site names a license that is not among the allowed ones; `license_raw` is it."""

    def __init__(self, license_raw: str | None) -> None:
        super().__init__(license_raw)
        self.license_raw = license_raw


class Sites:
    """The children of one batch, one for each thread that meets a site. Use as a context.

    Args:
        max_height_px: largest picture height asked for.
        credentials: cookies and proxy. Headers are not used: a site's video lies on many hosts.
    """

    def __init__(self, *, max_height_px: int, credentials: Credentials) -> None:
        self._max_height_px = max_height_px
        self._credentials = credentials
        self._of_thread = threading.local()
        self._children: list[Child] = []

    def __enter__(self) -> "Sites":
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for child in self._children:
            child.close()

    def fetch(
        self, url: str, folder: Path, *, limits: Limits, watch: Watch, licenses: list[str] | None
    ) -> Download:
        """Download the video of a page into `folder`.

        Args:
            url: the page.
            folder: an empty folder to write to.
            limits: what the download may take.
            watch: the watch of this download.
            licenses: keys of the licenses to keep (`license.license_key`); None keeps all.

        Raises:
            RecordError: by the table of `site_errors.py`, or the watch's verdict.
            LicenseRefusedError: the site's license is not among `licenses`.
            EnvironmentFault: yt-dlp is missing or too old, the disk is full, ffmpeg is missing.
        """
        check_version()
        child = self._child(limits)
        options = site_options(
            str(folder),
            max_height_px=self._max_height_px,
            max_bytes=limits.max_bytes,
            is_youtube=is_host_of(url, _YOUTUBE),
        )
        arguments = {"url": url, "folder": str(folder), "options": options, "licenses": licenses}
        # Through the pipe: arguments and environment of a process can be read by others.
        secrets = {"cookies": self._credentials.cookies, "proxy": self._credentials.proxy}
        watch.guard_work(stop=lambda: _kill(child), count_bytes=lambda: folder_bytes(folder))
        try:
            # The watch has the word; this deadline is for the case that it could not kill.
            answer = child.call(FUNCTION, arguments | secrets, deadline_s=limits.timeout_s + 60)
        finally:
            watch.check()
        if "refused_license" in answer:
            raise LicenseRefusedError(answer["refused_license"] or None)
        return _download(answer, folder, url, watch)

    def _child(self, limits: Limits) -> Child:
        if not hasattr(self._of_thread, "child"):
            passed_on = _CERTIFICATES + (() if self._credentials.proxy else _PROXIES)
            variables = {n: v for n, v in os.environ.items() if n.lower() in passed_on}
            self._of_thread.child = Child(
                ChildLimits(
                    # A JavaScript engine reserves far more addresses than it uses.
                    memory_bytes=1 << 40,
                    file_bytes=2 * limits.max_bytes,
                ),
                environment={**variables, "YTDLP_NO_PLUGINS": "1"},
            )
            self._children.append(self._of_thread.child)
        child: Child = self._of_thread.child
        return child


def check_version() -> None:
    """Raise for a machine whose yt-dlp is missing or has known holes.

    Raises:
        EnvironmentFault: with what to install.
    """
    remedy = "run: pip install -U 'interlink[youtube]'"
    try:
        version = importlib.metadata.version("yt-dlp")
    except importlib.metadata.PackageNotFoundError:
        raise EnvironmentFault(f"pages of video sites need yt-dlp; {remedy}") from None
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if numbers < MIN_VERSION:
        floor = ".".join(map(str, MIN_VERSION))
        raise EnvironmentFault(
            f"yt-dlp {version} is older than {floor}, with known holes; {remedy}"
        )


def _download(answer: dict[str, Any], folder: Path, url: str, watch: Watch) -> Download:
    path = folder / Path(answer["file"]).name
    saved = digest_of(path, watch)
    return Download(
        path=path,
        sha256=saved.sha256,
        num_bytes=saved.num_bytes,
        final_uri=answer["page_url"] or public_url(url),
        title=answer["title"],
        language=answer["language"],
        license_raw=answer["license"],
        site=Site(
            name=answer["extractor"] or "unknown",
            page_url=answer["page_url"],
            creator=answer["creator"],
            creator_uri=answer["creator_uri"],
            published=answer["published"],
        ),
    )


def _kill(child: Child) -> None:
    """Kill a child and all that it started; its caller sees it crash."""
    pid = child.pid
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
