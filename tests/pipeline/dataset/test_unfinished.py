"""What attempts left without a commit, and whether somebody still works on it."""

import os
import socket
import time

import psutil
import pytest

from interlink.pipeline.dataset.run_commits import current_folders
from interlink.pipeline.dataset.unfinished import (
    FOREIGN_DEATH_S,
    all_unfinished,
    dead_scratch_folders,
    remove_scratch,
    unfinished_attempts,
)
from interlink.pipeline.parts.attempts import BEGUN_NAME, Note

NAME = "0123456789ab"


@pytest.fixture
def attempt(published):
    """Leaves an attempt at the first part of the first step, and looks at it."""
    folder = current_folders(published.run)[0]

    def leave(*, host: str | None = None, pid: int | None = None):
        path = f"{folder}/001-00000/{NAME}"
        published.run.put(f"{path}/kept.parquet", b"half")
        if host is not None:
            process = psutil.Process(pid) if pid else psutil.Process()
            note = Note(
                attempt=NAME,
                host=host,
                pid=process.pid,
                process_started_s=process.create_time() if pid is None else 0.0,
                at="2026-01-01T00:00:00+00:00",
                is_marking=False,
            )
            published.run.put(f"{path}/{BEGUN_NAME}", note.to_json())
        return list(unfinished_attempts(published.run, folder, "001-00000"))

    return leave


def look_later(published, monkeypatch, seconds: float):
    """Return what `all_unfinished` finds when so much time has gone by."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds)
    return list(all_unfinished(published.run))


def test_the_committed_attempt_is_not_unfinished(published):
    assert list(all_unfinished(published.run)) == []


def test_an_attempt_of_a_live_process_lives(attempt):
    [found] = attempt(host=socket.gethostname())
    assert found.is_alive
    assert (found.path.endswith(NAME), found.num_files) == (True, 2)


def test_an_attempt_whose_process_number_is_anothers_now_is_dead(attempt):
    [found] = attempt(host=socket.gethostname(), pid=os.getpid())
    assert not found.is_alive


def test_an_attempt_of_another_host_counts_as_alive_for_a_day(published, attempt, monkeypatch):
    [found] = attempt(host="another-host")
    assert found.is_alive
    [found] = look_later(published, monkeypatch, FOREIGN_DEATH_S + 60)
    assert not found.is_alive


def test_an_attempt_without_a_note_is_dead_once_it_has_had_time_to_write_one(
    published, attempt, monkeypatch
):
    [found] = attempt()
    assert found.is_alive
    [found] = look_later(published, monkeypatch, 60)
    assert not found.is_alive


def test_scratch_of_a_live_attempt_stays(published, attempt):
    scratch = published.run.local_path("scratch")
    for name in (NAME, "ba9876543210"):
        (scratch / name).mkdir(parents=True)
        (scratch / name / "file.mp4").write_bytes(b"x")
    (scratch / "somebody's own").mkdir()
    attempt(host=socket.gethostname())
    assert [path.name for path in dead_scratch_folders(published.run)] == ["ba9876543210"]
    remove_scratch(scratch / "ba9876543210")
    assert dead_scratch_folders(published.run) == []


def test_a_scratch_folder_of_the_recipe_is_looked_into(published, tmp_path):
    place = tmp_path / "fast disk"
    (place / NAME).mkdir(parents=True)
    published.run.put("recipe.yaml", f"scratch: {place}\n".encode())
    assert dead_scratch_folders(published.run) == [place / NAME]
