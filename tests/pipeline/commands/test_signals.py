"""What is left of a stopped command's children is killed."""

import subprocess
import sys
import time

import pytest

START = """
import subprocess, sys, time
from interlink.pipeline.commands import signals
signals.GRACE_S = 0.5
signals.stop_on_signals()
child = "import time; print('up', flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", child])
try:
    while True: time.sleep(0.05)  # a signal right before a long sleep is handled after it
finally:
    child.wait()
    print("closed", flush=True)
"""


def start() -> subprocess.Popen:
    driver = subprocess.Popen(
        [sys.executable, "-c", START], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert driver.stdout.readline() == "up\n"
    return driver


def test_a_child_that_does_not_end_is_killed_after_the_grace():
    driver = start()
    driver.terminate()
    out, err = driver.communicate(timeout=20)
    assert (driver.returncode, out) == (143, "closed\n")
    assert err == "interlink: stopping; a second signal stops at once\n"


def test_a_second_signal_stops_at_once():
    driver = start()
    driver.terminate()
    time.sleep(0.2)
    driver.terminate()
    out, _ = driver.communicate(timeout=20)
    assert (driver.returncode, out) == (143, "")


def test_the_same_signal_from_two_senders_is_one():
    """A batch system tells every process of a job, and the supervisor tells the job again."""
    driver = start()
    driver.terminate()
    driver.terminate()
    out, _ = driver.communicate(timeout=20)
    assert (driver.returncode, out) == (143, "closed\n")


def test_a_stop_is_no_error_where_nobody_reads_any_more():
    driver = start()
    driver.stderr.close()
    driver.terminate()
    assert driver.stdout.read() == "closed\n"
    assert driver.wait(timeout=20) == 143
    driver.stdout.close()


BUSY = """
import signal, threading, time
from interlink.pipeline.commands import signals
signals.GRACE_S = signals.CLOSE_S = 0.2
signals.stop_on_signals()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
threading.Thread(target=signals.stop_without_signal, daemon=True).start()
time.sleep(60)
"""


def test_a_process_whose_main_thread_sees_no_signal_ends_in_time():
    """As in a long call of a library: Python's handlers run between two lines of Python."""
    driver = subprocess.run([sys.executable, "-c", BUSY], timeout=20, check=False)
    assert driver.returncode == 143


NOTED = """
import signal, sys, threading, time
from interlink.pipeline.commands import signals
from interlink.pipeline.parts.attempts import Attempt, end_without_death
from interlink.pipeline.storage.store import Store
signals.GRACE_S = signals.CLOSE_S = 0.2
store = Store(sys.argv[1])
attempts = [Attempt(store, "steps/toy-1/001-00000") for _ in range(2)]
for attempt in attempts:
    attempt.__enter__()
if sys.argv[2] == "worker":
    signal.signal(signal.SIGTERM, end_without_death)
    print("begun", flush=True)
else:
    signals.stop_on_signals()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=signals.stop_without_signal, daemon=True).start()
    time.sleep(60)
while True: time.sleep(0.05)
"""


@pytest.mark.parametrize("who", ["worker", "driver"])
def test_a_process_that_is_stopped_leaves_no_note_of_a_death(tmp_path, who):
    command = [sys.executable, "-c", NOTED, str(tmp_path), who]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    if who == "worker":
        assert process.stdout.readline() == b"begun\n"
        process.terminate()
    assert process.wait(timeout=20) == 143
    process.stdout.close()
    assert len(list(tmp_path.glob("steps/toy-1/001-00000/*"))) == 2
    assert not list(tmp_path.rglob("_begun.json"))


KILLER = """
import subprocess, sys, time
from interlink.pipeline.commands import signals
signals.TERM_S = 0.5
polite = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); "
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
wait = "print(flush=True)\\nwhile True: time.sleep(0.05)"
children = [
    subprocess.Popen([sys.executable, "-c", code + wait], stdout=subprocess.PIPE)
    for code in (polite, stubborn)
]
for child in children:
    child.stdout.readline()
signals.kill_children()
print(*(child.wait() for child in children))
"""


def test_children_are_asked_before_they_are_killed():
    done = subprocess.run(
        [sys.executable, "-c", KILLER], stdout=subprocess.PIPE, timeout=20, check=True
    )
    assert done.stdout == b"7 -9\n"
