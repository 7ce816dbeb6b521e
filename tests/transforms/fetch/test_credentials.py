"""Cookies, proxies and headers: read from references, hidden, sent to nobody by themselves."""

import base64
import pickle

import pytest

from interlink.schemas.errors import EnvironmentFault
from interlink.transforms.fetch.credentials import (
    Credentials,
    check_references,
    hide_credentials,
    parse_cookies,
    read_credentials,
)
from interlink.transforms.secrets import mask

pytestmark = pytest.mark.usefixtures("forgetful")

COOKIES = """# Netscape HTTP Cookie File

.h.org\tTRUE\t/\tTRUE\t4102444800\tSID\tCANARY-SID
#HttpOnly_h.org\tFALSE\t/a\tFALSE\t0\tconsent\t1
"""


def test_what_the_references_mean_is_read_and_hidden(monkeypatch, tmp_path):
    (tmp_path / "cookies.txt").write_text(COOKIES)
    monkeypatch.setenv("KEY", "Bearer CANARY-KEY")
    monkeypatch.setenv("PROXY", "http://me:CANARY%2FPW@proxy:3128")
    lent = read_credentials(
        cookies=f"file:{tmp_path}/cookies.txt",
        proxy="env:PROXY",
        headers={"H.org": {"Authorization": "env:KEY"}},
    )
    assert lent.headers_for("https://cdn.h.org/a") == {"Authorization": "Bearer CANARY-KEY"}
    assert lent.headers_for("https://nh.org/a") == {}
    assert lent.proxy == "http://me:CANARY%2FPW@proxy:3128"
    basic = base64.b64encode(b"me:CANARY/PW").decode()
    said = ["CANARY-SID", "Bearer CANARY-KEY", "is CANARY-KEY", lent.proxy, basic, "me:CANARY/PW"]
    assert [mask(text) for text in said] == ["***", "***", "is ***", "***", "***", "***"]


def test_credentials_are_neither_printed_nor_pickled():
    lent = Credentials(cookies="CANARY", proxy="CANARY", headers={"h": {"a": "CANARY"}})
    assert "CANARY" not in repr(lent)
    with pytest.raises(TypeError, match="read in the worker that needs them, never sent"):
        pickle.dumps(lent)


def test_cookies_keep_their_domain_path_and_expiry():
    first, second = parse_cookies(COOKIES)
    assert (first.domain, first.path, first.secure, first.expires) == (".h.org", "/", 1, 4102444800)
    assert (second.domain, second.path, second.name, second.discard) == (
        "h.org",
        "/a",
        "consent",
        1,
    )


@pytest.mark.parametrize("line", ["CANARY", "h.org\tTRUE\t/\tTRUE\tsoon\ta\tCANARY"])
def test_a_file_of_another_kind_blames_the_machine_and_is_not_repeated(line: str):
    with pytest.raises(EnvironmentFault, match="line 2 of the cookies env:C is not in") as raised:
        hide_credentials(Credentials(cookies=f"# Netscape\n{line}\n"), origin="env:C")
    assert "CANARY" not in str(raised.value)


@pytest.mark.parametrize("proxy", ["CANARY", "socks5://me:CANARY@h:1", "http://", "http://[h"])
def test_a_proxy_must_be_a_url_of_http(monkeypatch, proxy: str):
    monkeypatch.setenv("PROXY", proxy)
    with pytest.raises(EnvironmentFault, match="env:PROXY must be a proxy's URL") as raised:
        read_credentials(cookies=None, proxy="env:PROXY", headers={})
    assert "CANARY" not in str(raised.value)


def test_a_header_is_one_line(monkeypatch):
    monkeypatch.setenv("KEY", "a\r\nX-Evil: 1")
    with pytest.raises(EnvironmentFault, match="env:KEY must be one line"):
        read_credentials(cookies=None, proxy=None, headers={"h": {"X-Key": "env:KEY"}})


@pytest.mark.parametrize("host", ["https://h.org", "h.org/a", ""])
def test_headers_are_given_by_host(host: str):
    with pytest.raises(ValueError, match=r"must be a host, such as example\.org"):
        check_references(cookies=None, proxy=None, headers={host: {"X-Key": "env:KEY"}})
