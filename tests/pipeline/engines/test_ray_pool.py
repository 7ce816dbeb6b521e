"""Pools on a cluster of three nodes of which one dies: they shrink, and end when none is left."""

import threading
import time

import pytest
from interlink_toy_clusters import ray_cluster
from interlink_toy_engines import started
from interlink_toy_runs import ToyRun
from interlink_toys import Act, source

from interlink.pipeline.engines import ray_pool
from interlink.pipeline.engines.ray import RayEngine
from interlink.pipeline.parts.commit import DONE_NAME
from interlink.pipeline.step import Stage
from interlink.schemas.errors import EnvironmentFault, IncompleteError

ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.engines, pytest.mark.slow]


def slow_run(tmp_path, num_sources: int) -> ToyRun:
    given = [source(f"s-{number:03d}", "slow") for number in range(num_sources)]
    return ToyRun(tmp_path / "run", given)


def kill_later(cluster, run: ToyRun, folder: str, num_commits: int) -> None:
    """Kill the third node when so many parts are committed."""

    def wait_and_kill() -> None:
        while len(list(run.store.local_path(folder).glob(f"*/{DONE_NAME}"))) < num_commits:
            time.sleep(0.02)
        cluster.kill_node(2)

    threading.Thread(target=wait_and_kill, daemon=True).start()


def test_a_pool_shrinks_to_the_nodes_that_are_left(tmp_path, caplog):
    run = slow_run(tmp_path, 100)
    runner = run.runner(Stage(name="act", transform=Act(has_child=False)), workers=3, cpus=0.9)
    with ray_cluster() as cluster:
        engine = RayEngine(cluster.address)
        kill_later(cluster, run, runner.folder, num_commits=15)
        report = run.go(engine, runner)
        engine.close()
    assert report.stages[0].kept == 100
    assert "has room for 2 of 3 workers; the step goes on with so many" in caplog.text


def test_a_pool_without_any_node_left_ends_and_can_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(ray_pool, "NO_ROOM_S", 1.0)
    run = slow_run(tmp_path, 60)
    runner = run.runner(
        Stage(name="act", transform=Act(has_child=False)), workers=1, ray={"asr": 1.0}
    )
    with ray_cluster(resources={"asr": 1}) as cluster:
        engine = RayEngine(cluster.address)
        kill_later(cluster, run, runner.folder, num_commits=3)
        with pytest.raises(
            IncompleteError,
            match=r"^no node .* is left for a worker of 0.5 CPUs, 0 GPUs, 1 asr; .*run again to go",
        ):
            run.go(engine, runner)
        engine.close()


def test_workers_that_cannot_import_the_step_are_a_fault_of_their_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "")  # workers inherit it, and find no toys
    run = slow_run(tmp_path, 1)
    with (
        started("ray") as engine,
        pytest.raises(EnvironmentFault, match=r"^a Ray worker cannot begin: .*interlink_toys"),
    ):
        run.go(engine, run.runner(Stage(name="act", transform=Act(has_child=False))))
