"""What is left of a stopped command's children is killed."""

import subprocess
import sys
import time

START = """
import subprocess, sys, time
from interlink.pipeline.commands import signals
signals.GRACE_S = 0.5
signals.stop_on_signals()
child = "import time; print('up', flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", child])
try:
    time.sleep(60)
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
