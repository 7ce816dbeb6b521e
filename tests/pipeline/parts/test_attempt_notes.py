"""Who is at a part, and who died at it: as the notes of attempts tell."""

import dataclasses
import json
import os
import socket
import subprocess
import sys

import pytest

from interlink.pipeline.machine.process import ProcessName
from interlink.pipeline.parts.attempt_notes import BEGUN_NAME, Note, dead_attempts, drop_notes
from interlink.pipeline.parts.attempts import Attempt
from interlink.pipeline.storage.store import Store

PART = "steps/toy-1/001-00000"
_HOST = socket.gethostname()


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path / "run"))


def note(number: int) -> Note:
    """The note of the dead attempt number `number`."""
    return Note(
        attempt=f"{number:012x}",
        host=_HOST,
        pid=1,
        process_started_s=0.0,
        at=f"2026-01-0{number}T00:00:00.000+00:00",
        is_marking=number > 1,
    )


def test_an_attempt_of_a_live_process_is_no_death(store):
    with Attempt(store, PART) as attempt:
        assert dead_attempts(store, PART, store.names(PART)) == []
        assert attempt.name in store.names(PART)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"pid": 2**22 + 1}, id="no such process"),
        pytest.param({"process_started_s": 1.0}, id="another process has its id"),
        pytest.param({"host": "elsewhere"}, id="nobody can tell"),
    ],
)
def test_an_attempt_without_its_process_is_a_death(store, change):
    with Attempt(store, PART) as attempt:
        path = f"{attempt.folder}/{BEGUN_NAME}"
        row = json.loads(store.read(path)) | change
        store.put(path, json.dumps(row).encode())
        [dead] = dead_attempts(store, PART, store.names(PART))
        assert dead.attempt == attempt.name


def test_a_process_that_nobody_buried_is_dead(store):
    code = (
        "import os, sys; from interlink.pipeline.parts.attempts import Attempt;"
        "from interlink.pipeline.storage.store import Store;"
        f"attempt = Attempt(Store(sys.argv[1]), {PART!r}); attempt.__enter__(); os._exit(9)"
    )
    zombie = subprocess.Popen([sys.executable, "-c", code, store.url])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert [n.pid for n in dead_attempts(store, PART, store.names(PART))] == [zombie.pid]
    zombie.wait()


@pytest.mark.parametrize("data", [b"", b"{}", b'{"attempt": "x", "record_ids": [], "new": 1}'])
def test_a_note_that_cannot_be_read_accuses_nobody(store, data):
    store.put(f"{PART}/0123456789ab/{BEGUN_NAME}", data)
    assert dead_attempts(store, PART, store.names(PART)) == []


def test_deaths_come_in_the_order_of_time(store):
    for number in (3, 1, 2):
        store.put(f"{PART}/{note(number).attempt}/{BEGUN_NAME}", note(number).to_json())
    assert dead_attempts(store, PART, store.names(PART)) == [note(1), note(2), note(3)]


def test_of_a_process_that_was_killed_on_purpose_the_notes_go_and_no_other(store):
    killed = ProcessName(host=_HOST, pid=1, process_started_s=100.0)
    others = {"host": "elsewhere"}, {"pid": 2}, {"process_started_s": 200.0}
    for number, change in enumerate(({"process_started_s": 100.5}, *others), start=1):
        left = dataclasses.replace(note(number), **{"process_started_s": 100.0} | change)
        store.put(f"{PART}/{left.attempt}/{BEGUN_NAME}", left.to_json())
    drop_notes(store, PART, killed)
    found = dead_attempts(store, PART, store.names(PART))
    assert [n.attempt for n in found] == [note(number).attempt for number in (2, 3, 4)]
