"""The child: warm, killable, limited; what it says cannot break the pipe; nothing is left over."""

import gc
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from interlink.schemas.errors import EnvironmentFault, RecordError
from interlink.schemas.outcome import ErrorCode
from interlink.transforms.child import Child, ChildLimits


@pytest.fixture
def child(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    with Child(ChildLimits(memory_bytes=1 << 30, cpu_s=2, file_bytes=1 << 20)) as child:
        yield child


def run(child, name, deadline_s=20.0, **arguments):
    return child.call(f"child_functions:{name}", arguments, deadline_s=deadline_s)


def wait_until_gone(pid, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def read_pid(marker, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if marker.exists() and marker.read_text():
            return int(marker.read_text())
        time.sleep(0.02)
    raise AssertionError(f"{marker} was not written in {seconds} s")


def test_one_process_serves_call_after_call(child):
    first = run(child, "echo", text="grüße\n", numbers=[1, 2.5, None])
    assert first["text"] == "grüße\n"
    assert first["numbers"] == [1, 2.5, None]
    assert run(child, "echo")["pid"] == first["pid"] == child.pid != os.getpid()


def test_limits_environment_and_group_are_as_promised(child, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    found = run(child, "describe")
    assert found["limits"]["AS"] == 1 << 30
    assert found["limits"]["FSIZE"] == 1 << 20
    assert found["limits"]["CORE"] == 0
    assert 2 <= found["limits"]["CPU"] <= 8
    assert found["environment"]["MALLOC_ARENA_MAX"] == "2"
    assert found["environment"]["OMP_NUM_THREADS"] == "1"
    assert "AWS_SECRET_ACCESS_KEY" not in found["environment"]
    assert found["group"] == found["pid"]


def test_output_of_libraries_does_not_break_the_protocol(child):
    assert run(child, "chatter", lines=5000) == {"said": 5000}
    assert run(child, "echo", n=1)["n"] == 1


def test_an_answer_larger_than_the_pipe_arrives_whole(child):
    assert run(child, "large", size=300_000)["text"] == "ä" * 300_000


def test_a_record_error_keeps_code_message_and_value_and_the_child_stays(child):
    pid = run(child, "echo")["pid"]
    with pytest.raises(RecordError, match="gap: a hole") as caught:
        run(child, "fail", kind="record")
    assert (caught.value.code, caught.value.value) == (ErrorCode.GAP, 2.5)
    assert caught.value.wait_until_us == 7
    assert run(child, "echo")["pid"] == pid


@pytest.mark.parametrize("kind", ["environment", "full"])
def test_the_machine_is_blamed_for_what_is_its_fault(child, kind):
    with pytest.raises(EnvironmentFault, match=r"no decoder|no space left"):
        run(child, "fail", kind=kind)


def test_a_bug_names_the_error_and_where_it_was_raised(child):
    with pytest.raises(RecordError, match=r"KeyError: 'colour' \(at child_functions.py:") as caught:
        run(child, "fail", kind="bug")
    assert caught.value.code is ErrorCode.TRANSFORM_ERROR


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_a_crash_is_reported_with_its_signal_and_the_next_call_works(child, name):
    before = run(child, "echo")["pid"]
    with pytest.raises(RecordError, match=f"killed by {name}; last words: last words") as caught:
        run(child, "die", signal_name=name)
    assert caught.value.code is ErrorCode.CHILD_CRASHED
    assert run(child, "echo")["pid"] != before


def test_an_exit_is_a_crash(child):
    with pytest.raises(RecordError, match="exit status 7"):
        run(child, "leave", status=7)


def test_memory_past_the_limit_is_told_apart_and_the_child_is_replaced(child):
    before = run(child, "echo")["pid"]
    with pytest.raises(RecordError, match="more memory than its child's 1024 MiB") as caught:
        run(child, "allocate", size=2 << 30)
    assert caught.value.code is ErrorCode.MEMORY_LIMIT
    assert run(child, "echo")["pid"] != before


def test_a_file_past_the_limit_is_refused(child, tmp_path):
    with pytest.raises(RecordError, match="too large a file") as caught:
        run(child, "write_file", path=str(tmp_path / "a"), size=4 << 20)
    assert caught.value.code is ErrorCode.TOO_BIG


def test_cpu_time_is_limited_for_each_call(child):
    with pytest.raises(RecordError, match="2 s of CPU time") as caught:
        run(child, "spin", deadline_s=60.0)
    assert caught.value.code is ErrorCode.DECODE_TIMEOUT


def test_past_the_deadline_the_group_is_killed(child, tmp_path):
    marker = tmp_path / "pid"
    started = time.monotonic()
    with pytest.raises(RecordError, match="longer than its 3 s") as caught:
        run(child, "start_grandchild", deadline_s=3.0, marker=str(marker))
    assert time.monotonic() - started < 10
    assert caught.value.code is ErrorCode.DECODE_TIMEOUT
    assert wait_until_gone(read_pid(marker), 5)
    assert run(child, "echo", n=2)["n"] == 2


def test_the_caller_chooses_the_code_of_a_timeout(child):
    with pytest.raises(RecordError, match="timeout_total"):
        child.call(
            "child_functions:sleep_in_native_code",
            {},
            deadline_s=0.5,
            timeout_code=ErrorCode.TIMEOUT_TOTAL,
        )


def test_a_child_that_died_between_calls_is_replaced(child):
    pid = run(child, "echo")["pid"]
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # all its threads are gone; not yet reaped
    assert run(child, "echo")["pid"] != pid


def test_the_answer_to_an_interrupted_call_never_meets_the_next_one(child):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = run(child, "echo")["pid"]
    handler = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt, match=r"^$"):
            run(child, "sleep_in_native_code")
    finally:
        signal.signal(signal.SIGALRM, handler)
    assert wait_until_gone(before, 5)
    assert run(child, "echo", n=5)["n"] == 5


def test_neither_process_nor_descriptor_is_left_behind(child):
    run(child, "echo")
    child.close()
    gc.collect()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(RecordError, match="exit status 1"):
            run(child, "leave", status=1)
        run(child, "echo")
        child.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert [p for p in psutil.Process().children() if p.status() == "zombie"] == []


PARENT = """
import sys
sys.path[:0] = {path!r}
from interlink.transforms.child import Child
Child().call("child_functions:sleep_in_native_code", {{"marker": {marker!r}}}, deadline_s=600)
"""


def test_a_child_busy_in_native_code_ends_when_its_parent_is_killed(tmp_path):
    marker = tmp_path / "pid"
    path = [str(Path(__file__).parent), *sys.path]
    code = PARENT.format(path=path, marker=str(marker))
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        pid = read_pid(marker)
        assert psutil.pid_exists(pid)
    finally:
        parent.kill()
        parent.wait()
    assert wait_until_gone(pid, 5)


def test_an_unused_child_pickles_nothing_and_close_is_harmless():
    child = Child()
    child.close()
    assert child.pid is None
    assert pickle.loads(pickle.dumps(ChildLimits())) == ChildLimits()
