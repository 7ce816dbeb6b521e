"""Runs that are stopped again and again in the midst of their parts: no record is blamed for it."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from interlink_toy_engines import ENGINES
from interlink_toy_runs import ToyRun
from interlink_toys import Act, source

from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.parts.attempt_notes import dead_attempts, open_notes
from interlink.pipeline.parts.attempts import MAX_DEATHS
from interlink.pipeline.parts.part import PartRunner
from interlink.pipeline.step import Stage

pytestmark = [pytest.mark.slow, pytest.mark.engines]

DRIVER = """
import sys
from interlink.pipeline.commands import signals
from interlink.pipeline.engines.engine import make_engine
from test_stops import start

root, engine, *options = sys.argv[1:]
if engine == "beam":
    signals.GRACE_S = 1.0
if engine == "ray":
    from interlink.pipeline.engines import ray_pool
    ray_pool._END_GRACE_S = 0.5
signals.stop_on_signals()
run, runner = start(root)
print("imported", flush=True)
chosen = make_engine(engine, beam_options=options)
try:
    run.go(chosen, runner)
finally:
    chosen.close()
"""


def start(root: Path | str) -> tuple[ToyRun, PartRunner]:
    """Two parts, whose records wait while the file `hold` is there, and a step of two workers."""
    given = [source(f"s-{number}", "held") for number in range(8)]
    run = ToyRun(root, [dataclasses.replace(s, duration_us=15_000_000) for s in given])
    act = Act(folder=str(root), has_child=False)
    return run, run.runner(Stage(name="act", transform=act, batch_size=2), workers=2)


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """What the driver needs to import this file, and Ray a short path for its sockets."""
    folder = tempfile.mkdtemp(prefix="r", dir="/tmp")
    path = os.pathsep.join([str(Path(__file__).parent), os.environ["PYTHONPATH"]])
    yield {**os.environ, "PYTHONPATH": path, "RAY_TMPDIR": folder}
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("name", ["local", "beam-processes", "ray"])
def test_stops_are_no_deaths(tmp_path, name, environment):
    pytest.importorskip({"beam-processes": "apache_beam"}.get(name, "ray"))
    run, runner = start(tmp_path)
    folders = [f"{runner.folder}/{part}" for part in run.parts]
    hold = tmp_path / "hold"
    hold.touch()
    engine = name.partition("-")[0]
    command = [sys.executable, "-c", DRIVER, str(tmp_path), engine, *ENGINES[name]]
    for _ in range(MAX_DEATHS + 1):
        driver = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        in_hand = 1 if name == "local" else 2
        end = time.monotonic() + 120
        while sum(bool(open_notes(run.store, folder)) for folder in folders) < in_hand:
            assert driver.poll() is None and time.monotonic() < end, "never begun"
            time.sleep(0.1)
        driver.send_signal(signal.SIGTERM)
        assert driver.wait(timeout=60) != 0
        dead = [dead_attempts(run.store, folder, run.store.names(folder)) for folder in folders]
        assert dead == [[]] * len(folders)
    hold.unlink()
    report = run.go(LocalEngine(), runner)
    assert (report.stages[0].kept, report.stages[0].quarantined) == (8, 0)
