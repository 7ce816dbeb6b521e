"""What a run tells: nothing, or JSON lines."""

import json
import logging
from datetime import datetime

from interlink.pipeline.commit import Commit
from interlink.pipeline.observer import EventLog, Silent

COMMIT = Commit(
    part="001-00000", step="scan", key="k", attempt="a", num_kept=1, stages=(), files=(), wall_s=2.5
)


def tell(observer) -> None:
    observer.step_started(plan=1, step="scan", engine="beam", parts=3, done=1)
    observer.part_done(COMMIT)
    observer.paused(step="scan", message="no room")
    observer.step_ended(plan=1, step="scan", wall_s=1.0, cpu_s=2.0)


def test_events_are_appended_as_json_lines_with_their_time(tmp_path):
    path = tmp_path / "events.jsonl"
    for _ in range(2):
        tell(EventLog(path))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    names = ["step_started", "part_done", "paused", "step_ended"]
    assert [line["event"] for line in lines] == names * 2
    assert lines[1] | {"time": ""} == {
        "time": "",
        "event": "part_done",
        "step": "scan",
        "part": "001-00000",
        "wall_s": 2.5,
    }
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
