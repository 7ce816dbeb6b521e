"""A supervisor and the jobs that it keeps alive: real processes, whose deaths are written down."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from interlink.pipeline.jobs.observer import Silent
from interlink.pipeline.jobs.supervisor import Supervisor
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import IncompleteError

JOB = """
import json, os, signal, socket, sys, time
line = socket.socket(fileno=os.dup(0))
def say(**values): line.sendall(json.dumps(values).encode() + b"\\n")
def kill(number): os.kill(os.getpid(), number)
with open("lives", "ab") as lives:
    lives.write(b".")
    life = lives.tell()
say(job=life)
"""
"""What each toy job begins with; `life` counts its starts from 1."""


@pytest.fixture
def supervise(tmp_path, monkeypatch):
    """Supervises toy jobs: `supervise("kill(9)", restarts=2)`; returns exit code and sentences."""
    monkeypatch.chdir(tmp_path)

    def run(code: str, *, restarts: int = 3, until: float | None = None) -> tuple[int, list[str]]:
        told: list[str] = []
        supervisor = Supervisor(
            command=[sys.executable, "-c", JOB + code],
            run=Store(str(tmp_path / "run")),
            restarts=restarts,
            until=until,
            tell=told.append,
            first_pause_s=0.01,
        )
        return supervisor.supervise(), told

    return run


def is_dead(process: psutil.Process) -> bool:
    """Tell whether a process ends soon; whoever inherited it may not have looked yet."""
    deadline = time.monotonic() + 20
    try:
        while process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.02)
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def lives() -> int:
    return len(Path("lives").read_text())


def ends() -> list[tuple[int, str]]:
    found = [json.loads(path.read_text()) for path in sorted(Path("run/jobs").iterdir())]
    return [(end["exit_code"], end["reason"]) for end in found]


@pytest.mark.parametrize("code", [0, 1, 2, 3, 5])
def test_what_running_again_would_not_change_ends_with_the_jobs_own_code(supervise, code):
    found, told = supervise(f"say(ended='so it is'); sys.exit({code})")
    assert (found, told, lives()) == (code, [], 1)
    assert ends() == [(code, "so it is" if code else "")]


@pytest.mark.parametrize(
    ("death", "code", "said"),
    [
        ("kill(9)", -9, "it was killed by SIGKILL, as when memory runs out"),
        ("kill(11)", -11, "it was killed by SIGSEGV"),
        ("kill(15)", -15, "it was killed by SIGTERM"),
        ("os._exit(134)", 134, "it ended with exit code 134 and no word"),
        ("os._exit(1)", 1, "it ended with exit code 1 and no word"),
        ("os._exit(143)", 143, "it ended with exit code 143 and no word"),
        ("say(ended='a worker died'); sys.exit(4)", 4, "a worker died"),
    ],
)
def test_a_job_that_dies_is_started_again_and_it_is_said(supervise, death, code, said):
    found, told = supervise(f"if life == 1:\n    {death}")
    assert (found, lives()) == (0, 2)
    assert told == [
        "going on in 0.01 s, restart 1 of at most 3 without a new commit, "
        f"as the job ended early: {said}"
    ]
    assert ends() == [(code, said), (0, "")]


def test_observers_are_told_of_each_restart(tmp_path, monkeypatch):
    class Told(Silent):
        reasons: ClassVar[list[str]] = []

        def restarting(self, *, reason: str) -> None:
            self.reasons.append(reason)

    monkeypatch.chdir(tmp_path)
    told = Told()
    supervisor = Supervisor(
        command=[sys.executable, "-c", JOB + "kill(9 if life < 3 else 0)"],
        run=Store(str(tmp_path / "run")),
        restarts=3,
        tell=lambda sentence: None,
        observers=[told],
        first_pause_s=0.01,
    )
    assert supervisor.supervise() == 0
    assert told.reasons == ["it was killed by SIGKILL, as when memory runs out"] * 2


def test_a_job_that_gets_nothing_done_is_given_up_after_growing_pauses(supervise):
    with pytest.raises(IncompleteError, match=r"given up after 3 restarts .* killed by SIGKILL"):
        supervise("say(plan=1, step='scan', done=7); kill(9)")
    assert lives() == 4


def test_a_job_that_gets_something_done_each_time_is_never_given_up(supervise):
    """A commit is told at once, or found by the next job if its death was faster."""
    told = "say(plan=1, step='scan', done=0); say(plan=1, step='scan', more=1)"
    found, _ = supervise(f"if life < 6:\n    {told}\n    kill(9)", restarts=1)
    assert (found, lives()) == (0, 6)


def test_a_commit_that_only_the_next_job_finds_counts(supervise):
    found, _ = supervise(
        "say(plan=1, step='scan', done=life)\nif life < 6:\n    kill(9)", restarts=1
    )
    assert (found, lives()) == (0, 6)


def test_pauses_grow_and_begin_anew_with_progress(supervise):
    _, told = supervise(
        "say(plan=1, step='scan', done=int(life > 3))\nif life < 5:\n    kill(9)", restarts=9
    )
    assert [sentence.split(",")[0] for sentence in told] == [
        "going on in 0.01 s",
        "going on in 0.02 s",
        "going on in 0.04 s",
        "going on in 0.01 s",
    ]


def test_after_the_time_budget_no_job_is_started(supervise):
    with pytest.raises(IncompleteError, match=r"^the time is over$"):
        supervise("say(ended='the time is over'); sys.exit(4)", until=time.time())
    assert lives() == 1


def test_what_a_dead_job_leaves_in_its_group_is_killed(supervise):
    code = """
