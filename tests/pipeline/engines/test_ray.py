"""Ray alone: dead actors, pools that do not fit, two drivers, addresses."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psutil
import pytest
from interlink_toy_engines import started
from interlink_toy_runs import ToyRun
from interlink_toys import Act, DieOutside, source, sources, tries

from interlink.pipeline.engines import ray_pool
from interlink.pipeline.engines.engine import Engine
from interlink.pipeline.engines.ray import RayEngine
from interlink.pipeline.parts.attempt_notes import open_notes
from interlink.pipeline.parts.attempts import MAX_DEATHS as MAX_ATTEMPTS
from interlink.pipeline.parts.commit import DONE_NAME
from interlink.pipeline.parts.plan import read_part
from interlink.pipeline.parts.stop_note import stop_step
from interlink.pipeline.step import Stage
from interlink.schemas.errors import EnvironmentFault, IncompleteError

ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.engines, pytest.mark.slow]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with started("ray") as engine:
        yield engine


def act(tmp_path) -> Stage:
    return Stage(name="act", transform=Act(folder=str(tmp_path)))


def test_a_dead_actor_s_parts_go_to_another_and_no_other_part_is_harmed(engine, tmp_path):
    run = ToyRun(tmp_path / "run", [source("x", "die once"), *sources({}, keep=12)])
    report = run.go(engine, run.runner(act(tmp_path), workers=2))
    assert report.stages[0].kept == 13
    assert tries(tmp_path, "x") == 2
    assert tries(tmp_path, "setups") <= 3  # the last need not come in time
    for part in run.parts:
        attempts = [n for n in run.store.names(f"{report.folder}/{part}") if n != DONE_NAME]
        assert len(attempts) == 1


def test_what_kills_every_actor_ends_the_step_which_can_go_on(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(ray_pool, "MAX_DEATHS", 2)
    run = ToyRun(tmp_path / "run", sources({}, keep=4))
    runner = run.runner(
        Stage(name="outside", transform=DieOutside(folder=str(tmp_path), deaths=99)), workers=1
    )
    with pytest.raises(
        IncompleteError,
        match=r"^3 Ray workers died in a row, and no part was committed in between: .*"
        r"The last: .*run again to go on$",
    ):
        run.go(engine, runner)
    assert tries(tmp_path, "openings") == 3


def test_deaths_between_commits_do_not_add_up(engine, tmp_path, monkeypatch):
    # A dead actor may have had a second part waiting, which is next, and dies too.
    monkeypatch.setattr(ray_pool, "MAX_DEATHS", 3)
    run = ToyRun(tmp_path / "run", sources(dict.fromkeys("abcde", "die once")))
    report = run.go(engine, run.runner(act(tmp_path), workers=1))
    assert report.stages[0].kept == 5
    assert tries(tmp_path, "setups") == 1 + 5


def test_a_part_that_waited_at_a_dead_actor_was_not_begun(engine, tmp_path):
    given = [source("x", "die"), *sources({}, keep=3)]
    run = ToyRun(tmp_path / "run", given)
    report = run.go(engine, run.runner(act(tmp_path), workers=1))
    assert (report.stages[0].kept, report.stages[0].quarantined) == (3, 1)
    assert tries(tmp_path, "setups") == 1 + MAX_ATTEMPTS
    assert not any(o.batch_split for o in run.outcomes(report))


def test_models_that_cannot_be_loaded_are_not_loaded_again_and_again(engine, tmp_path):
    run = ToyRun(tmp_path / "run", sources({}, keep=4))
    runner = run.runner(Stage(name="act", transform=Act(setup_fault="no model")), workers=1)
    with pytest.raises(EnvironmentFault, match=r"^no model$"):
        run.go(engine, runner)


def test_a_pool_that_does_not_fit_the_cluster_has_as_many_workers_as_fit(engine, tmp_path, caplog):
    cores = int(psutil.cpu_count() or 1)
    run = ToyRun(tmp_path / "run", sources({}, keep=4 * cores))
    report = run.go(engine, run.runner(act(tmp_path), workers=cores + 1, cpus=1.0))
    assert report.stages[0].kept == 4 * cores
    assert tries(tmp_path, "setups") == cores
    assert f"has room for {cores} of {cores + 1} workers" in caplog.text


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        ({"cpus": 1e6}, "a worker of 1e\\+06 CPUs, 0 GPUs; lower"),
        ({"gpus": 1.0}, "a worker of 0.5 CPUs, 1 GPUs; lower"),
        ({"memory_gib": 1e6}, "1e\\+06 GiB of memory; lower"),
        ({"ray": {"asr": 2.0}}, "0 GPUs, 2 asr; lower"),
    ],
)
def test_a_worker_that_no_node_can_hold_is_refused(engine, tmp_path, resources, text):
    run = ToyRun(tmp_path / "run", sources({}, keep=1))
    with pytest.raises(EnvironmentFault, match=f"^no node of the Ray cluster can hold .*{text}"):
        run.go(engine, run.runner(act(tmp_path), **resources))


def test_cpu_of_ended_actors_is_counted(engine, tmp_path):
    run = ToyRun(tmp_path / "run", [source("x", "burn")])
    report = run.go(engine, run.runner(act(tmp_path)))
    assert 2.0 < report.cpu_s < 20.0


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_an_address_where_nobody_listens_is_refused_at_once(address):
    with pytest.raises(EnvironmentFault, match=f"^cannot reach Ray at '{address}': "):
        RayEngine(address)


def test_a_loopback_address_that_ray_takes_for_another_is_told_at_once():
    outside = ray.util.get_node_ip_address()
    if outside == "127.0.0.1":
        pytest.skip("this machine has no other address")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(
            EnvironmentFault, match=f"Ray, which takes {address} for it, at '{outside}"
        ):
            RayEngine(address)


def test_a_cluster_that_runs_already_is_used_and_left_running(engine, tmp_path):
    run = ToyRun(tmp_path / "run", sources({}, keep=3))
    run.go(engine, run.runner(act(tmp_path)))
    assert ray.is_initialized()
    other = RayEngine()
    other.run(run.runner(act(tmp_path), name="other"), run.parts)
    other.close()
    assert ray.is_initialized()


def test_when_the_step_is_stopped_parts_in_hand_are_finished_and_no_other_begun(
    engine, tmp_path, monkeypatch
):
    monkeypatch.setattr(ray_pool, "_END_GRACE_S", 0.5)
    hold = tmp_path / "hold"
    hold.touch()
    slow = [source(f"s-{number:02d}", "slow") for number in range(40)]
    run = ToyRun(tmp_path / "run", [source("a", "held"), *slow])
    runner = run.runner(act(tmp_path), workers=2)
    [part] = [p for p in run.parts if read_part(run.store, p)[0].source_id == "a"]

    def stop_then_release() -> None:
        while not open_notes(run.store, f"{runner.folder}/{part}"):
            time.sleep(0.05)
        stop_step(run.store, runner.stop_note, IncompleteError("time is up"))
        time.sleep(3.0)
        hold.unlink()

    thread = threading.Thread(target=stop_then_release)
    thread.start()
    with pytest.raises(IncompleteError, match=r"^time is up$"):
        run.go(engine, runner)
    thread.join()
    assert run.store.exists(f"{runner.folder}/{part}/{DONE_NAME}")
    done = [p for p in run.parts if run.store.exists(f"{runner.folder}/{p}/{DONE_NAME}")]
    assert len(done) < len(run.parts)


def test_a_pool_of_which_no_actor_finds_room_says_so_and_ends_with_its_step(
    engine, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(ray_pool, "SLOW_START_S", 1.0)
    run = ToyRun(tmp_path / "run", sources({}, keep=2))
    runner = run.runner(act(tmp_path), workers=2)
    engine.run(runner, [])  # connects

    @ray.remote(num_cpus=ray.cluster_resources()["CPU"])
    class Tenant:
        def is_here(self) -> bool:
            return True

    tenant = Tenant.remote()
    assert ray.get(tenant.is_here.remote())
    stop = IncompleteError("time is up")
    stopper = threading.Timer(5.0, lambda: stop_step(run.store, runner.stop_note, stop))
    # What does not end without the tenant's leave shall fail, not hang.
    leave = threading.Timer(40.0, lambda: ray.kill(tenant))
    stopper.start(), leave.start()
    started_s = time.monotonic()
    try:
        with pytest.raises(IncompleteError, match=r"^time is up$"):
            run.go(engine, runner)
    finally:
        leave.cancel()
        ray.kill(tenant)
    assert time.monotonic() - started_s < 20
    told = [r.message for r in caplog.records if "has become ready" in r.message]
    assert len(told) == 1
    assert "wait until a worker of 0.5 CPUs, 0 GPUs is free; `ray status` shows" in told[0]


def test_a_node_that_does_not_start_in_time_may_do_so_later(tmp_path, monkeypatch):
    left = []

    def late(**_):
        left.append(subprocess.Popen(["sleep", "600"]))
        raise Exception("The current node timed out during startup. The GCS is overloaded.")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", late)
    run = ToyRun(tmp_path / "run", sources({}, keep=1))
    with pytest.raises(IncompleteError, match=r"^Ray has not started in 3 .* run again"):
        RayEngine().run(run.runner(act(tmp_path)), run.parts)
    assert [process.wait(timeout=20) for process in left] == [-9] * 3


LATE_ONCE = """
import psutil, ray
from ray._private.node import Node
from interlink.pipeline.engines.ray import RayEngine
start, tries = Node.start_ray_processes, []

def late_once(node):
    start(node)
    tries.append(node)
    if len(tries) == 1:
        raise Exception("The current node timed out during startup.")

Node.start_ray_processes = late_once
engine = RayEngine()
engine._connect()
raylets = [p for p in psutil.Process().children() if p.name() == "raylet"]
print(len(tries), len(ray.nodes()), len([p for p in raylets if p.status() != "zombie"]))
engine.close()
"""


def test_what_was_late_is_killed_and_the_next_try_starts_ray():
    done = subprocess.run(
        [sys.executable, "-c", LATE_ONCE],
        env={**os.environ, "RAY_TMPDIR": "/tmp"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "2 1 1\n", done.stderr
    assert "Ray has not started, 2 more tries: The current node timed out" in done.stderr
