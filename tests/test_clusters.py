"""The demo's pipeline on real runners, while parts of them die: rows are those of the local engine.

Through Beam's portable runner against a job service in a process of its own, whose workers a pool
in another process starts; and on a Ray cluster of three nodes.
"""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import yaml
from interlink_toy_clusters import BeamCluster, beam_cluster, ray_cluster
from interlink_toy_excerpts import make_excerpts

NUM_STEPS = 6
NUM_SOURCES = 4

pytestmark = [pytest.mark.slow, pytest.mark.engines]


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    make_excerpts(folder, number=NUM_SOURCES, of_videos=2, shortest_s=4.0)
    return folder


def command(folder: Path, sources: Path, *words: str) -> list[str]:
    """Write a recipe into a folder and return what runs it."""
    folder.mkdir(exist_ok=True)
    content = {
        "sources": str(sources),
        "run": str(folder / "run"),
        "dataset": str(folder / "dataset"),
        "transcribe": {"recognizer": {"beam_size": 1}},
    }
    recipe = folder / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(content))
    return [sys.executable, "-m", "interlink", "run", str(recipe), *words]


def start(words: list[str]) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(words, env={**os.environ, "RAY_TMPDIR": "/tmp"}, **pipes)


def finish(driver: subprocess.Popen) -> str:
    output, _ = driver.communicate(timeout=300)
    assert driver.returncode == 0, output
    return output


def digests(folder: Path) -> dict[str, str]:
    dataset = folder / "dataset"
    files = [*(dataset / "docs").iterdir(), *(dataset / "media").iterdir()]
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def commits(folder: Path, step: str) -> int:
    return len(list(folder.glob(f"run/steps/{step}-*/*/_done.json")))


def in_hand(folder: Path, step: str) -> set[int]:
    """Return the processes that have begun a part and not ended it."""
    found = set()
    for note in folder.glob(f"run/steps/{step}-*/*/*/_begun.json"):
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            found.add(json.loads(note.read_text())["pid"])
    return found


def pids(processes: list[psutil.Process]) -> set[int]:
    return {process.pid for process in processes}


def wait_for(condition: Callable[[], object], driver: subprocess.Popen) -> None:
    while not condition():
        assert driver.poll() is None, driver.communicate()[0]
        time.sleep(0.02)


@pytest.fixture(scope="module")
def expected(tmp_path_factory, sources) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("local")
    finish(start(command(folder, sources, "--engine", "local")))
    return digests(folder)


@pytest.fixture
def beam(tmp_path) -> Iterator[BeamCluster]:
    pytest.importorskip("apache_beam")
    with beam_cluster(tmp_path) as cluster:
        yield cluster


def test_a_driver_killed_beside_a_job_service_comes_again_and_follows_its_job(
    beam, tmp_path, sources, expected
):
    folder = tmp_path / "beam"
    words = command(folder, sources, "--engine", "beam", "--set", "restarts=0", "--", *beam.options)
    driver = start(words)
    wait_for(lambda: commits(folder, "scan") == NUM_SOURCES, driver)
    # Between its preparation and its start, a job is called STOPPED.
    wait_for(lambda: "transcribe" in beam.jobs()[-1][0] and beam.jobs()[-1][1] == "RUNNING", driver)
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    assert beam.jobs()[-1][1] == "RUNNING", "a job must outlive its driver"

    output = finish(start(words))
    assert "goes on: waiting for its end" in output
    assert digests(folder) == expected
    names = [name for name, _ in beam.jobs()]
    assert len(names) == len(set(names)) == NUM_STEPS, "one job for each step, none done twice"
    assert {state for _, state in beam.jobs()} == {"DONE"}
    assert not list(folder.glob("run/jobs/*-*-*.json")), "notes of jobs that have ended"


def test_a_ray_node_killed_in_the_middle_costs_no_row(tmp_path, sources, expected):
    pytest.importorskip("ray")
    folder = tmp_path / "ray"
    with ray_cluster() as cluster:
        places = [f"--set=steps.{step}.workers=3" for step in ("fetch", "scan", "transcribe")]
        address = f"--set=ray.address={cluster.address}"
        cpus = "--set=steps.transcribe.cpus=0.9"  # one worker a node
        driver = start(command(folder, sources, "--engine=ray", address, cpus, *places))
        wait_for(lambda: commits(folder, "scan") == NUM_SOURCES, driver)
        wait_for(lambda: in_hand(folder, "transcribe") & pids(cluster.workers(2)), driver)
        cluster.kill_node(2)
        output = finish(driver)
    assert digests(folder) == expected
    assert "a Ray worker died, its parts go to another" in output
