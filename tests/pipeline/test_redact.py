"""No secret and no folder of this machine in a stored message."""

import pytest

from interlink.pipeline.redact import MAX_MESSAGE_CHARS, redact


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("plain text, 100% as it was", "plain text, 100% as it was"),
        ("https://host/v.mp4?token=abc#t is gone", "https://host/v.mp4 is gone"),
        ("https://bob:pw@host:8080/v.mp4", "https://host:8080/v.mp4"),
        ("s3://key:secret@bucket/a/b.mp4", "s3://bucket/a/b.mp4"),
        ("https://site/@channel/videos", "https://site/@channel/videos"),
        ("no such file: '/srv/bob/videos/x.mp4'", "no such file: 'x.mp4'"),
        ("[Errno 2] /tmp/scratch/3f2a/frame.jpg: gone", "[Errno 2] frame.jpg: gone"),
        ("cannot open file:///srv/bob/a.mp4", "cannot open a.mp4"),
        ("see ~/videos/a.mp4", "see a.mp4"),
        ("a ratio of 3/4/5 and 24/1 fps", "a ratio of 3/4/5 and 24/1 fps"),
        ("Authorization: Bearer abc.def.ghi", "Authorization: ***"),
        ("cookie: a=b; c=d", "cookie: ***"),
        ("password=hunter2 was wrong", "password=*** was wrong"),
        ('{"api_key": "abc"}', '{"api_key": ***}'),
        ("hf_abcdefghijklmnopqrst", "***"),
        ("AKIAABCDEFGHIJKLMNOP", "***"),
        ("two\n  lines", "two lines"),
    ],
)
def test_secrets_and_folders_go_and_the_rest_stays(message, kept):
    assert redact(message) == kept


def test_a_long_message_is_cut():
    assert redact("x" * 2000) == "x" * (MAX_MESSAGE_CHARS - 3) + "..."


def test_redacting_twice_changes_nothing():
    once = redact("https://a:b@c/d?e /srv/x/y.mp4 token=1")
    assert redact(once) == once == "https://c/d y.mp4 token=***"
