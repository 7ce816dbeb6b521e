"""Small clusters on this machine: a Beam job service with a pool of workers, Ray nodes to kill."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_START_S = 60.0


def kill_tree(process: psutil.Process) -> None:
    """Kill a process and all that it has started, as when its machine dies."""
    for each in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()


@dataclass(frozen=True)
class BeamCluster:
    """A job service in a process of its own, and a pool that starts its one worker in another."""

    endpoint: str
    pool_endpoint: str
    pool: psutil.Process

    @property
    def options(self) -> list[str]:
        """What `PipelineOptions` needs for it."""
        return [
            "--runner=PortableRunner",
            f"--job_endpoint={self.endpoint}",
            "--environment_type=EXTERNAL",
            f"--environment_config={self.pool_endpoint}",
            "--experiments=disable_logging_submission_environment",
        ]

    def jobs(self) -> list[tuple[str, str]]:
        """Return name and state of every job that the service has seen, in order."""
        return [(name, state) for name, state, _ in self.infos()]

    def infos(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Return name, state and options of every job."""
        import grpc
        from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc
        from google.protobuf.json_format import MessageToDict

        with grpc.insecure_channel(self.endpoint) as channel:
            stub = beam_job_api_pb2_grpc.JobServiceStub(channel)
            found = stub.GetJobs(beam_job_api_pb2.GetJobsRequest()).job_info
        rows = []
        for info in found:
            options = MessageToDict(info.pipeline_options)
            state = beam_job_api_pb2.JobState.Enum.Name(info.state)
            rows.append((options["beam:option:job_name:v1"], state, options))
        return rows


@contextlib.contextmanager
def beam_cluster(folder: Path) -> Iterator[BeamCluster]:
    """Start a Beam cluster whose logs lie in a folder; nothing is left of it."""
    port_file = folder / "port"
    # The pool starts its workers as `python`: it must be this one.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    pool_port = _free_port()
    runners = "apache_beam.runners"
    with (folder / "service.log").open("wb") as log, (folder / "pool.log").open("wb") as pool_log:
        service = subprocess.Popen(
            [
                *(sys.executable, "-m", f"{runners}.portability.local_job_service_main"),
                *("--port_file", str(port_file)),
            ],
            env=environment,
            stdout=log,
            stderr=log,
        )
        pool = subprocess.Popen(
            [
                *(sys.executable, "-m", f"{runners}.worker.worker_pool_main"),
                *("--service_port", str(pool_port)),
            ],
            env=environment,
            stdout=pool_log,
            stderr=pool_log,
        )
        try:
            _await(port_file.exists, "the job service")
            _await(lambda: _listens(pool_port), "the worker pool")
            yield BeamCluster(
                endpoint=f"localhost:{port_file.read_text()}",
                pool_endpoint=f"localhost:{pool_port}",
                pool=psutil.Process(pool.pid),
            )
        finally:
            for process in (service, pool):
                kill_tree(psutil.Process(process.pid))
                process.wait()


@dataclass(frozen=True)
class RayCluster:
    """Three Ray nodes: a head and two others."""

    address: str
    raylets: tuple[psutil.Process, ...]
    """Of the head, then of the others."""

    def workers(self, node: int) -> list[psutil.Process]:
        """Return the processes of actors on a node."""
        found = []
        for child in self.raylets[node].children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if any("_PartActor" in word for word in child.cmdline()):
                    found.append(child)
        return found

    def kill_node(self, node: int) -> None:
        """Kill a node: its raylet and what that has started."""
        kill_tree(self.raylets[node])


@contextlib.contextmanager
def ray_cluster(**last_node: Any) -> Iterator[RayCluster]:
    """Start three Ray nodes of one CPU each.

    Args:
        last_node: what the third node has besides.
    """
    from ray.cluster_utils import Cluster

    # Sockets lie under this folder, and their paths may have 107 bytes.
    folder = tempfile.mkdtemp(prefix="r", dir="/tmp")
    before = dict(os.environ)
    os.environ |= {"RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0"}
    node = {"num_cpus": 1, "object_store_memory": 80 << 20}
    cluster = Cluster()
    try:
        # With Ray's own values a dead node is noticed after 15 s or more.
        patience = {"health_check_period_ms": 1000, "health_check_failure_threshold": 3}
        head = cluster.add_node(**node, include_dashboard=False, _system_config=patience)
        others = [cluster.add_node(**node), cluster.add_node(**node | last_node)]
        cluster.wait_for_nodes()
        raylets = [each.all_processes["raylet"][0].process.pid for each in (head, *others)]
        yield RayCluster(cluster.address, tuple(map(psutil.Process, raylets)))
    finally:
        cluster.shutdown()
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("localhost", port), timeout=1):
        return True
    return False


def _await(condition: Any, what: str) -> None:
    end = time.monotonic() + _START_S
    while not condition():
        assert time.monotonic() < end, f"{what} has not started within {_START_S} s"
        time.sleep(0.1)
