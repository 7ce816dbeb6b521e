"""Records of jobs, and of what their engines began on a cluster."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from interlink.pipeline.jobs.job import Job, RemoteJob, end_job, read_jobs
from interlink.pipeline.jobs.observer import EventLog, Silent
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault


@pytest.fixture
def run(tmp_path) -> str:
    return str(tmp_path / "run")


def records(run: str) -> dict[str, dict]:
    return {path.name: json.loads(path.read_text()) for path in Path(run, "jobs").iterdir()}


class Line(Silent):
    def __init__(self) -> None:
        self.numbers: list[int] = []

    def job_started(self, *, job: int, engines: list[str]) -> None:
        self.numbers.append(job)


def test_a_job_notes_where_it_lives_and_how_it_ended(run):
    with Job(run, until=1.8e9).begin(["ray", "beam"]) as job:
        assert job.number == 1
        begun = records(run)["0001.json"]
    assert (begun["pid"], begun["engines"]) == (os.getpid(), ["beam", "ray"])
    assert begun["host"]
    assert begun["started"].endswith("+00:00")
    assert begun["until"] == "2027-01-15T08:00:00+00:00"
    end = records(run)["0001-ended.json"]
    assert (end["exit_code"], end["reason"]) == (0, "")


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (EnvironmentFault("disk full"), 3, "disk full"),
        (KeyboardInterrupt("^C"), 130, "KeyboardInterrupt: ^C"),
        (SystemExit(143), 143, "SystemExit: 143"),
        (ZeroDivisionError("by zero"), 1, "ZeroDivisionError: by zero"),
    ],
)
def test_an_error_is_noted_with_its_exit_code(run, error, code, reason):
    with pytest.raises(type(error), match=r"full|143|zero|C"), Job(run).begin(["local"]):
        raise error
    end = records(run)["0001-ended.json"]
    assert (end["exit_code"], end["reason"]) == (code, reason)


def test_of_a_supervised_job_the_supervisor_notes_the_end(run):
    line = Line()
    with Job(run, line=line).begin(["local"], [line]):
        pass
    assert line.numbers == [1]
    assert list(records(run)) == ["0001.json"]
    end_job(Store(run), 1, exit_code=-9, reason="killed")
    assert records(run)["0001-ended.json"]["exit_code"] == -9


def test_observers_are_told_of_its_beginning_and_its_end(run, tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    with pytest.raises(EnvironmentFault, match="full"), Job(run).begin(["ray", "beam"], [log]):
        raise EnvironmentFault("disk full")
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["job_started", "job_ended"]
    assert events[0]["engines"] == ["beam", "ray"]
    assert (events[1]["job"], events[1]["exit_code"], events[1]["reason"]) == (1, 3, "disk full")


def test_all_jobs_of_a_run_are_read_back(run):
    with Job(run).begin(["beam"]):
        pass
    second = Job(run).begin(["ray"])
    done, at_work = read_jobs(Store(run))
    assert (done.number, done.exit_code, done.engines) == (1, 0, ("beam",))
    assert done.ended is not None
    assert (at_work.number, at_work.ended, at_work.exit_code) == (2, None, None)
    end_job(Store(run), second.number, exit_code=-9, reason="killed")
    assert read_jobs(Store(run))[1].reason == "killed"


def test_jobs_are_counted_on(run):
    numbers = []
    for _ in range(3):
        with Job(run).begin(["local"]) as job:
            numbers.append(job.number)
    assert numbers == [1, 2, 3]


def test_an_end_that_cannot_be_noted_is_no_error(tmp_path, caplog):
    (tmp_path / "jobs").write_text("in the way")
    end_job(Store(str(tmp_path)), 1, exit_code=0, reason="")
    assert "cannot note the end of job 1" in caplog.text


def test_what_a_dead_job_began_on_a_cluster_is_found_until_it_is_forgotten(run):
    with Job(run).begin(["beam"]) as first:
        noted = first.note_remote(
            engine="beam",
            step="steps/scan-0123456789ab",
            job_id="flink-7",
            name="of-plan-1",
            stop_note="steps/scan-0123456789ab/_stop-001.json",
        )
        assert first.left_remote("beam") == []  # its own
    with Job(run).begin(["beam"]) as second:
        assert second.left_remote("ray") == []
        assert second.left_remote("beam") == [noted]
        assert noted == RemoteJob(
            engine="beam",
            step="steps/scan-0123456789ab",
            job_id="flink-7",
            path=noted.path,
            name="of-plan-1",
            stop_note="steps/scan-0123456789ab/_stop-001.json",
        )
        assert second.is_orphan(noted)
        assert noted.path.startswith("jobs/0001-scan-")
        second.forget_remote(noted)
        assert second.left_remote("beam") == []


def test_a_job_that_was_killed_is_dead_and_one_that_lives_is_not(run):
    code = f"""
import time
from interlink.pipeline.jobs.job import Job
with Job({run!r}).begin(["beam"]) as job:
    step = "steps/scan-0123456789ab"
    job.note_remote(engine="beam", step=step, job_id="flink-7", name="", stop_note="")
    print("up", flush=True)
    time.sleep(60)
"""
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "up\n"
    with Job(run).begin(["beam"]) as job:
        assert job.left_remote("beam") == []
        other.kill()
        other.communicate(timeout=20)
        assert [left.job_id for left in job.left_remote("beam")] == ["flink-7"]


def test_a_process_of_the_same_id_or_another_host_is_not_the_job(run):
    with Job(run).begin(["beam"]) as job:
        for number, change in (
            (7, {"process_started_s": time.time() - 1e6}),
            (8, {"host": "away"}),
        ):
            record = records(run)["0001.json"] | change
            Path(run, f"jobs/{number:04d}.json").write_text(json.dumps(record))
            remote = {"engine": "beam", "step": "steps/cut-0", "job_id": f"j{number}"}
            remote |= {"name": "", "stop_note": ""}
            path = Path(run, f"jobs/{number:04d}-cut-00000000.json")
            path.write_text(json.dumps(remote | {"started": ""}))
        left = job.left_remote("beam")
        assert [(each.job_id, each.name, job.is_orphan(each)) for each in left] == [
            ("j7", "", True),
            ("j8", "", False),
        ]
        end_job(Store(run), 8, exit_code=1, reason="")
        assert job.is_orphan(left[1])


def test_a_note_that_a_dead_process_did_not_finish_is_passed_over(run):
    Store(run).put("jobs/.0001-ended.json.0123.tmp", b"{")
    with Job(run).begin(["beam"]) as job:
        assert job.left_remote("beam") == []
