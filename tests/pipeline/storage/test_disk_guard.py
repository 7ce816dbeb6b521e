"""Pauses for space and memory: how long, what is told, and when they end."""

import datetime
import json
import os
import subprocess
import sys
import threading
import time

import pytest

from interlink.pipeline.storage import disk_guard
from interlink.pipeline.storage.disk_guard import DiskGuard, DiskPolicy, PauseNote, read_pause
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import DiskFullError, EnvironmentFault, OutOfMemoryError

MB = 1_000_000


class Disk:
    """A disk with as much free space as it is told."""

    def __init__(self, monkeypatch, tmp_path) -> None:
        self.free = 10 * MB
        self.told: list[str | None] = []
        self.folder = tmp_path / "not" / "there yet"
        monkeypatch.setattr(disk_guard.shutil, "disk_usage", self._usage)

    def _usage(self, folder):
        assert folder.exists()
        return type("Usage", (), {"free": self.free})

    def guard(self, *, wait_s: float = 2.0) -> DiskGuard:
        policy = DiskPolicy(min_free_bytes=2 * MB, wait_s=wait_s)
        return DiskGuard([self.folder], policy, self.told.append)


@pytest.fixture
def disk(monkeypatch, tmp_path) -> Disk:
    return Disk(monkeypatch, tmp_path)


def test_where_there_is_space_nothing_is_said(disk):
    disk.guard().await_space(8 * MB)
    assert disk.told == []


def test_a_part_waits_until_others_have_freed_space(disk):
    threading.Timer(0.5, lambda: setattr(disk, "free", 11 * MB)).start()
    start = time.monotonic()
    disk.guard(wait_s=20).await_space(9 * MB)
    assert 0.4 < time.monotonic() - start < 5
    assert disk.told == [
        f"10.0 MB are free on the disk of {disk.folder}, but 11.0 MB are needed, "
        "disk.min_free_bytes among them",
        None,
    ]


def test_a_part_that_waited_in_vain_blames_the_machine(disk):
    guard = disk.guard(wait_s=0.3)
    with pytest.raises(EnvironmentFault, match=r"disk full: 10.0 MB are free .* disk\.wait_s=0.3"):
        guard.await_space(9 * MB)
    start = time.monotonic()
    with pytest.raises(EnvironmentFault, match="disk full"):
        guard.await_space(9 * MB)
    assert time.monotonic() - start < 0.2, "all pauses of a part count together"
    assert disk.told[-1] is None


def test_a_wait_that_is_cancelled_ends(disk):
    cancelled = threading.Event()
    threading.Timer(0.2, cancelled.set).start()
    with pytest.raises(EnvironmentFault, match="stopped while it waited for space"):
        disk.guard(wait_s=600).await_space(9 * MB, cancelled)


def test_an_attempt_that_found_no_space_is_made_again_once_there_is_more_than_it_took(disk):
    guard = disk.guard(wait_s=20)
    free_at = []

    def attempt() -> str:
        free_at.append(disk.free)
        if len(free_at) == 1:
            guard.used_bytes = 8 * MB
            threading.Timer(0.5, lambda: setattr(disk, "free", 10 * MB + 1)).start()
            raise DiskFullError("no space")
        return "done"

    assert guard.patiently(attempt) == "done"
    assert free_at == [10 * MB, 10 * MB + 1]


def test_an_attempt_that_never_finds_space_ends_in_time(disk):
    guard, tries = disk.guard(wait_s=0.5), []

    def attempt() -> None:
        tries.append(1)
        raise DiskFullError("no space")

    with pytest.raises(EnvironmentFault, match=r"^disk full: no space. Nobody freed"):
        guard.patiently(attempt)
    assert 1 < len(tries) <= 21, "a moment passes before each further attempt"


@pytest.mark.parametrize("error", [OutOfMemoryError("none"), MemoryError()])
def test_an_attempt_without_memory_is_made_three_times(disk, error):
    tries = []

    def attempt() -> None:
        tries.append(1)
        raise error

    with pytest.raises(EnvironmentFault, match="out of memory, 3 times at one part: give the work"):
        disk.guard(wait_s=0.2).patiently(attempt)
    assert len(tries) == 3
    assert disk.told == []


def test_other_faults_are_not_waited_for(disk):
    def attempt() -> None:
        raise EnvironmentFault("the model is nowhere")

    start = time.monotonic()
    with pytest.raises(EnvironmentFault, match="nowhere"):
        disk.guard(wait_s=600).patiently(attempt)
    assert time.monotonic() - start < 1


def test_a_note_says_why_and_where_and_goes_when_the_worker_goes_on(tmp_path):
    store = Store(str(tmp_path))
    note = PauseNote(store, "steps/fetch-1")
    note("no room")
    [name] = store.names("steps/fetch-1")
    assert name.startswith(disk_guard.PAUSE_PREFIX)
    path = f"steps/fetch-1/{name}"
    assert json.loads(store.read(path))["message"] == "no room"
    assert read_pause(store, path).startswith("no room (")
    note(None)
    assert store.names("steps/fetch-1") == []
    assert read_pause(store, path) is None


def test_the_note_of_a_worker_that_was_killed_says_nothing_more(tmp_path):
    store = Store(str(tmp_path))
    write = "from interlink.pipeline.storage import disk_guard, store; import os, signal; "
    write += "disk_guard.PauseNote(store.Store(os.environ['AT']), 'steps/fetch-1')('no room'); "
    write += "os.kill(os.getpid(), signal.SIGKILL)"
    environment = os.environ | {"AT": str(tmp_path)}
    subprocess.run([sys.executable, "-c", write], env=environment, check=False)
    [name] = store.names("steps/fetch-1")
    path = f"steps/fetch-1/{name}"
    assert json.loads(store.read(path))["message"] == "no room"
    assert read_pause(store, path) is None


@pytest.mark.parametrize(("age_s", "is_told"), [(0, True), (629, True), (700, False)])
def test_a_note_of_another_host_counts_as_long_as_a_pause_can_last(tmp_path, age_s, is_told):
    store = Store(str(tmp_path))
    PauseNote(store, "steps/fetch-1", 600.0)("no room")
    path = f"steps/fetch-1/{store.names('steps/fetch-1')[0]}"
    note = json.loads(store.read(path))
    until = datetime.datetime.fromisoformat(note["until"]) - datetime.timedelta(seconds=age_s)
    changed = note | {"host": "elsewhere", "until": until.isoformat()}
    store.put(path, json.dumps(changed).encode())
    assert (read_pause(store, path) == "no room (elsewhere)") is is_told


def test_a_note_that_cannot_be_written_is_no_fault(tmp_path):
    (tmp_path / "steps").write_text("a file in the way")
    PauseNote(Store(str(tmp_path)), "steps/fetch-1")("no room")
