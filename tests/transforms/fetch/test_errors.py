import pytest

from interlink.schemas.outcome import ErrorCode
from interlink.transforms.fetch.errors import page_url, public_url, redact, status_code


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, None),
        (203, None),
        (206, ErrorCode.INCOMPLETE),
        (304, ErrorCode.HTTP_4XX),
        (400, ErrorCode.HTTP_4XX),
        (401, ErrorCode.LOGIN_REQUIRED),
        (403, ErrorCode.HTTP_403),
        (404, ErrorCode.HTTP_404),
        (408, ErrorCode.CONNECTION),
        (410, ErrorCode.HTTP_410),
        (425, ErrorCode.CONNECTION),
        (429, ErrorCode.HTTP_429),
        (451, ErrorCode.REMOVED),
        (500, ErrorCode.HTTP_5XX),
        (503, ErrorCode.HTTP_5XX),
    ],
)
def test_a_status_has_a_code(status: int, code: ErrorCode | None):
    assert status_code(status) is code


def test_a_public_url_holds_no_secret():
    assert public_url("https://me:pw@h.org:8/a/b?token=x#y") == "https://h.org:8/a/b"
    assert public_url("https://me:pw@[broken/a?token=x") == "[broken/a"


def test_a_page_keeps_what_names_the_video():
    assert page_url("https://www.youtube.com/watch?v=ab&si=track&t=3") == (
        "https://www.youtube.com/watch?v=ab"
    )


@pytest.mark.parametrize(
    "secret",
    [
        "GET https://h.org/a.mp4?X-Amz-Signature=CANARY failed",
        "GET https://user:CANARY@h.org/a.mp4 failed",
        "HTTPConnectionPool(host='h'): Max retries exceeded with url: /a?sig=CANARY (Caused by",
        "Authorization: Bearer CANARY",
        "access_token=CANARY&x=1",
        "{'api_key': 'CANARY'}",
        "password: CANARY",
    ],
)
def test_a_message_holds_no_secret(secret: str):
    assert "CANARY" not in redact(secret)


def test_a_message_is_one_line_of_at_most_500_characters():
    text = redact("red \x1b[31malert\x1b[0m\r\nnext\x00line " + "x" * 1000)
    assert text.startswith("red alert next line xxx")
    assert len(text) == 500
    assert text.endswith("...")
