import dataclasses
import hashlib
import tempfile
import threading
import time
from pathlib import Path

import pytest

from interlink.schemas.errors import RecordError
from interlink.schemas.outcome import ErrorCode
from interlink.transforms.fetch.http import fetch_http
from interlink.transforms.fetch.limits import Limits
from interlink.transforms.fetch.watch import Watch

DATA = bytes(range(256)) * 1500


@pytest.fixture
def server(faulty_server):
    faulty_server.add("/a.mp4", DATA)
    return faulty_server


@pytest.fixture
def get(tmp_path: Path, limits: Limits, server):
    """Fetches a path of the server: `get("/a.mp4", is_file=False, stall_timeout_s=1)`."""

    def run(path: str, *, is_file: bool = True, **changed):
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        changed_limits = dataclasses.replace(limits, **changed)
        uri = path if "://" in path else server.url(path)
        with Watch(changed_limits, threading.Event()) as watch:
            return fetch_http(
                uri,
                folder,
                limits=changed_limits,
                watch=watch,
                user_agent="test/1",
                is_file=is_file,
            )

    return run


@pytest.mark.parametrize("path", ["/a.mp4", "/nolength/a.mp4", "/chunked/a.mp4", "/gzip/a.mp4"])
def test_a_file_comes_whole_however_its_length_is_told(get, path: str):
    got = get(path)
    assert got.path.read_bytes() == DATA
    assert got.sha256 == hashlib.sha256(DATA).hexdigest()
    assert (got.num_bytes, got.mime, got.path.suffix) == (len(DATA), "video/mp4", ".mp4")


def test_the_request_asks_for_the_bare_file_and_says_who_we_are(get, server):
    get("/a.mp4")
    assert server.headers_seen[0]["User-Agent"] == "test/1"
    assert server.headers_seen[0]["Accept-Encoding"] == "identity"


def test_where_it_came_from_is_told_after_redirects_and_without_secrets(get, server):
    got = get(f"{server.url('/redirect/a.mp4?token=CANARY')}#part")
    assert got.final_uri == server.url("/a.mp4")
    with_user = server.url("/a.mp4").replace("http://", "http://me:CANARY@")
    assert get(with_user).final_uri == server.url("/a.mp4")
    assert server.headers_seen[-1]["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/status/404.mp4", ErrorCode.HTTP_404),
        ("/status/410.mp4", ErrorCode.HTTP_410),
        ("/status/403.mp4", ErrorCode.HTTP_403),
        ("/status/429.mp4", ErrorCode.HTTP_429),
        ("/status/503.mp4", ErrorCode.HTTP_5XX),
        ("/status/418.mp4", ErrorCode.HTTP_4XX),
        ("/short.mp4", ErrorCode.INCOMPLETE),
        ("/cut/a.mp4", ErrorCode.INCOMPLETE),
        ("/badgzip/a.mp4", ErrorCode.INCOMPLETE),
        ("/loop.mp4", ErrorCode.HTTP_REDIRECT_LOOP),
        ("/escape.mp4", ErrorCode.UNSUPPORTED_URL),
        ("/reset.mp4", ErrorCode.CONNECTION),
        ("http://127.0.0.1:1/a.mp4", ErrorCode.CONNECTION),
        ("http://nowhere.invalid/a.mp4?token=CANARY", ErrorCode.DNS),
        ("http:///a.mp4", ErrorCode.UNSUPPORTED_URL),
        ("http://[broken/a.mp4", ErrorCode.UNSUPPORTED_URL),
        (f"http://{'x' * 64}.org/a.mp4", ErrorCode.UNSUPPORTED_URL),
    ],
)
def test_a_fault_has_its_code_and_no_secret_in_its_message(get, path: str, code: ErrorCode):
    with pytest.raises(RecordError, match=code) as raised:
        get(path)
    assert "CANARY" not in raised.value.message
    assert len(raised.value.message) <= 500


def test_the_status_and_the_bytes_that_came_are_the_value(get):
    with pytest.raises(RecordError, match="http_404: the server said 404 Not Found") as raised:
        get("/status/404.mp4")
    assert raised.value.value == 404


def test_when_the_server_may_be_asked_again_is_told(get):
    before_us = time.time_ns() // 1000
    with pytest.raises(RecordError, match="http_429") as raised:
        get("/later/120")
    assert 119_000_000 < raised.value.wait_until_us - before_us < 150_000_000


@pytest.mark.parametrize("path", ["/drip.mp4", "/dripheader.mp4", "/hang.mp4", "/pause/a.mp4"])
def test_a_server_that_stands_still_is_left_in_time(get, path: str):
    start = time.monotonic()
    with pytest.raises(RecordError, match="timeout_stall: under 1 KiB per second"):
        get(path, stall_timeout_s=0.5)
    assert time.monotonic() - start < 3


def test_a_server_that_never_ends_is_left_at_the_deadline(get):
    start = time.monotonic()
    with pytest.raises(RecordError, match=r"timeout_total: not done within timeout_s=0.5"):
        get("/steady.mp4", timeout_s=0.5)
    assert time.monotonic() - start < 3


def test_an_endless_body_is_cut_at_the_cap(get, tmp_path: Path):
    with pytest.raises(RecordError, match=r"too_big: .* bytes or more, but max_bytes=1000000"):
        get("/endless.mp4")
    assert sum(p.stat().st_size for p in tmp_path.rglob("file*")) <= 1_000_000


def test_the_cap_counts_decoded_bytes(get, server):
    server.add("/bomb.mp4", bytes(3_000_000))
    with pytest.raises(RecordError, match="too_big"):
        get("/gzip/bomb.mp4")


def test_a_length_above_the_cap_is_refused_before_the_body(get, tmp_path: Path):
    with pytest.raises(RecordError, match=f"too_big: {len(DATA)} bytes or more"):
        get("/a.mp4", max_bytes=1000)
    assert not list(tmp_path.rglob("file*"))


def test_an_empty_answer_is_an_empty_file(get, server):
    server.add("/empty.mp4", b"")
    with pytest.raises(RecordError, match="empty_file: the file holds no bytes"):
        get("/empty.mp4")


def test_a_page_in_place_of_a_file_is_no_media(get, server):
    server.add("/gone.mp4", b"<html>gone</html>", "text/html; charset=utf-8")
    with pytest.raises(RecordError, match="not_media: the server sent text/html; charset=utf-8"):
        get("/gone.mp4")


@pytest.mark.parametrize("content_type", ["text/html", "application/vnd.apple.mpegurl"])
def test_a_page_or_playlist_is_left_to_the_sites(get, server, content_type: str):
    server.add("/watch", b"<html></html>", content_type)
    assert get("/watch", is_file=False) is None


def test_an_address_without_suffix_is_a_file_if_the_server_says_so(get, server):
    server.add("/download", DATA, "video/webm")
    assert get("/download", is_file=False).path.suffix == ".webm"
    server.add("/picture", DATA, "image/png")
    with pytest.raises(RecordError, match="not_media: the server sent image/png, not a video"):
        get("/picture", is_file=False)


def test_a_file_of_an_unknown_type_is_taken_by_its_suffix(get, server):
    server.add("/a.mkv", DATA, "text/plain")
    assert get("/a.mkv").num_bytes == len(DATA)
