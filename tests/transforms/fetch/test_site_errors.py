"""One test for each row of the table, with the words that sites use."""

import errno

import pytest

from interlink.schemas.errors import EnvironmentFault, RecordError
from interlink.schemas.outcome import ErrorCode
from interlink.transforms.fetch.site_errors import CLASSES, MESSAGES, site_error

SAID = [
    ("Sign in to confirm you\u2019re not a bot. Use --cookies", ErrorCode.BOT_CHECK),
    ("This content isn't available, try again later.", ErrorCode.RATE_LIMITED),
    ("Join this channel to get access to members-only content", ErrorCode.LOGIN_REQUIRED),
    ("Sign in to confirm your age. This video may be", ErrorCode.AGE_GATED),
    ("Private video. Sign in if you've been granted access", ErrorCode.PRIVATE),
    ("This video is DRM protected", ErrorCode.DRM),
    ("not made this video available in your country", ErrorCode.GEO_BLOCKED),
    ("This live event will begin in 3 hours.", ErrorCode.UPCOMING),
    ("The channel is not currently live", ErrorCode.UPCOMING),
    ("This live stream recording is not available", ErrorCode.LIVE),
    ("This video is no longer available", ErrorCode.REMOVED),
    ("Video unavailable. This video does not exist", ErrorCode.REMOVED),
    ("This video is only available for registered users.", ErrorCode.LOGIN_REQUIRED),
    ("File is larger than max-filesize (9 bytes > 1 bytes)", ErrorCode.TOO_BIG),
    ("Unsupported URL: https://example.org", ErrorCode.UNSUPPORTED_URL),
    ("fragment 2 not found, unable to continue", ErrorCode.INCOMPLETE),
    ("Did not get any data blocks", ErrorCode.INCOMPLETE),
    ("Failed to resolve 'nowhere.invalid'", ErrorCode.DNS),
    ("The read operation timed out", ErrorCode.TIMEOUT_STALL),
]


@pytest.mark.parametrize(("message", "code"), SAID)
def test_a_message_has_a_code(message: str, code: ErrorCode):
    error = site_error(ValueError(f"ERROR: [site] id: {message}"))
    assert isinstance(error, RecordError)
    assert error.code is code


def test_every_row_of_the_table_was_tried():
    assert len(SAID) == len(MESSAGES)
    assert [code for _, code in SAID] == [code for _, code in MESSAGES]


@pytest.mark.parametrize(("name", "code"), CLASSES.items())
def test_a_class_has_a_code_where_no_message_told(name: str, code: ErrorCode):
    error = type(name, (Exception,), {})("words that say nothing")
    assert site_error(error).code is code


def test_what_nobody_knows_is_the_extractor_and_its_appeal_is_cut_off():
    appeal = "; please report this issue on https://example.org , is private"
    error = site_error(KeyError(f"'formats'{appeal}"))
    assert error.code is ErrorCode.EXTRACTOR
    assert "report" not in error.message


def test_a_status_in_the_chain_of_causes_decides():
    cause = OSError("HTTP Error 404: Not Found")
    cause.status = 404
    outer = ValueError("unable to download the page")
    outer.exc_info = (OSError, cause, None)
    error = site_error(outer)
    assert (error.code, error.value) == (ErrorCode.HTTP_404, 404)


def test_a_full_disk_blames_the_machine_though_the_video_is_called_unavailable():
    try:
        try:
            raise OSError(errno.ENOSPC, "no room")
        except OSError as error:
            raise ValueError("Video unavailable") from error
    except ValueError as error:
        fault = site_error(error)
    assert isinstance(fault, EnvironmentFault)
    assert "full" in str(fault)


@pytest.mark.parametrize(
    "said",
    [
        "HTTP Error 407: Proxy Authentication Required",
        "('Unable to connect to proxy', OSError('Tunnel connection failed: 407 Who are you'))",
    ],
)
def test_a_proxy_that_wants_another_password_blames_the_machine(said: str):
    fault = site_error(ValueError(said))
    assert isinstance(fault, EnvironmentFault)
    assert "fetch.proxy" in str(fault)


def test_a_missing_ffmpeg_blames_the_machine():
    said = "You have requested merging of multiple formats but ffmpeg is not installed"
    fault = site_error(ValueError(said))
    assert isinstance(fault, EnvironmentFault)
    assert "apt-get install ffmpeg" in str(fault)
