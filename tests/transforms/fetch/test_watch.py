import dataclasses
import socket
import threading
import time

import pytest

from interlink.schemas.errors import RecordError
from interlink.transforms.fetch.limits import Limits
from interlink.transforms.fetch.watch import Watch


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def test_a_read_that_waits_is_interrupted_at_the_deadline(limits: Limits, pair):
    short = dataclasses.replace(limits, timeout_s=0.2)
    start = time.monotonic()
    with Watch(short, threading.Event()) as watch:
        watch.guard(pair[0])
        assert pair[0].recv(1) == b""
        with pytest.raises(RecordError, match=r"timeout_total: not done within timeout_s=0.2"):
            watch.check()
    assert time.monotonic() - start < 2


def test_bytes_below_the_least_rate_do_not_count_as_progress(limits: Limits, pair):
    short = dataclasses.replace(limits, stall_timeout_s=0.3)
    with (
        Watch(short, threading.Event()) as watch,
        pytest.raises(RecordError, match=r"timeout_stall.*stall_timeout_s=0.3: \d+ bytes came"),
    ):
        for _ in range(100):
            time.sleep(0.02)
            watch.progress(1)


def test_a_steady_transfer_is_left_alone(limits: Limits):
    short = dataclasses.replace(limits, stall_timeout_s=0.2)
    with Watch(short, threading.Event()) as watch:
        for _ in range(30):
            time.sleep(0.02)
            watch.progress(4096)


def test_a_transfer_that_nobody_wants_any_more_ends(limits: Limits, pair):
    cancelled = threading.Event()
    with Watch(limits, cancelled) as watch:
        watch.guard(pair[0])
        threading.Timer(0.1, cancelled.set).start()
        assert pair[0].recv(1) == b""
        with pytest.raises(RecordError, match="given up, because the step stops"):
            watch.check()


def test_work_elsewhere_is_stopped_when_it_brings_no_bytes(limits: Limits):
    short = dataclasses.replace(limits, stall_timeout_s=0.2)
    stopped = threading.Event()
    with Watch(short, threading.Event()) as watch:
        watch.guard_work(stop=stopped.set, count_bytes=lambda: 7)
        assert stopped.wait(2)
        with pytest.raises(RecordError, match=r"timeout_stall.*: 7 bytes came"):
            watch.check()
