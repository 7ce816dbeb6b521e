"""Whose a job on a job service is: what a driver follows, cancels and leaves alone."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from interlink_toy_runs import ToyRun
from interlink_toys import Act, Multiply, sources

from interlink.pipeline.engines import beam_jobs
from interlink.pipeline.engines.beam import BeamEngine
from interlink.pipeline.engines.beam_jobs import JobService, job_name
from interlink.pipeline.jobs.job import Job
from interlink.pipeline.parts.part import PartRunner
from interlink.pipeline.parts.stop_note import is_stopped
from interlink.pipeline.step import Stage
from interlink.schemas.errors import IncompleteError

grpc = pytest.importorskip("grpc")
pytest.importorskip("apache_beam")
from apache_beam.portability.api import beam_job_api_pb2 as api  # noqa: E402
from apache_beam.portability.api import beam_job_api_pb2_grpc as api_calls  # noqa: E402


class Service(api_calls.JobServiceServicer):
    """Says what runs, and runs until it is cancelled; silent once `is_hung`."""

    def __init__(self) -> None:
        self.live: dict[str, str] = {}
        self.cancelled: list[str] = []
        self.is_hung = False
        self.over = threading.Event()

    def GetJobs(self, request: Any, context: Any) -> Any:  # noqa: N802  (Beam's name)
        if self.is_hung:
            self.over.wait()
        response = api.GetJobsResponse()
        for job_id, name in self.live.items():
            info = response.job_info.add(job_id=job_id, state=api.JobState.RUNNING)
            info.pipeline_options["beam:option:job_name:v1"] = name
        return response

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802  (Beam's name)
        self.cancelled.append(request.job_id)
        del self.live[request.job_id]
        return api.CancelJobResponse(state=api.JobState.CANCELLED)


@pytest.fixture
def served() -> Iterator[tuple[Service, str]]:
    """A service and its address."""
    service = Service()
    server = grpc.server(ThreadPoolExecutor(4))
    api_calls.add_JobServiceServicer_to_server(service, server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    yield service, f"localhost:{port}"
    service.over.set()
    server.stop(None).wait()


@pytest.fixture
def run(tmp_path) -> ToyRun:
    return ToyRun(tmp_path / "run", sources({}, keep=1))


def act(run: ToyRun, *more: Stage) -> PartRunner:
    return run.runner(Stage(name="act", transform=Act(has_child=False)), *more)


def note(run: ToyRun, runner: PartRunner, job_id: str, *, plan: int = 1, is_away: bool) -> None:
    """Note a job of a dead driver of this host, or of one on another host that may live."""
    with Job(run.store.url).begin(["beam"]) as job:
        name = job_name(runner, f"{plan:03d}-00000")
        job.note_remote(
            engine="beam",
            step=runner.folder,
            job_id=job_id,
            name=name,
            stop_note=runner.stop_note,
        )
    if is_away:
        path = f"jobs/{job.number:04d}.json"
        row = json.loads(run.store.read(path)) | {"host": "away"}
        run.store.put(path, json.dumps(row).encode())
        run.store.remove_file(f"jobs/{job.number:04d}-ended.json")


def clear(run: ToyRun, runner: PartRunner, endpoint: str) -> str | None:
    with Job(run.store.url).begin(["beam"]) as job:
        name = job_name(runner, "001-00000")
        found = JobService(endpoint).clear(job, run.store, runner.folder, name)
    return found and found.job_id


@pytest.mark.parametrize("is_away", [True, False])
def test_a_job_of_the_same_plan_and_step_is_followed(run, served, is_away):
    service, endpoint = served
    service.live["j"] = "mine"
    note(run, act(run), "j", is_away=is_away)
    assert (clear(run, act(run), endpoint), service.cancelled) == ("j", [])


@pytest.mark.parametrize("is_away", [True, False])
def test_a_job_of_another_plan_is_left_alone(run, served, is_away, caplog):
    service, endpoint = served
    service.live["j"] = "other"
    note(run, act(run), "j", plan=2, is_away=is_away)
    assert (clear(run, act(run), endpoint), service.cancelled, caplog.text) == (None, [], "")
    assert Job(run.store.url).left_remote("beam")


@pytest.mark.parametrize("is_away", [True, False])
def test_a_job_of_an_older_recipe_is_cancelled_if_its_driver_is_dead(run, served, is_away, caplog):
    service, endpoint = served
    service.live["j"] = "old"
    note(run, act(run, Stage(name="times", transform=Multiply())), "j", is_away=is_away)
    assert clear(run, act(run), endpoint) is None
    assert service.cancelled == ([] if is_away else ["j"])
    assert ("if that driver is dead, cancel the job at localhost:" in caplog.text) == is_away


@pytest.mark.parametrize("is_away", [True, False])
def test_a_driver_told_to_stop_cancels_no_job_of_one_that_may_live(
    run, served, is_away, monkeypatch
):
    service, endpoint = served
    service.live["j"] = "mine"
    runner = act(run)
    note(run, runner, "j", is_away=is_away)

    class Followed:
        def wait_until_finish(self) -> None:
            raise KeyboardInterrupt

        def job_id(self) -> str:
            return "j"

    monkeypatch.setattr(JobService, "follow", lambda *_: Followed())
    options = ["--runner=PortableRunner", f"--job_endpoint={endpoint}"]
    with (
        Job(run.store.url).begin(["beam"]) as job,
        pytest.raises(KeyboardInterrupt, match=r"^$"),
    ):
        BeamEngine(options, job).run(runner, run.parts)
    assert service.cancelled == ([] if is_away else ["j"])
    assert is_stopped(run.store, runner.stop_note) != is_away


def test_a_service_that_is_silent_is_told_in_time(run, served, monkeypatch):
    monkeypatch.setattr(beam_jobs, "CALL_S", 0.5)
    service, endpoint = served
    service.is_hung = True
    with pytest.raises(
        IncompleteError,
        match=rf"^Beam's job service at '{endpoint}' .* did not answer: .*; look at its log and",
    ):
        JobService(endpoint).find("any")
    assert not JobService(endpoint).has_ended("j")
