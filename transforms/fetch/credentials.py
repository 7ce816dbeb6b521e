"""What a recipe lends to downloads: cookies, a proxy, headers of single hosts. Never stored."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import Cookie, CookieJar
from urllib.parse import unquote, urlsplit

from requests.cookies import create_cookie

from ...schemas.errors import EnvironmentFault
from ..secrets import check_reference, hide, mask, read_secret
from .download import Download
from .routing import is_host_of

_HTTP_ONLY = "#HttpOnly_"
_COOKIE_CELLS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Secrets in the hand of one worker. They show in no `repr` and do not pickle."""

    cookies: str | None = field(default=None, repr=False)
    """Content of a cookies file in Netscape's format."""
    proxy: str | None = field(default=None, repr=False)
    """URL of the proxy of all requests, with its password."""
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Headers by host; each also holds for the hosts under it, and goes to no other."""

    def __reduce__(self) -> str:
        raise TypeError("credentials are read in the worker that needs them, never sent")

    def headers_for(self, url: str) -> dict[str, str]:
        """Return the headers to send to the host of `url`."""
        found: dict[str, str] = {}
        for host, headers in self.headers.items():
            if is_host_of(url, (host.lower(),)):
                found |= headers
        return found

    def header_names(self) -> set[str]:
        """Return the names of all headers that hold a secret, of whatever host."""
        return {name for headers in self.headers.values() for name in headers}

    def cookie_jar(self) -> CookieJar:
        """Return the cookies, each for its own domain."""
        jar = CookieJar()
        for cookie in parse_cookies(self.cookies or ""):
            jar.set_cookie(cookie)
        return jar


def check_references(
    *, cookies: str | None, proxy: str | None, headers: Mapping[str, Mapping[str, str]]
) -> None:
    """Refuse references that are none; see `secrets.check_reference`.

    Raises:
        ValueError: with what to write instead.
    """
    for name, reference in (("cookies", cookies), ("proxy", proxy)):
        if reference is not None:
            check_reference(name, reference)
    for host, of_host in headers.items():
        if "/" in host or not host:
            raise ValueError(f"headers: {host!r} must be a host, such as example.org")
        for name, reference in of_host.items():
            check_reference(f"headers.{host}.{name}", reference)


def read_credentials(
    *, cookies: str | None, proxy: str | None, headers: Mapping[str, Mapping[str, str]]
) -> Credentials:
    """Read what the references mean, and hide it from now on.

    Args:
        cookies: reference of a cookies file's content.
        proxy: reference of a proxy's URL.
        headers: references by host and header.

    Raises:
        EnvironmentFault: a reference leads nowhere, or to something else than it should.
    """
    read = Credentials(
        cookies=read_secret(cookies) if cookies else None,
        proxy=_read_proxy(proxy) if proxy else None,
        headers={
            host: {name: _read_line(reference) for name, reference in of_host.items()}
            for host, of_host in headers.items()
        },
    )
    hide_credentials(read, origin=cookies)
    return read


def hide_credentials(credentials: Credentials, *, origin: str | None = None) -> None:
    """Hide each secret by itself: servers echo single cookies, and proxies their passwords.

    Raises:
        EnvironmentFault: the cookies are not in Netscape's format; `origin` names them.
    """
    for cookie in parse_cookies(credentials.cookies or "", origin=origin):
        hide(cookie.value or "")
    for of_host in credentials.headers.values():
        for value in of_host.values():
            hide(value, value.rpartition(" ")[2])  # `Bearer abc`: also `abc` alone
    if credentials.proxy:
        parts = urlsplit(credentials.proxy)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        hide(password, parts.password or "")
        if password:
            both = f"{user}:{password}"
            hide(credentials.proxy, both, base64.b64encode(both.encode()).decode())


def parse_cookies(text: str, *, origin: str | None = None) -> list[Cookie]:
    """Return the cookies of a file in Netscape's format, as browsers' add-ons write it.

    Raises:
        EnvironmentFault: a line is none of it; its content is not repeated.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.removeprefix(_HTTP_ONLY)
        if not bare.strip() or bare.startswith(("#", "$")):
            continue
        cells = bare.split("\t")
        if len(cells) != _COOKIE_CELLS or not cells[4].isdigit():
            raise EnvironmentFault(
                f"line {number} of the cookies {origin or 'file'} is not in Netscape's format: "
                "domain, TRUE or FALSE, path, TRUE or FALSE, expiry, name, value, with tabs"
            )
        domain, _, path, secure, expiry, name, value = cells
        found.append(
            create_cookie(  # type: ignore[no-untyped-call]  # of types-requests
                name,
                value,
                domain=domain,
                path=path,
                secure=secure == "TRUE",
                expires=int(expiry) or None,
                discard=int(expiry) == 0,
            )
        )
    return found


def mask_download(download: Download) -> Download:
    """Return what a server said of a file without the secrets that it repeats."""
    site = download.site
    if site is not None:
        site = replace(
            site,
            name=mask(site.name),
            page_url=_masked(site.page_url),
            creator=_masked(site.creator),
            creator_uri=_masked(site.creator_uri),
            published=_masked(site.published),
        )
    return replace(
        download,
        final_uri=mask(download.final_uri),
        mime=_masked(download.mime),
        title=_masked(download.title),
        language=_masked(download.language),
        license_raw=_masked(download.license_raw),
        site=site,
    )


def _masked(text: str | None) -> str | None:
    return None if text is None else mask(text)


def _read_line(reference: str) -> str:
    text = read_secret(reference)
    if not text.isprintable():
        raise EnvironmentFault(f"the secret {reference} must be one line to be a header's value")
    return text


def _read_proxy(reference: str) -> str:
    url = _read_line(reference)
    hide(url)
    try:
        parts = urlsplit(url)
        is_proxy = parts.scheme in {"http", "https"} and parts.hostname
    except ValueError:
        is_proxy = None
    if not is_proxy:
        raise EnvironmentFault(
            f"the secret {reference} must be a proxy's URL, such as http://user:password@host:3128"
        )
    return url
