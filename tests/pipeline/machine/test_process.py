"""A process and its name in a file."""

import dataclasses
import json
import subprocess
import sys
import time

from interlink.pipeline.machine.process import ProcessName, this_process


def test_this_process_lives():
    assert this_process().is_alive


def test_a_later_process_of_the_same_id_and_one_of_another_host_are_others():
    own = this_process()
    assert not dataclasses.replace(own, process_started_s=own.process_started_s - 60).is_alive
    assert not dataclasses.replace(own, host="elsewhere").is_alive


def test_a_process_that_ended_is_dead_also_before_its_parent_looks():
    code = """
import dataclasses, json
from interlink.pipeline.machine.process import this_process
print(json.dumps(dataclasses.asdict(this_process())), flush=True)
input()
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], text=True, **pipes) as child:
        name = ProcessName(**json.loads(child.stdout.readline()))
        assert name.is_alive
        child.kill()
        while name.is_alive:  # a zombie until `wait`
            time.sleep(0.01)
    assert not name.is_alive
