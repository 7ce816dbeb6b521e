import pytest

from interlink.transforms.fetch.routing import (
    Content,
    Route,
    content,
    file_suffix,
    is_host_of,
    is_url,
    route,
)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/videos/a.mp4", Route.LOCAL),
        ("a b/c?d.mp4", Route.LOCAL),
        ("file:///videos/a.mp4", Route.LOCAL),
        ("https://example.org/a.mp4", Route.HTTP),
        ("HTTP://example.org/A.MP4?token=1#t=2", Route.HTTP),
        ("https://example.org/a%2Emkv", Route.HTTP),
        ("https://example.org/watch?file=a.mp4", Route.ASK),
        ("https://example.org/download", Route.ASK),
        ("https://[broken/a", Route.ASK),
        ("https://www.youtube.com/watch?v=x", Route.SITE),
        ("https://youtu.be/x", Route.SITE),
        ("https://notyoutube.com/x", Route.ASK),
        ("https://example.org/live.m3u8?x=1", Route.SITE),
        ("s3://bucket/a.mp4", Route.REMOTE),
        ("memory://a.mp4", Route.REMOTE),
        ("zip://a.mp4::https://example.org/b.zip", Route.REMOTE),
    ],
)
def test_a_uri_takes_the_route_of_its_kind(uri: str, expected: Route):
    assert route(uri) is expected


def test_a_path_with_a_colon_is_no_url():
    assert not is_url("a:b/c.mp4")
    assert not is_url("./http:/x")
    assert is_url("gs://bucket/x")


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("video/mp4", Content.MEDIA),
        ("audio/ogg; codecs=opus", Content.MEDIA),
        ("application/octet-stream", Content.MEDIA),
        (None, Content.MEDIA),
        ("text/html; charset=utf-8", Content.PAGE),
        ("Application/XHTML+XML", Content.PAGE),
        ("audio/x-mpegurl", Content.PLAYLIST),
        ("application/vnd.apple.mpegurl", Content.PLAYLIST),
        ("image/png", Content.OTHER),
        ("application/json", Content.OTHER),
    ],
)
def test_a_content_type_tells_what_an_answer_holds(content_type, expected: Content):
    assert content(content_type) is expected


def test_the_stored_suffix_is_a_known_one_or_none():
    assert file_suffix("https://x/a.WEBM?b.exe") == ".webm"
    assert file_suffix("https://x/a", "video/quicktime; x=y") == ".mov"
    assert file_suffix("https://x/a.desktop", "application/octet-stream") == ""
    assert file_suffix("/a/b.MKV") == ".mkv"


def test_a_host_is_matched_whole_or_below_a_dot():
    assert is_host_of("https://user@m.Vimeo.com:443/1", ("vimeo.com",))
    assert not is_host_of("https://evilvimeo.com/1", ("vimeo.com",))
    assert not is_host_of("https://[broken/", ("vimeo.com",))
