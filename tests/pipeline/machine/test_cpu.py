"""CPU seconds of this process and of all that it started."""

import subprocess
import sys
import time

import pytest

from interlink.pipeline.machine import cpu
from interlink.pipeline.machine.cpu import WorkerCpu, cpu_seconds, note_ended, worker_cpu

BURN = "import time\nwhile time.process_time() < 0.5: pass\nprint(flush=True); input()"


def test_own_work_is_counted():
    before = cpu_seconds()
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    assert 0.15 < cpu_seconds() - before < 2.0


def test_a_child_s_work_is_counted_while_it_lives_and_after():
    before = cpu_seconds()
    with subprocess.Popen(
        [sys.executable, "-c", BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        alive = cpu_seconds() - before
        child.communicate(b"\n")
    ended = cpu_seconds() - before
    assert alive == pytest.approx(0.5, abs=0.3)
    assert alive - 0.05 <= ended < alive + 0.5


def test_a_worker_that_its_parent_forgets_is_noted_and_never_counted_twice(monkeypatch):
    monkeypatch.setattr(cpu, "_ended", {})
    before = cpu_seconds()
    note_ended(WorkerCpu(pid=-1, seconds=5.0))
    assert cpu_seconds() - before == pytest.approx(5.0, abs=0.5)
    own = worker_cpu()
    of_children = cpu_seconds() - 5.0 - own.seconds  # such as of a fork server of other tests
    note_ended(own)
    assert cpu_seconds() == pytest.approx(5.0 + own.seconds + of_children, abs=0.5)
