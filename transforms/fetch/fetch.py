"""Fetch: sources to files. Downloads run side by side; results come out in the order of input."""

import shutil
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...schemas.errors import DiskFullError, RecordError
from ...schemas.ids import video_id
from ...schemas.outcome import ErrorCode, RejectionReason
from ...schemas.reference import Reference
from ...schemas.source import Source
from ...schemas.video import Video
from ..base import Failed, Kept, Map, Rejected, Workspace, parameter
from ..text.document_source import group_of
from .credentials import Credentials, check_references, mask_download, read_credentials
from .download import Download, disk_faults, folder_bytes
from .errors import redact
from .hosts import Hosts
from .http import fetch_http
from .license import license_key, to_spdx
from .limits import Limits, expected_bytes
from .local import fetch_local
from .remote import fetch_remote
from .routing import Route, route
from .watch import Watch
from .ytdlp import LicenseRefusedError, Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What the downloads of one batch have in common."""

    sites: Sites
    lent: Credentials
    cancelled: threading.Event


@dataclass(kw_only=True)
class Fetch(Map[Source, Video]):
    """Bring each source's file into the part, and check what came.

    Nothing is tried again here: a `Failed` of a transient class is the runtime's to retry.
    A source with the bytes of one that the part has kept already is rejected as
    `duplicate_source`, and what was taken down as `taken_down`: before it is fetched where its id
    or group tell, else by its bytes.

    Raises:
        EnvironmentFault: the disk is full, or a package that a source needs is missing.
    """

    max_bytes: int = 4 << 30
    """Largest file, in decoded bytes."""
    max_height_px: int = 480
    """Largest picture height asked of a video site, where it offers several."""
    allowed_licenses: tuple[str, ...] = ()
    """Licenses to keep, as SPDX identifiers or as the manifest writes them; empty keeps all."""
    concurrency: int = parameter(4, in_digest=False)
    """Downloads at once in one worker."""
    timeout_s: float = parameter(900.0, in_digest=False)
    """Longest time for one download."""
    stall_timeout_s: float = parameter(120.0, in_digest=False)
    """Longest time of one download without 1 KiB per second."""
    connect_timeout_s: float = parameter(20.0, in_digest=False)
    """Longest wait for a connection."""
    host_wait_s: float = parameter(60.0, in_digest=False)
    """Longest time that the sources of one host wait, in one part, where it asks for patience and
    will be back soon. Where that is not enough, its other sources are deferred."""
    user_agent: str = parameter("interlink/0.1", in_digest=False)
    """What to call ourselves to HTTP servers."""
    cookies: str | None = parameter(None, in_digest=False)
    """Where a cookies file in Netscape's format stands, for HTTP and sites: `file:/path` or
    `env:NAME`. A secret is never written into a recipe; the workers read it."""
    proxy: str | None = parameter(None, in_digest=False)
    """Where the URL of a proxy stands, for HTTP and sites: `env:NAME` or `file:/path`."""
    headers: dict[str, dict[str, str]] = field(default_factory=dict, metadata={"in_digest": False})
    """Where the values of HTTP headers stand, by host and header, such as
    `{example.org: {Authorization: env:EXAMPLE_KEY}}`; for files, not for pages of sites."""

    def __post_init__(self) -> None:
        above_0 = ("max_bytes", "max_height_px", "concurrency")
        for name in (*above_0, "timeout_s", "stall_timeout_s", "connect_timeout_s"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}={getattr(self, name)} must be > 0")
        if not self.host_wait_s >= 0:
            raise ValueError(f"host_wait_s={self.host_wait_s} must be >= 0")
        check_references(**self._references())

    def setup(self) -> None:
        """Look whether the secrets can be read here, before any source is tried."""
        self._credentials()

    def teardown(self) -> None:
        """Forget the hosts, so that this pickles again."""
        self.__dict__.pop("_hosts", None)

    def open_part(self, workspace: Workspace) -> None:
        """Take the workspace of the part that comes next, and forget the last part's files."""
        super().open_part(workspace)
        if not hasattr(self, "_hosts"):  # of this worker; other workers learn by themselves
            self._hosts = Hosts(max_wait_s=self.host_wait_s)
        self._hosts.begin_part()
        self._kept: dict[str, tuple[str, Reference]] = {}

    def process_batch(self, records: Sequence[Source]) -> list[Kept[Video] | Rejected | Failed]:
        """Fetch the sources, `concurrency` at once, and return their results in order."""
        cancelled = threading.Event()
        self.files().await_space(sum(expected_bytes(s, self.max_bytes) for s in records))
        pool = ThreadPoolExecutor(self.concurrency, thread_name_prefix="fetch")
        # Read for each batch and kept nowhere: a transform may be pickled, and cookies be renewed.
        lent = self._credentials()
        with Sites(max_height_px=self.max_height_px, credentials=lent) as sites:
            shared = _Shared(sites=sites, lent=lent, cancelled=cancelled)
            try:
                jobs = [
                    self._refuse(source) or pool.submit(self._run, source, shared)
                    for source in records
                ]
                return [
                    job if isinstance(job, Rejected) else self._result(source, job)
                    for source, job in zip(records, jobs, strict=True)
                ]
            finally:
                # After a fault of the machine, the other downloads end at their watch's next look.
                cancelled.set()
                pool.shutdown(cancel_futures=True)

    def _run(self, source: Source, shared: _Shared) -> Download:
        """Fetch one source into a folder of its own. Called in a thread of the pool.

        Neither a host that asks for patience nor a full disk counts as a try of the source.
        """
        files, needed, was_full = self.files(), expected_bytes(source, self.max_bytes), False
        while True:
            self._hosts.ask(source.uri, shared.cancelled)
            files.await_space(needed, shared.cancelled, was_full=was_full)
            with disk_faults(files.scratch):
                folder = Path(tempfile.mkdtemp(prefix="fetch-", dir=files.scratch))
            try:
                return self._download(source, folder, shared)
            except RecordError as error:
                shutil.rmtree(folder, ignore_errors=True)
                if not self._hosts.is_worth_waiting(source.uri, error):
                    raise
            except DiskFullError:
                needed, was_full = max(needed, folder_bytes(folder) + 1), True
                shutil.rmtree(folder, ignore_errors=True)
            except LicenseRefusedError:
                shutil.rmtree(folder, ignore_errors=True)
                raise

    def _download(self, source: Source, folder: Path, shared: _Shared) -> Download:
        limits = Limits(
            max_bytes=self.max_bytes,
            timeout_s=self.timeout_s,
            stall_timeout_s=self.stall_timeout_s,
            connect_timeout_s=self.connect_timeout_s,
        )
        with Watch(limits, shared.cancelled) as watch:
            download = self._fetch(source, folder, limits, watch, shared)
        if source.sha256 is not None and source.sha256 != download.sha256:
            message = f"the manifest says sha256={source.sha256}, but it is {download.sha256}"
            raise RecordError(ErrorCode.CHECKSUM, message)
        return mask_download(download)

    def _fetch(
        self, source: Source, folder: Path, limits: Limits, watch: Watch, shared: _Shared
    ) -> Download:
        """Hand one source to the fetcher of its kind."""
        uri, kind = source.uri, route(source.uri)
        if kind is Route.LOCAL:
            return fetch_local(uri, folder, limits=limits, watch=watch)
        if kind is Route.REMOTE:
            return fetch_remote(uri, folder, limits=limits, watch=watch)
        if kind is not Route.SITE:
            download = fetch_http(
                uri,
                folder,
                limits=limits,
                watch=watch,
                user_agent=self.user_agent,
                credentials=shared.lent,
                is_file=kind is Route.HTTP,
            )
            if download is not None:
                return download
        is_decided = source.license is not None or not self.allowed_licenses
        licenses = None if is_decided else sorted(self._license_keys())
        return shared.sites.fetch(uri, folder, limits=limits, watch=watch, licenses=licenses)

    def _result(self, source: Source, job: Future[Download]) -> Kept[Video] | Rejected | Failed:
        """Wait for one download and take its file over into the part."""
        try:
            download = job.result()
        except LicenseRefusedError as error:
            return self._refusal(source, error.license_raw)
        except RecordError as error:
            return Failed(
                input_id=source.source_id,
                code=error.code,
                message=error.message,
                value=error.value,
                wait_until_us=error.wait_until_us,
            )
        try:
            refusal = self._refuse(source, download)
            if refusal is not None:
                return refusal
            first, reference = self._kept.get(download.sha256, (source.source_id, None))
            if first != source.source_id:
                return Rejected(
                    input_id=source.source_id,
                    reason=RejectionReason.DUPLICATE_SOURCE,
                    message=f"the same bytes as source {first}",
                )
            if reference is None:  # else the runtime hands the same source in again
                reference = self.files().add_file(download.path, sha256=download.sha256)
                self._kept[download.sha256] = (first, reference)
        finally:
            shutil.rmtree(download.path.parent, ignore_errors=True)
        return Kept(input_id=source.source_id, record=_video(source, download, reference))

    def _refuse(self, source: Source, download: Download | None = None) -> Rejected | None:
        """Reject what was taken down, or by license: before the download where that is enough."""
        if self._is_denied(source, download):  # without a word on what it was
            return Rejected(input_id=source.source_id, reason=RejectionReason.TAKEN_DOWN)
        if not self.allowed_licenses:
            return None
        raw = source.license or (download.license_raw if download else None)
        if raw is None and download is None and route(source.uri) in (Route.SITE, Route.ASK):
            return None  # the site may name one
        return None if license_key(raw) in self._license_keys() else self._refusal(source, raw)

    def _is_denied(self, source: Source, download: Download | None) -> bool:
        denied = self.files().denied
        if download is not None and video_id(download.sha256) in denied.videos:
            return True
        group = group_of(source, download.site if download else None)
        return denied.has_source(source.source_id, group)

    def _refusal(self, source: Source, license_raw: str | None) -> Rejected:
        allowed = ", ".join(self.allowed_licenses)
        said = f"license {license_raw!r}" if license_raw else "no license"
        return Rejected(
            input_id=source.source_id,
            reason=RejectionReason.LICENSE,
            message=redact(f"{said}, but allowed_licenses are {allowed}"),
        )

    def _references(self) -> dict[str, Any]:
        return {"cookies": self.cookies, "proxy": self.proxy, "headers": self.headers}

    def _credentials(self) -> Credentials:
        return read_credentials(**self._references())

    def _license_keys(self) -> set[str]:
        return {key for name in self.allowed_licenses if (key := license_key(name)) is not None}


def _video(source: Source, download: Download, file: Reference) -> Video:
    license_raw = source.license or download.license_raw
    origin = "manifest" if source.license else "site"
    return Video(
        video_id=video_id(download.sha256),
        source=source,
        file=file,
        num_bytes=download.num_bytes,
        final_uri=download.final_uri,
        mime=download.mime,
        title=source.title or download.title,
        language=source.language or download.language,
        license_raw=license_raw,
        license=to_spdx(license_raw),
        license_source=origin if license_raw else None,
        site=download.site,
        metadata=source.metadata,
    )