import subprocess
if life == 1:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    open("orphan", "w").write(str(child.pid))
    kill(9)
"""
    supervise(code)
    orphan = int(Path("orphan").read_text())
    assert not psutil.pid_exists(orphan) or is_dead(psutil.Process(orphan))


def test_workers_of_a_dead_job_have_a_moment_to_say_that_they_did_not_die(supervise):
    code = """
import subprocess
if life == 1:
    worker = "import signal, time\\n"
    worker += "signal.signal(15, lambda *_: open('said', 'w').close())\\n"
    worker += "open('ready', 'w').close()\\n"
    worker += "while True: time.sleep(0.1)"
    child = subprocess.Popen([sys.executable, "-c", worker])
    open("orphan", "w").write(str(child.pid))
    while not os.path.exists("ready"): time.sleep(0.02)
    kill(9)
"""
    supervise(code)
    orphan = int(Path("orphan").read_text())
    assert Path("said").exists()
    assert not psutil.pid_exists(orphan) or is_dead(psutil.Process(orphan))


PARENT = """
import sys
from interlink.pipeline.commands import signals
from interlink.pipeline.storage.store import Store
from interlink.pipeline.jobs.supervisor import Supervisor
signals.GRACE_S = signals.CLOSE_S = 0.2
signals.MARGIN_S = float(sys.argv[2])
supervisor = Supervisor(
    command=[sys.executable, "-c", sys.argv[1]], run=Store("run"), restarts=3,
    tell=lambda text: print(text, file=sys.stderr),
)
signals.pass_signals_on(supervisor.stop)
sys.exit(supervisor.supervise())
"""
OBEDIENT = "def stop(number, frame): print('told', number, flush=True); sys.exit(128 + number)\n"
DEAF = "def stop(number, frame): print('told', number, flush=True)\n"
WAIT = """
signal.signal(15, stop); signal.signal(2, stop)
print(os.getpid(), flush=True)
while True: time.sleep(0.05)
"""


@pytest.fixture
def parent(tmp_path):
    """Starts a supervisor process over a toy job; returns it and the job's process."""
    with contextlib.ExitStack() as ends:

        def start(code: str, *, margin_s: float = 600) -> tuple[subprocess.Popen, psutil.Process]:
            process = subprocess.Popen(
                [sys.executable, "-c", PARENT, JOB + code, str(margin_s)],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            ends.enter_context(process)
            ends.callback(process.kill)
            return process, psutil.Process(int(process.stdout.readline()))

        yield start


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_reaches_the_job_once_and_nothing_is_started_again(parent, number, code):
    process, job = parent(OBEDIENT + WAIT)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (code, f"told {int(number)}\n", "")
    assert is_dead(job)


def test_a_job_that_does_not_end_is_killed_in_time(parent):
    process, job = parent(DEAF + WAIT, margin_s=0.6)
    process.terminate()
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (143, "told 15\n" * 2)  # the last time before the kill
    assert is_dead(job)


def test_a_second_signal_ends_both_at_once(parent):
    process, job = parent(DEAF + WAIT)
    process.terminate()
    assert process.stdout.readline() == "told 15\n"
    time.sleep(0.2)
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 143
    assert is_dead(job)


def test_a_job_that_a_signal_killed_unprepared_is_spoken_for(parent):
    process, _ = parent("print(os.getpid(), flush=True); time.sleep(60)")
    process.terminate()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 143
    assert err == "stopped by SIGTERM; what is committed stays, run again to go on\n"


def test_a_signal_that_interrupts_no_wait_is_passed_on(tmp_path):
    """As one that comes between a look for signals and the wait: here another thread takes it."""
    wait = """
signal.signal(15, stop)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [15])
for _ in range(400): time.sleep(0.1)
"""
    supervisor = Supervisor(
        command=[sys.executable, "-c", JOB + OBEDIENT + wait],
        run=Store(str(tmp_path / "run")),
        restarts=3,
        tell=lambda _: None,
    )
    taker = threading.Timer(1.0, os.kill, [os.getpid(), signal.SIGTERM])
    with contextlib.ExitStack() as ends, contextlib.chdir(tmp_path):
        ends.callback(signal.signal, signal.SIGTERM, signal.getsignal(signal.SIGTERM))
        signal.signal(signal.SIGTERM, lambda number, _: supervisor.stop(number))
        taker.start()
        ends.callback(taker.join)
        ends.callback(signal.pthread_sigmask, signal.SIG_SETMASK, signal.pthread_sigmask(0, []))
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        assert supervisor.supervise() == 143


def test_a_signal_in_a_pause_ends_it(tmp_path):
    supervisor = Supervisor(
        command=[sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"],
        run=Store(str(tmp_path / "run")),
        restarts=3,
        tell=lambda _: threading.Timer(0.1, supervisor.stop, [15]).start(),
        first_pause_s=60,
    )
    before = time.monotonic()
    assert supervisor.supervise() == 143
    assert time.monotonic() - before < 30


def test_a_job_sees_the_end_of_its_line_when_the_supervisor_is_killed(parent):
    process, job = parent("print(os.getpid(), flush=True); line.recv(1); sys.exit()")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=20)
    assert is_dead(job)


def test_a_job_that_dies_after_all_is_done_is_not_started_again(supervise):
    """As where a library's own end crashes."""
    assert supervise("say(ended=''); kill(11)") == (0, [])
    assert (lives(), ends()) == (1, [(-11, "it was killed by SIGSEGV")])
