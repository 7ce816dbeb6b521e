"""Hosts that turn us away: their other sources wait a little, or are left for another day.

A host that answers 429 says nothing about the source that was asked for, so a source is not failed
for it. Where the host says when to come back and that is soon, all its sources wait; else its
circuit opens, and they are deferred without being asked for. One `Hosts` serves one worker.
"""

import dataclasses
import datetime
import threading
import time
from urllib.parse import urlsplit

from ...schemas.errors import RecordError
from ...schemas.outcome import ERROR_CLASSES, ErrorClass, ErrorCode
from .routing import SITE_HOSTS, is_host_of, is_web

FIRST_PAUSE_S = 5.0
"""Where a host wants fewer requests and does not say until when; each further one is doubled."""
DEFERRED_S = {
    ErrorCode.HTTP_429: 900,
    # A session's limit of YouTube lasts up to an hour:
    # https://github.com/yt-dlp/yt-dlp/issues/11426
    ErrorCode.RATE_LIMITED: 3600,
    ErrorCode.BOT_CHECK: 3600,
}
"""How long a circuit stays open where the host does not say."""
LONGEST_DEFERRED_S = 7 * 24 * 3600
_YOUTUBE = ("youtube.com", "youtu.be", "youtube-nocookie.com")
_POLL_S = 0.5


@dataclasses.dataclass(slots=True)
class _Host:
    asks_again_s: float = 0.0
    """When its sources may go on, by the clock of the machine."""
    waited_s: float = 0.0
    """Pauses so far in the part in hand."""
    pauses: int = 0
    opened: RecordError | None = None
    """Why its circuit is open."""


class Hosts:
    """What is known of each host. For several threads.

    Args:
        max_wait_s: longest time that all pauses for one host may take in one part.
    """

    def __init__(self, *, max_wait_s: float) -> None:
        self._max_wait_s = max_wait_s
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def begin_part(self) -> None:
        """Allow each host its pauses anew; open circuits stay open until their time."""
        with self._lock:
            self._hosts = {name: host for name, host in self._hosts.items() if host.opened}

    def ask(self, uri: str, cancelled: threading.Event) -> None:
        """Wait until the host of `uri` may be asked.

        Args:
            uri: the source.
            cancelled: ends the wait.

        Raises:
            RecordError: the host's circuit is open; with the host's code and time.
        """
        name = host_of(uri)
        while name is not None and not cancelled.is_set():
            with self._lock:
                host = self._hosts.get(name)
                if host is None:
                    return
                if host.opened is not None:
                    if time.time() < host.asks_again_s:
                        raise _not_asked(name, host.opened)
                    del self._hosts[name]
                    return
                left_s = host.asks_again_s - time.time()
            if left_s <= 0:
                return
            cancelled.wait(min(left_s, _POLL_S))

    def is_worth_waiting(self, uri: str, error: RecordError) -> bool:
        """Take in what became of a source; tell whether to ask for it again after `ask`.

        A server in trouble that says when it will be back is waited for as well, but its circuit
        does not open.
        """
        name, told_us = host_of(uri), error.wait_until_us
        is_host = ERROR_CLASSES[error.code] is ErrorClass.HOST
        is_back_soon = error.code is ErrorCode.HTTP_5XX and told_us is not None
        if name is None or not (is_host or is_back_soon):
            return False
        now = time.time()
        with self._lock:
            host = self._hosts.setdefault(name, _Host())
            begins = max(now, host.asks_again_s)
            ends = self._ends(host, error, now)
            if ends is not None and host.waited_s + max(0, ends - begins) <= self._max_wait_s:
                host.waited_s += max(0, ends - begins)
                host.pauses += 1
                host.asks_again_s = max(begins, ends)
                return True
            if is_host:
                default_s = DEFERRED_S.get(error.code, 3600)
                told_s = default_s if told_us is None else told_us / 1e6 - now
                host.asks_again_s = now + min(max(told_s, 1.0), LONGEST_DEFERRED_S)
                error.wait_until_us = round(host.asks_again_s * 1e6)
                host.opened = error
        return False

    def _ends(self, host: _Host, error: RecordError, now: float) -> float | None:
        """Return when a pause would end, or None where only a long one would help."""
        if error.wait_until_us is not None:
            return max(error.wait_until_us / 1e6, now + 1.0)
        if error.code is ErrorCode.HTTP_429:
            return now + FIRST_PAUSE_S * 2.0**host.pauses
        return None


def host_of(uri: str) -> str | None:
    """Return the name under which a host's limits count, or None for what no web server gives.

    The names of one known site are one host.
    """
    if not is_web(uri):
        return None
    if is_host_of(uri, _YOUTUBE):
        return _YOUTUBE[0]
    for site in SITE_HOSTS:
        if is_host_of(uri, (site,)):
            return site
    try:
        return (urlsplit(uri).hostname or "").lower() or None
    except ValueError:
        return None


def _not_asked(name: str, why: RecordError) -> RecordError:
    assert why.wait_until_us is not None
    until = datetime.datetime.fromtimestamp(why.wait_until_us / 1e6, datetime.UTC)
    return RecordError(
        why.code,
        f"not asked for: {name} turned us away ({why.code}); it may be asked again from "
        f"{until.isoformat(timespec='seconds')}",
        wait_until_us=why.wait_until_us,
    )
