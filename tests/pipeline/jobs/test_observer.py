"""What a run tells: nothing, or JSON lines."""

import dataclasses
import json
import logging
from datetime import datetime

from interlink.pipeline.jobs.observer import EventLog, Silent
from interlink.pipeline.parts.commit import Commit, StageCounts

COMMIT = Commit(
    part="001-00000", step="scan", key="k", attempt="a", num_kept=1, stages=(), files=(), wall_s=2.5
)


LOST = (StageCounts(stage="scan", deferred=3, quarantined=1), StageCounts(stage="next", failed=2))
EVENTS = [
    "job_started",
    "step_started",
    "part_done",
    "part_done",
    "records_deferred",
    "records_quarantined",
    "paused",
    "step_ended",
    "plan_published",
    "job_ended",
    "restarting",
]


def tell(observer) -> None:
    observer.job_started(job=1, engines=["beam"])
    observer.step_started(plan=1, step="scan", engine="beam", parts=3, done=1)
    observer.part_done(COMMIT)
    observer.part_done(dataclasses.replace(COMMIT, stages=LOST))
    observer.paused(step="scan", message="no space")
    observer.step_ended(plan=1, step="scan", wall_s=1.0, cpu_s=2.0)
    observer.plan_published(plan=1, version=2, documents=3)
    observer.job_ended(job=1, exit_code=4, reason="a worker died")
    observer.restarting(reason="a worker died")


def test_events_are_appended_as_json_lines_with_their_time(tmp_path):
    path = tmp_path / "events.jsonl"
    for _ in range(2):
        tell(EventLog(path))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["event"] for line in lines] == EVENTS * 2
    assert lines[2] | {"time": ""} == {
        "time": "",
        "event": "part_done",
        "step": "scan",
        "part": "001-00000",
        "kept": 1,
        "rejected": 0,
        "failed": 0,
        "deferred": 0,
        "quarantined": 0,
        "wall_s": 2.5,
    }
    assert lines[4]["records"] == 3
    assert lines[5]["event"] == "records_quarantined"
    assert datetime.fromisoformat(lines[0]["time"]).tzinfo is not None


def test_nothing_is_written_without_a_path_or_by_the_silent(tmp_path):
    tell(EventLog(None))
    tell(Silent())
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_cannot_be_written_warns_once_and_stops_nothing(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        tell(EventLog(tmp_path / "missing" / "events.jsonl"))
    [record] = caplog.records
    assert record.getMessage().startswith("no more events are logged: cannot write ")
