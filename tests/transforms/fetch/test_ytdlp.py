"""The parent's side, with the real child and a loopback server."""

import dataclasses
import importlib.metadata
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest

from interlink.schemas.errors import EnvironmentFault, RecordError
from interlink.transforms.fetch.credentials import Credentials
from interlink.transforms.fetch.limits import Limits
from interlink.transforms.fetch.watch import Watch
from interlink.transforms.fetch.ytdlp import LicenseRefusedError, Sites, check_version

DATA = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100_000)


@pytest.fixture
def get(tmp_path: Path, limits: Limits, faulty_server):
    faulty_server.add("/a.mp4", DATA)
    for name in ("a", "drip", "none"):
        html = f'<title>How to</title><video src="/{name}.mp4"></video>'
        faulty_server.add(f"/watch/{name}", html.encode(), "text/html")

    before = children()
    with Sites(max_height_px=480, credentials=Credentials()) as sites:

        def run(path: str, *, licenses=None, cancelled=None, **changed):
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            new = dataclasses.replace(limits, **{"timeout_s": 90, "stall_timeout_s": 60} | changed)
            url = faulty_server.url(path)
            with Watch(new, cancelled or threading.Event()) as watch:
                return sites.fetch(url, folder, limits=new, watch=watch, licenses=licenses)

        yield run
    assert children() <= before


def children() -> set[int]:
    """Return the processes of this one, among which may be a fork server of other tests."""
    return {process.pid for process in psutil.Process().children(recursive=True)}


def test_a_page_gives_its_video_and_what_the_site_says(get, faulty_server):
    got = get("/watch/a")
    assert got.path.read_bytes() == DATA
    assert got.num_bytes == len(DATA)
    assert got.title == "How to (1)"
    assert got.site.page_url == got.final_uri == faulty_server.url("/watch/a")


def test_the_childs_errors_arrive_and_the_child_goes_on(get):
    with pytest.raises(RecordError, match=r"http_404: .*404"):
        get("/watch/none")
    with pytest.raises(LicenseRefusedError, match="None"):
        get("/watch/a", licenses=["CC-BY-4.0"])
    assert get("/watch/a").num_bytes == len(DATA)


def test_a_drip_is_left_in_time_and_no_process_stays(get):
    start, before = time.monotonic(), children()
    with pytest.raises(RecordError, match="timeout_stall: under 1 KiB per second"):
        get("/watch/drip", stall_timeout_s=3)
    assert time.monotonic() - start < 10
    assert children() <= before


def test_a_download_that_nobody_wants_any_more_ends(get):
    cancelled = threading.Event()
    threading.Timer(1, cancelled.set).start()
    with pytest.raises(RecordError, match="given up, because the step stops"):
        get("/watch/drip", cancelled=cancelled, stall_timeout_s=60)


def test_a_missing_or_old_yt_dlp_blames_the_machine_and_names_the_remedy(monkeypatch):
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(EnvironmentFault, match=r"need yt-dlp; .* 'interlink\[youtube\]'"):
        check_version()
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "2025.12.8")
    with pytest.raises(EnvironmentFault, match=r"yt-dlp 2025.12.8 is older than 2026.7.4"):
        check_version()
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "2026.7.4.123dev0")
    check_version()
