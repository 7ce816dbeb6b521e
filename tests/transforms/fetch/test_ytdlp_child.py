"""yt-dlp itself, in this process: against a loopback server, and with a made-up extractor."""

import gc
from collections.abc import Callable, Iterator

import pytest
import yt_dlp
from yt_dlp.extractor.common import InfoExtractor

from interlink.schemas.errors import RecordError
from interlink.schemas.outcome import ErrorCode
from interlink.transforms.fetch import ytdlp_child
from interlink.transforms.fetch.ytdlp_child import fetch_page, site_options

# yt-dlp leaves the response of a download that is stopped to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

DATA = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100_000)


@pytest.fixture
def page(faulty_server, tmp_path, monkeypatch) -> Iterator[Callable[..., dict]]:
    """Fetches a page of the server: `page("/watch", licenses=["MIT"])`."""
    monkeypatch.setattr(ytdlp_child, "_backoff", lambda n: 0.0)
    faulty_server.add("/a.mp4", DATA)

    folder = tmp_path / "50%" / ("long" * 30)
    folder.mkdir(parents=True)

    def run(path: str, *, licenses: list[str] | None = None, max_bytes: int = 1_000_000, **lent):
        options = site_options(
            str(folder), max_height_px=480, max_bytes=max_bytes, is_youtube=False
        )
        url = path if "://" in path else faulty_server.url(path)
        return fetch_page(url, str(folder), options, licenses, **lent)

    yield run
    gc.collect()


@pytest.fixture
def site(monkeypatch, faulty_server):
    """Makes yt-dlp know `http://site.test/`, of which `site(info)` decides what it says."""
    answers = []

    class MadeUpIE(InfoExtractor):
        _VALID_URL = r"https?://site\.test/"

        def _real_extract(self, url):
            answer = answers[-1]
            if isinstance(answer, Exception):
                raise answer
            return {"id": "1", "title": "t", "url": faulty_server.url("/a.mp4"), **answer}

    plain = yt_dlp.YoutubeDL

    class WithSite(plain):
        def __init__(self, params):
            super().__init__(params)
            self.add_info_extractor(MadeUpIE())
            self._ies = {"MadeUp": self._ies.pop("MadeUp"), **self._ies}

    monkeypatch.setattr(yt_dlp, "YoutubeDL", WithSite)
    return answers.append


def test_the_options_are_exactly_these():
    assert site_options("/x/100%", max_height_px=360, max_bytes=7, is_youtube=False) == {
        "format": "bv*[height<=?360]+ba/b[height<=?360]",
        "format_sort": ["res:360", "vcodec:h264", "acodec:aac", "ext:mp4:m4a", "proto"],
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
        "max_filesize": 7,
        "noplaylist": True,
        "playlist_items": "1",
        "lazy_playlist": True,
        "ignoreerrors": False,
        "outtmpl": "/x/100%%/media.%(ext)s",
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
    }


def test_youtube_gets_the_pauses_that_it_asks_for():
    plain = site_options("/x", max_height_px=480, max_bytes=7, is_youtube=False)
    careful = site_options("/x", max_height_px=480, max_bytes=7, is_youtube=True)
    assert {key: careful[key] for key in careful.keys() - plain.keys()} == {
        "sleep_interval_requests": 0.75,
        "sleep_interval": 5,
        "max_sleep_interval": 10,
    }


def test_the_video_of_a_page_is_found(page, faulty_server, tmp_path):
    html = b'<title>How to</title><video src="/a.mp4"></video>'
    faulty_server.add("/watch", html, "text/html")
    answer = page("/watch?token=CANARY")
    assert [path.read_bytes() for path in tmp_path.rglob(answer["file"])] == [DATA]
    assert answer["page_url"] == faulty_server.url("/watch")
    assert answer["title"].startswith("How to")
    assert "CANARY" not in str(answer)


COOKIES = "127.0.0.1\tFALSE\t/\tFALSE\t0\tlogin\tCANARY-COOKIE\n"


@pytest.mark.usefixtures("forgetful", "whole_ffmpeg")
def test_cookies_and_proxy_are_used_and_what_the_site_repeats_of_them_is_masked(
    page, faulty_server
):
    faulty_server.add("/echoed/title.mp4", DATA)
    proxy = faulty_server.url("").replace("http://", "http://me:CANARY-PROXY@")
    answer = page("/echo/title", cookies=COOKIES, proxy=proxy)
    seen = faulty_server.headers_seen[-1]
    assert seen["Cookie"] == "login=CANARY-COOKIE"
    assert seen["Proxy-Authorization"].startswith("Basic ")
    assert answer["title"].startswith("login=*** Basic ***")
    assert "CANARY" not in str(answer)


