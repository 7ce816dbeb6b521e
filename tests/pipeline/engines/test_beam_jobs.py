"""Jobs on a job service: options, dead workers, orphans, wrong addresses."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator

import pytest
from interlink_toy_clusters import BeamCluster, beam_cluster
from interlink_toy_runs import ToyRun
from interlink_toys import Act, Multiply, source, sources, tries

from interlink.pipeline.engines import beam_jobs
from interlink.pipeline.engines.beam import BeamEngine
from interlink.pipeline.engines.beam_jobs import id_of, job_name
from interlink.pipeline.jobs.job import Job
from interlink.pipeline.parts.commit import DONE_NAME
from interlink.pipeline.parts.part import PartRunner
from interlink.pipeline.step import Stage
from interlink.schemas.errors import EnvironmentFault, IncompleteError

pytest.importorskip("apache_beam")
pytestmark = [pytest.mark.engines, pytest.mark.slow]

DRIVER = """
    import json, sys
    from interlink_toy_runs import ToyRun
    from interlink_toys import Act, source
    from interlink.pipeline.engines.beam import BeamEngine
    from interlink.pipeline.jobs.job import Job
    from interlink.pipeline.step import Stage

    if __name__ == "__main__":
        folder, options = sys.argv[1], json.loads(sys.argv[2])
        run = ToyRun(folder, [source(f"s-{n:03d}", "slow") for n in range(30)])
        with Job(folder).begin(["beam"]) as job:
            runner = run.runner(Stage(name="act", transform=Act(has_child=False)))
            run.go(BeamEngine(options, job), runner)
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[BeamCluster]:
    with beam_cluster(tmp_path_factory.mktemp("beam")) as cluster:
        yield cluster


def slow(num_sources: int = 30):
    return [source(f"s-{number:03d}", "slow") for number in range(num_sources)]


def act(folder="") -> Stage:
    return Stage(name="act", transform=Act(folder=str(folder), has_child=False))


def wait_for_commits(run: ToyRun, folder: str, number: int) -> None:
    while len(list(run.store.local_path(folder).glob(f"*/{DONE_NAME}"))) < number:
        time.sleep(0.02)


def test_options_reach_the_service_untouched_and_all_is_done(cluster, tmp_path):
    run = ToyRun(tmp_path / "run", sources({}, keep=4))
    runner = run.runner(act(), Stage(name="times", transform=Multiply()))
    more = ["--parallelism=3", "--sdk_worker_parallelism=2", "--job_name=mine"]
    report = run.go(BeamEngine([*cluster.options, *more]), runner)
    assert report.stages[-1].kept == 4
    name, state, options = cluster.infos()[-1]
    assert (name, state) == ("mine", "DONE")
    assert options["beam:option:parallelism:v1"] == "3"
    assert options["beam:option:sdk_worker_parallelism:v1"] == "2"


def test_a_dead_external_worker_is_told_in_one_sentence_and_running_again_goes_on(
    cluster, tmp_path, caplog
):
    run = ToyRun(tmp_path / "run", [source("x", "die once"), *sources({}, keep=8)])
    runner = run.runner(act(tmp_path))
    with pytest.raises(
        IncompleteError,
        match=r"^the Beam job of step 'toy' failed.*prematurely.*run again to go on$",
    ):
        run.go(BeamEngine(cluster.options), runner)
    assert "Traceback" not in caplog.text
    report = run.go(BeamEngine(cluster.options), runner)
    assert (tries(tmp_path, "x"), report.stages[0].kept) == (2, 9)


def test_a_pool_that_is_away_may_come_back(cluster, tmp_path):
    run = ToyRun(tmp_path / "run", sources({}, keep=1))
    options = [*cluster.options, "--environment_config=localhost:1"]
    with pytest.raises(IncompleteError, match=r"(?i)failed to connect.*:1: "):
        run.go(BeamEngine(options), run.runner(act()))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Lets SIGINT interrupt this process, also where a shell has put it into the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_driver_told_to_stop_cancels_its_job(cluster, tmp_path):
    run = ToyRun(tmp_path / "run", slow())
    runner = run.runner(act())
    job = Job(run.store.url).begin(["beam"])

    def stop_soon() -> None:
        wait_for_commits(run, runner.folder, 2)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=stop_soon, daemon=True).start()
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        run.go(BeamEngine(cluster.options, job), runner)
    assert cluster.jobs()[-1] == (job_name(runner, run.parts[0]), "CANCELLED")
    assert [n for n in run.store.names("jobs") if "toy" in n] == []
    time.sleep(1.0)  # the part in hand
    done = run.store.names(runner.folder)
    time.sleep(1.0)
    assert run.store.names(runner.folder) == done, "workers go on with a cancelled job"


