"""Patience with hosts: when their sources wait, and when they are left for another day."""

import threading
import time

import pytest

from interlink.schemas.errors import RecordError
from interlink.schemas.outcome import ErrorCode
from interlink.transforms.fetch import hosts as module
from interlink.transforms.fetch.hosts import Hosts, host_of

A, B = "https://a.org/1.mp4", "https://b.org/1.mp4"
GO = threading.Event()


def turned_away(code: ErrorCode = ErrorCode.HTTP_429, *, in_s: float | None = None) -> RecordError:
    until_us = None if in_s is None else round((time.time() + in_s) * 1e6)
    return RecordError(code, "said so", wait_until_us=until_us)


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("https://A.org:8080/x", "a.org"),
        ("https://www.youtube.com/watch?v=1", "youtube.com"),
        ("https://youtu.be/1", "youtube.com"),
        ("https://player.vimeo.com/1", "vimeo.com"),
        ("/folder/a.mp4", None),
        ("s3://bucket/a.mp4", None),
        ("zip://a.mp4::https://a.org/x.zip", None),
        ("http:///a.mp4", None),
        ("http://[broken/a", None),
    ],
)
def test_a_host_has_one_name(uri: str, host: str | None):
    assert host_of(uri) == host


def test_a_host_that_is_back_soon_is_waited_for_and_others_are_not():
    hosts = Hosts(max_wait_s=60)
    assert hosts.is_worth_waiting(A, turned_away(in_s=1.2))
    start = time.monotonic()
    hosts.ask(B, GO)
    assert time.monotonic() - start < 0.1
    hosts.ask(A, GO)
    assert 1.0 < time.monotonic() - start < 3
    hosts.ask(A, GO)
    assert time.monotonic() - start < 3


def test_a_host_that_is_back_late_has_its_other_sources_deferred_unasked():
    hosts = Hosts(max_wait_s=60)
    error = turned_away(in_s=120)
    assert not hosts.is_worth_waiting(A, error)
    with pytest.raises(RecordError, match=r"http_429: not asked for: a\.org turned us away") as e:
        hosts.ask("https://a.org/2.mp4", GO)
    assert e.value.wait_until_us == error.wait_until_us
    hosts.ask(B, GO)


def test_an_open_circuit_outlives_its_part_and_closes_at_its_time():
    hosts = Hosts(max_wait_s=0)
    assert not hosts.is_worth_waiting(A, turned_away(in_s=1.5))
    hosts.begin_part()
    with pytest.raises(RecordError, match="not asked for"):
        hosts.ask(A, GO)
    time.sleep(1.6)
    hosts.ask(A, GO)


def test_pauses_of_one_part_add_up_and_the_next_part_has_its_own():
    hosts = Hosts(max_wait_s=10)
    assert hosts.is_worth_waiting(A, turned_away(in_s=6))
    assert hosts.is_worth_waiting(A, turned_away(in_s=5)), "within the pause that there is already"
    hosts.begin_part()
    assert hosts.is_worth_waiting(A, turned_away(in_s=6))
    assert not hosts.is_worth_waiting(A, turned_away(in_s=12))


def test_a_host_that_does_not_say_when_is_waited_for_longer_each_time(monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 5.0)
    hosts = Hosts(max_wait_s=21)
    errors = [turned_away() for _ in range(3)]
    # 5 s from now, then 10 s and 20 s from now: each takes the place of the one before.
    assert [hosts.is_worth_waiting(A, error) for error in errors] == [True, True, True]
    last = turned_away()
    assert not hosts.is_worth_waiting(A, last)
    assert last.wait_until_us == pytest.approx((time.time() + 900) * 1e6, abs=5e6)


@pytest.mark.parametrize("code", [ErrorCode.BOT_CHECK, ErrorCode.RATE_LIMITED])
def test_a_site_that_takes_us_for_a_robot_is_left_for_an_hour(code: ErrorCode):
    hosts, error = Hosts(max_wait_s=600), turned_away(code)
    assert not hosts.is_worth_waiting(A, error)
    assert error.wait_until_us == pytest.approx((time.time() + 3600) * 1e6, abs=5e6)
    with pytest.raises(RecordError, match=f"{code}: not asked for"):
        hosts.ask(A, GO)


def test_a_server_in_trouble_is_waited_for_where_it_says_when_it_is_back():
    hosts = Hosts(max_wait_s=60)
    assert not hosts.is_worth_waiting(A, turned_away(ErrorCode.HTTP_5XX))
    assert hosts.is_worth_waiting(A, turned_away(ErrorCode.HTTP_5XX, in_s=0))
    assert not hosts.is_worth_waiting(A, turned_away(ErrorCode.HTTP_5XX, in_s=90))
    cancelled = threading.Event()
    cancelled.set()
    hosts.ask(A, cancelled)  # and its circuit is not open


def test_what_is_a_sources_own_fault_says_nothing_of_its_host():
    hosts = Hosts(max_wait_s=60)
    assert not hosts.is_worth_waiting(A, turned_away(ErrorCode.HTTP_404, in_s=1))
    assert not hosts.is_worth_waiting("/local.mp4", turned_away())
    start = time.monotonic()
    hosts.ask(A, GO)
    assert time.monotonic() - start < 0.1