@pytest.mark.usefixtures("forgetful", "whole_ffmpeg")
def test_no_ffmpeg_sees_cookies_or_proxy_as_its_arguments(page, site, faulty_server):
    site({"protocol": "m3u8", "url": faulty_server.url("/v.m3u8"), "ext": "mp4"})
    with pytest.raises(RecordError, match="unsupported_url: only ffmpeg can download this stream"):
        page("http://site.test/", cookies=COOKIES)


@pytest.fixture
def whole_ffmpeg(monkeypatch):
    """Lets yt-dlp have its downloader by ffmpeg again after a test."""
    from yt_dlp.downloader.external import FFmpegFD

    monkeypatch.setattr(FFmpegFD, "real_download", FFmpegFD.real_download)


def test_a_playlist_with_a_lost_piece_is_incomplete(page, faulty_server):
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", "#EXTINF:4,", "/a.ts", "#EXTINF:4,"]
    lines += ["/lost.ts", "#EXT-X-ENDLIST"]
    playlist = "\n".join(lines).encode()
    faulty_server.add("/v.m3u8", playlist, "application/vnd.apple.mpegurl")
    faulty_server.add("/a.ts", b"G" + bytes(187), "video/mp2t")
    with pytest.raises(RecordError, match=r"incomplete|http_404"):
        page("/v.m3u8")


@pytest.mark.parametrize("path", ["/endless.mp4", "/a.mp4"])
def test_the_cap_holds_with_and_without_a_length(page, site, faulty_server, path: str):
    site({"url": faulty_server.url(path)})
    with pytest.raises(RecordError, match="too_big"):
        page("http://site.test/", max_bytes=50_000)


def test_a_page_without_a_video_is_unsupported(page, faulty_server):
    faulty_server.add("/text", b"<title>text</title>", "text/html")
    with pytest.raises(RecordError, match=r"unsupported_url: .*Unsupported URL"):
        page("/text")


def test_only_a_few_fields_of_a_site_are_kept(page, site):
    site(
        {
            "title": "a\n<b>\ud800",
            "channel": "Cook",
            "channel_url": "https://site.test/@cook?si=CANARY",
            "upload_date": "20240131",
            "language": "en",
            "license": "CC BY 4.0",
            "webpage_url": "https://me:CANARY@site.test/watch?v=1&sig=CANARY",
            "http_headers": {"Cookie": "CANARY"},
            "ext": "mp4",
        }
    )
    assert page("http://site.test/") == {
        "file": "media.mp4",
        "extractor": "MadeUp",
        "page_url": "https://site.test/watch?v=1",
        "creator": "Cook",
        "creator_uri": "https://site.test/@cook",
        "published": "2024-01-31",
        "title": "a <b>?",
        "language": "en",
        "license": "CC BY 4.0",
    }


def test_a_license_is_looked_at_before_the_download(page, site, faulty_server):
    site({"license": "CC BY 4.0"})
    assert page("http://site.test/", licenses=["CC-BY-4.0"])["license"] == "CC BY 4.0"
    faulty_server.hits.clear()
    site({"license": "Standard License"})
    answer = page("http://site.test/", licenses=["CC-BY-4.0"])
    assert answer == {"refused_license": "Standard License"}
    assert not faulty_server.hits


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"live_status": "is_live"}, ErrorCode.LIVE),
        ({"is_live": True}, ErrorCode.LIVE),
        ({"live_status": "is_upcoming"}, ErrorCode.UPCOMING),
        ({"ext": "desktop"}, ErrorCode.NOT_MEDIA),
        ({"url": None, "formats": []}, ErrorCode.UNSUPPORTED_URL),
        (KeyError("streamingData"), ErrorCode.EXTRACTOR),
        (TypeError("None has no items"), ErrorCode.EXTRACTOR),
        (yt_dlp.utils.ExtractorError("Private video", expected=True), ErrorCode.PRIVATE),
        (yt_dlp.utils.GeoRestrictedError("only in FR"), ErrorCode.GEO_BLOCKED),
        (yt_dlp.utils.UserNotLive(), ErrorCode.UPCOMING),
        (
            yt_dlp.utils.ExtractorError("Sign in to confirm you\u2019re not a bot", expected=True),
            ErrorCode.BOT_CHECK,
        ),
    ],
)
def test_what_a_site_says_has_its_code(page, site, answer, code: ErrorCode):
    site(answer)
    with pytest.raises(RecordError, match=f"^{code}:"):
        page("http://site.test/")


def test_a_video_to_come_says_when(page, site):
    site({"live_status": "is_upcoming", "release_timestamp": 1_900_000_000})
    with pytest.raises(RecordError, match="upcoming") as caught:
        page("http://site.test/")
    assert caught.value.wait_until_us == 1_900_000_000_000_000


def test_an_id_of_a_site_names_no_file(page, site, tmp_path):
    site({"id": "../../../etc/passwd", "title": "../x"})
    assert page("http://site.test/")["file"] == "media.mp4"
