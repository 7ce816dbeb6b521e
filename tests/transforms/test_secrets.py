"""References to secrets, and masks over what was read."""

import logging

import pytest

from interlink.schemas.errors import EnvironmentFault
from interlink.transforms import secrets
from interlink.transforms.secrets import check_reference, hide, mask, read_secret


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch):
    make = logging.getLogRecordFactory()
    monkeypatch.setattr(secrets, "_hidden", ())
    yield
    logging.setLogRecordFactory(make)


@pytest.mark.parametrize("reference", ["env:MY_KEY_2", "file:/run/secrets/a key"])
def test_a_reference_says_where_a_secret_stands(reference: str):
    check_reference("proxy", reference)


@pytest.mark.parametrize(
    "plain", ["CANARY", "", "env:", "env:2X", "env:A B", "file:a", "ENV:A", "http://me:CANARY@h"]
)
def test_what_is_no_reference_is_refused_and_not_repeated(plain: str):
    with pytest.raises(ValueError, match=r"^proxy must say where .* env:NAME .* file:/path") as e:
        check_reference("proxy", plain)
    assert "CANARY" not in str(e.value)


def test_a_secret_is_read_from_a_variable_or_a_file(monkeypatch, tmp_path):
    monkeypatch.setenv("MY_KEY", " CANARY\n")
    (tmp_path / "key").write_text("CANARY 2\n")
    assert read_secret("env:MY_KEY") == "CANARY"
    assert read_secret(f"file:{tmp_path}/key") == "CANARY 2"


def test_a_secret_that_is_not_there_blames_the_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("EMPTY", " ")
    with pytest.raises(EnvironmentFault, match="the secret env:MISSING_KEY is empty on this"):
        read_secret("env:MISSING_KEY")
    with pytest.raises(EnvironmentFault, match="the secret env:EMPTY is empty"):
        read_secret("env:EMPTY")
    with pytest.raises(EnvironmentFault, match=r"cannot read the secret file:.*no: No such file"):
        read_secret(f"file:{tmp_path}/no")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(EnvironmentFault, match=r"binary: it is not UTF-8"):
        read_secret(f"file:{tmp_path}/binary")


@pytest.mark.parametrize(
    "echo",
    [
        'key a/b+c"d & é!',
        "/login?key%20a/b%2Bc%22d%20%26%20%C3%A9%21",
        "key%20a%2Fb%2Bc%22d%20%26%20%C3%A9%21",
        "key+a%2Fb%2Bc%22d+%26+%C3%A9%21",
        "<title>key a/b+c&quot;d &amp; é!</title>",
        r'{"said": "key a/b+c\"d & \u00e9!"}',
    ],
)
def test_a_secret_is_masked_however_it_is_written_back(echo: str):
    hide('key a/b+c"d & é!')
    masked = mask(echo)
    assert "***" in masked
    assert not {"a/b", "a%2Fb", "key"} & {masked, *masked.replace("?", " ").split()}


def test_a_secret_that_holds_another_goes_whole():
    hide("secret", "secret-and-more")
    assert mask("a secret-and-more and a secret") == "a *** and a ***"


def test_what_is_too_short_to_be_a_secret_is_left_alone():
    hide("1", "", "yes+1")
    assert mask("1 of yes+1") == "1 of yes+1"


def test_what_is_logged_after_a_secret_was_read_holds_none(caplog):
    hide("CANARY-123")
    hide("CANARY-456")
    try:
        raise ValueError("no entry for CANARY-456")
    except ValueError:
        logging.getLogger("x").warning("sent %s to %d hosts", "CANARY-123", 2, exc_info=True)
    logging.getLogger("x").warning("plain %s", "words")
    assert "sent *** to 2 hosts" in caplog.text
    assert "no entry for ***" in caplog.text
    assert "plain words" in caplog.text
    assert "CANARY" not in caplog.text
