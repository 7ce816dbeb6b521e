"""A job's line to its supervisor, from inside the job."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from interlink.pipeline.jobs.lifeline import Lifeline
from interlink.pipeline.parts.commit import Commit
from interlink.schemas.errors import IncompleteError


@pytest.fixture
def ends():
    """The supervisor's end of the line, and the job's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def said(ours: socket.socket) -> list[dict]:
    return [json.loads(line) for line in ours.recv(1 << 16).splitlines()]


def commit(part: str) -> Commit:
    return Commit(
        part=part, step="scan", key="k", attempt="a", num_kept=0, stages=(), files=(), wall_s=0.0
    )


def test_it_tells_number_commits_and_end(ends):
    ours, theirs = ends
    with Lifeline(theirs, gone=lambda: None) as line:
        line.job_started(job=3, engines=["local"])
        line.step_started(plan=2, step="scan", engine="local", parts=9, done=4)
        line.part_done(commit("002-00007"))
        line.step_ended(plan=2, step="scan", wall_s=1.0, cpu_s=1.0)
    assert said(ours) == [
        {"job": 3},
        {"plan": 2, "step": "scan", "done": 4},
        {"plan": 2, "step": "scan", "more": 1},
        {"ended": ""},
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (IncompleteError("a worker died\nin line 2"), "a worker died"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
    ],
)
def test_it_tells_why_a_job_ends(ends, error, reason):
    ours, theirs = ends
    with pytest.raises(type(error), match=r"died|zero"), Lifeline(theirs, gone=lambda: None):
        raise error
    assert said(ours) == [{"ended": reason}]


def test_it_notices_once_that_the_supervisor_is_gone_and_goes_on(ends):
    ours, theirs = ends
    is_gone = threading.Semaphore(0)
    line = Lifeline(theirs, gone=is_gone.release)
    ours.close()
    assert is_gone.acquire(timeout=20)
    line.job_started(job=3, engines=["local"])
    assert not is_gone.acquire(blocking=False)


def test_what_a_job_starts_has_an_empty_standard_input_and_not_the_line():
    code = """
import subprocess, sys, time
from interlink.pipeline.jobs.lifeline import Lifeline
with Lifeline.on_standard_input(lambda: None) as line:
    read = "import os, sys, time; print(os.getpid(), repr(sys.stdin.read()), flush=True)"
    subprocess.Popen([sys.executable, "-c", read + "; time.sleep(60)"])
    line.job_started(job=1, engines=["local"])
"""
    ours, theirs = socket.socketpair()
    with ours:
        job = subprocess.Popen(
            [sys.executable, "-c", code], stdin=theirs.fileno(), stdout=subprocess.PIPE, text=True
        )
        theirs.close()
        child, read = job.stdout.readline().split()
        assert read == "''"
        with ours.makefile("rb") as lines:  # to the end of file, while the child lives
            assert [json.loads(line) for line in lines] == [{"job": 1}, {"ended": ""}]
    os.kill(int(child), signal.SIGKILL)
    job.communicate(timeout=20)