@pytest.fixture
def orphan(cluster, tmp_path) -> ToyRun:
    """A run whose driver was killed in the middle of a job."""
    script = tmp_path / "driver.py"
    script.write_text(textwrap.dedent(DRIVER))
    run = ToyRun(tmp_path / "run", slow())
    command = [sys.executable, str(script), run.store.url, json.dumps(cluster.options)]
    driver = subprocess.Popen(command)
    wait_for_commits(run, run.runner(act()).folder, 2)
    driver.kill()
    driver.wait()
    assert cluster.jobs()[-1][1] == "RUNNING"
    return run


def test_the_job_of_a_dead_driver_is_followed_to_its_end(cluster, orphan):
    before = len(cluster.jobs())
    runner = orphan.runner(act())
    with Job(orphan.store.url).begin(["beam"]) as job:
        report = orphan.go(BeamEngine(cluster.options, job), runner)
        assert job.left_remote("beam") == []
    assert report.stages[0].kept == 30
    assert len(cluster.jobs()) == before, "no second job"


def test_the_job_of_a_dead_driver_is_cancelled_when_its_step_was_edited(cluster, orphan, caplog):
    edited = orphan.runner(act(), Stage(name="times", transform=Multiply()))
    with Job(orphan.store.url).begin(["beam"]) as job:
        report = orphan.go(BeamEngine(cluster.options, job), edited)
        assert job.left_remote("beam") == []
    assert "cancelling the job" in caplog.text
    assert report.stages[0].kept == 30
    # This job service lets the workers go on, but they were told to stop.
    done = orphan.store.names(orphan.runner(act()).folder)
    assert len(done) < 30


def test_a_job_service_that_is_nowhere_is_told_at_once(tmp_path):
    run = ToyRun(tmp_path / "run", sources({}, keep=1))
    options = ["--runner=PortableRunner", "--job_endpoint=localhost:1"]
    with pytest.raises(
        EnvironmentFault, match=r"^cannot reach Beam's job service at 'localhost:1'"
    ):
        run.go(BeamEngine(options), run.runner(act()))


def test_what_listens_and_is_no_job_service_is_told_soon(tmp_path, monkeypatch):
    monkeypatch.setattr(beam_jobs, "CONNECT_S", 1.0)
    run = ToyRun(tmp_path / "run", sources({}, keep=1))
    with socket.create_server(("localhost", 0)) as server:
        endpoint = f"localhost:{server.getsockname()[1]}"
        options = ["--runner=PortableRunner", f"--job_endpoint={endpoint}"]
        with pytest.raises(EnvironmentFault, match=f"^no Beam job service answers at '{endpoint}'"):
            run.go(BeamEngine(options), run.runner(act()))


def note(job: Job, runner: PartRunner, job_id: str) -> None:
    note, name = runner.stop_note, job_name(runner, "001-00000")
    job.note_remote(engine="beam", step=runner.folder, job_id=job_id, name=name, stop_note=note)


def test_a_job_service_that_was_there_may_come_back(tmp_path):
    run = ToyRun(tmp_path / "run", sources({}, keep=1))
    runner = run.runner(act())
    with Job(run.store.url).begin(["beam"]) as before:
        note(before, runner, "job-1")
    options = ["--runner=PortableRunner", "--job_endpoint=localhost:1"]
    with pytest.raises(IncompleteError, match=r"^cannot reach .*; then run again to go on$"):
        run.go(BeamEngine(options, Job(run.store.url)), runner)


def test_a_job_s_name_is_of_its_run_plan_and_step_and_pleases_dataflow(tmp_path):
    one, other = (ToyRun(tmp_path / name, sources({}, keep=1)) for name in ("one", "other"))
    name = job_name(one.runner(act()), "001-00000")
    assert name == job_name(one.runner(act()), "001-00042")
    others = {
        job_name(other.runner(act()), "001-00000"),
        job_name(one.runner(act()), "002-00000"),
        job_name(one.runner(act(), Stage(name="times", transform=Multiply())), "001-00000"),
    }
    assert len(others | {name}) == 4
    assert len(name) <= 63
    assert name.replace("-", "").isalnum()
    assert name == name.lower()


def test_a_job_where_no_service_can_be_asked_is_named_by_the_next_driver(tmp_path, caplog):
    run = ToyRun(tmp_path / "run", sources({}, keep=1))
    runner = run.runner(act())
    with Job(run.store.url).begin(["beam"]) as before:
        note(before, runner, "2026-12-01_00_00_00-1")
    with Job(run.store.url).begin(["beam"]) as job:
        # No job service that outlives the driver, as with Dataflow.
        options = ["--runner=PortableRunner", "--job_endpoint=embed", "--environment_type=LOOPBACK"]
        report = run.go(BeamEngine(options, job), runner)
        assert job.left_remote("beam") == []
    assert report.stages[0].kept == 1
    assert "the job 2026-12-01_00_00_00-1 of an earlier driver may still run" in caplog.text


def test_the_id_of_a_job_is_where_each_runner_keeps_it():
    class Dataflow:
        def job_id(self):
            return "2026-12-01"

    class Served:
        _job_id = "job-1"

    assert [id_of(Dataflow()), id_of(Served()), id_of(object())] == ["2026-12-01", "job-1", None]
