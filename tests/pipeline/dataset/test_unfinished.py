"""What attempts left without a commit, and whether somebody still works on it."""

import os
import socket
import tempfile
import time

import psutil
import pytest

from interlink.pipeline.dataset.run_commits import current_folders
from interlink.pipeline.dataset.unfinished import (
    FOREIGN_DEATH_S,
    dead_scratch_folders,
    unfinished_attempts,
)
from interlink.pipeline.parts.attempt_notes import BEGUN_NAME, Note
from interlink.pipeline.storage.scratch import ScratchFolder
from interlink.pipeline.storage.store import Store

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


def all_unfinished(run: Store) -> list:
    """Return what attempts at the parts of the first step have left."""
    folder = current_folders(run)[0]
    return [one for part in run.names(folder) for one in unfinished_attempts(run, folder, part)]


def look_later(published, monkeypatch, seconds: float):
    """Return what `all_unfinished` finds when so much time has gone by."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds)
    return all_unfinished(published.run)


def test_the_committed_attempt_is_not_unfinished(published):
    assert all_unfinished(published.run) == []


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


def test_scratch_whose_lock_somebody_holds_is_alive_whatever_run_it_is_of(published, tmp_path):
    place = tmp_path / "shared"
    published.run.put("recipe.yaml", f"scratch: {place}\n".encode())
    of_another_run = ScratchFolder(place / NAME)
    (place / "ba9876543210").mkdir()
    (place / "somebody's own").mkdir()
    assert dead_scratch_folders(published.run) == [place / "ba9876543210"]
    of_another_run.close()
    assert dead_scratch_folders(published.run) == [place / "ba9876543210"]


def test_scratch_beside_the_run_and_where_the_recipe_says_is_looked_into(published, tmp_path):
    place, beside = tmp_path / "fast disk", published.run.local_path("scratch")
    for folder in (place / NAME, beside / NAME):
        folder.mkdir(parents=True)
    published.run.put("recipe.yaml", f"scratch: {place}\n".encode())
    assert dead_scratch_folders(published.run) == sorted([place / NAME, beside / NAME])


def test_scratch_of_a_remote_run_is_looked_for_where_its_workers_put_it(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    place = tmp_path / f"interlink-{os.getuid()}"
    (place / NAME).mkdir(parents=True)
    run = Store(f"memory://{tmp_path.name}")
    run.put("recipe.yaml", b"scratch: null\n")
    assert dead_scratch_folders(run) == [place / NAME]
