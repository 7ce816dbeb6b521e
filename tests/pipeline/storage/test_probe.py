"""A store is used only if of many writers of one file one wins."""

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem
from interlink_toy_stores import Fault, StrictFileSystem, World, strict_world

from interlink.pipeline.storage.probe import NUM_WRITERS, probe_store
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault


@pytest.fixture
def world() -> World:
    with strict_world("world") as world:
        yield world


@pytest.mark.parametrize("url", ["disk", "memory://probed", "strict://world/root"])
def test_a_good_store_is_left_as_it_was(url, tmp_path, world):
    store = Store(str(tmp_path) if url == "disk" else url)
    probe_store(store)
    assert store.names("") == []


def test_a_store_that_overwrites_is_refused(world):
    world.keeps_absent = False
    with pytest.raises(EnvironmentFault, match="does not keep put-if-absent, so two workers could"):
        probe_store(Store("strict://world/root"))
    assert world.files == {}


def test_a_store_that_overwrites_will_do_for_a_single_writer(world):
    world.keeps_absent = False
    probe_store(Store("strict://world/root", single_writer=True))
    assert world.counted() == {"put": 1, "remove": 1}


def test_a_client_that_looks_before_it_writes_is_refused(monkeypatch):
    monkeypatch.setattr(MemoryFileSystem, "pipe_file", AbstractFileSystem.pipe_file)
    with pytest.raises(EnvironmentFault, match=r"set single_writer: true in the recipe"):
        probe_store(Store("memory://looks"))


def test_a_client_that_does_not_know_the_question_is_refused(world, monkeypatch):
    def pipe_file(fs, path, data):
        raise AssertionError("must not be reached")

    monkeypatch.setattr(StrictFileSystem, "pipe_file", pipe_file)
    with pytest.raises(EnvironmentFault, match="does not keep put-if-absent"):
        probe_store(Store("strict://world/root"))


def test_two_winners_of_a_race_are_noticed(world, monkeypatch):
    first = Store.put_if_absent

    def late(store, path, data):
        return data == b"\x01" or first(store, path, data)

    monkeypatch.setattr(Store, "put_if_absent", late)
    with pytest.raises(EnvironmentFault, match="does not keep put-if-absent"):
        probe_store(Store("strict://world/root"))


def test_a_store_that_cannot_be_written_says_why(world, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentFault, match=r"cannot write .*file"):
        probe_store(Store(str(tmp_path / "file")))
    world.faults = [Fault(call="put", error=PermissionError("Access Denied"), times=99)]
    with pytest.raises(EnvironmentFault, match=r"cannot write strict://.*Access Denied"):
        probe_store(Store("strict://world/root"))


def test_a_probe_is_a_handful_of_requests(world):
    probe_store(Store("strict://world/root"))
    assert world.counted()["put"] == NUM_WRITERS + 1
    assert world.counted()["remove"] == 1
