"""fsspec's file systems: opened without caches, removed by name, copied inside."""

from collections.abc import Iterator
from types import SimpleNamespace

import fsspec
import pytest
from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.http import HTTPFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem
from interlink_toy_s3 import BUCKET, S3Server, s3_server
from interlink_toy_stores import World, strict_world

from interlink.pipeline.storage.probe import probe_store
from interlink.pipeline.storage.remote_files import (
    copy_inside,
    open_url,
    puts_if_absent,
    remove_all,
)
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault


@pytest.fixture
def world() -> World:
    with strict_world("world") as world:
        yield world


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def s3(server, monkeypatch) -> Store:
    """A store on an S3 server, without pauses of ours."""
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=lambda seconds: None))
    return Store(f"s3://{BUCKET}/run")


def test_no_listing_is_kept(world):
    fs, root = open_url("strict://world/run")
    assert root == "world/run"
    assert fs.dircache.use_listings_cache is False


def test_s3_is_read_by_one_request_and_in_small_memory():
    pytest.importorskip("s3fs")
    fs, _ = open_url("s3://bucket/run")
    assert fs.max_concurrency == 1
    assert fs.dircache.use_listings_cache is False
    assert fs is not fsspec.filesystem("s3")


def test_an_unknown_file_system_is_told():
    with pytest.raises(EnvironmentFault, match=r"cannot open the store 'nope://x': "):
        open_url("nope://x")


def test_a_put_if_absent_of_one_s_own_is_told_from_the_stand_in():
    class Plain(AbstractFileSystem):
        pass

    class Later(AsyncFileSystem):
        pass

    assert puts_if_absent(MemoryFileSystem())
    assert puts_if_absent(HTTPFileSystem())
    assert not puts_if_absent(Plain())
    assert not puts_if_absent(Later())


def test_a_name_is_no_pattern_when_it_is_removed(world):
    fs, root = open_url("strict://world/run")
    for name in ("a*/x", "ab/x", "a*/y"):
        fs.pipe_file(f"{root}/{name}", b"")
    remove_all(fs, f"{root}/a*")
    assert list(world.files) == ["world/run/ab/x"]


def test_a_file_system_that_cannot_copy_says_so(world, monkeypatch):
    fs, root = open_url("strict://world/run")
    fs.pipe_file(f"{root}/a", b"x")
    assert copy_inside(fs, f"{root}/a", f"{root}/b")
    assert world.files["world/run/b"] == b"x"
    monkeypatch.setattr(type(fs), "cp_file", AbstractFileSystem.cp_file)
    assert not copy_inside(fs, f"{root}/a", f"{root}/c")


def test_one_question_is_one_request(s3, server):
    asked = {
        "put if absent": lambda: s3.put_if_absent("a/b", b"1"),
        "put": lambda: s3.put("a/c", b"1"),
        "read": lambda: s3.read("a/b"),
        "read what is not there": lambda: list(s3.read_all(["a/none"])),
        "list": lambda: s3.names("a"),
        "remove": lambda: s3.remove_file("a/b"),
    }
    found = {}
    for name, ask in asked.items():
        server.requests.clear()
        ask()
        found[name] = len(server.requests)
    assert found == dict.fromkeys(asked, 1)
    s3.remove("a")
    assert s3.names("") == []


def test_of_two_puts_if_absent_one_wins(s3):
    probe_store(s3)
    assert s3.put_if_absent("one/_done.json", b"first")
    assert not s3.put_if_absent("one/_done.json", b"second")
    assert s3.read("one/_done.json") == b"first"


def test_conflicts_and_outages_pass(s3, server):
    answers = {"PUT": [409, 503], "GET": [503], "DELETE": [500]}

    def refuse(method: str, path: str) -> int | None:
        return answers[method].pop() if answers.get(method) else None

    server.refuse = refuse
    try:
        assert s3.put_if_absent("two/_done.json", b"mine")
        assert s3.read("two/_done.json") == b"mine"
        s3.remove_file("two/_done.json")
    finally:
        server.refuse = lambda method, path: None
    assert not any(answers.values())
    assert not s3.exists("two/_done.json")


def test_a_put_that_was_made_but_not_answered_is_still_ours(s3, server):
    lost = ["PUT"]
    server.is_lost = lambda method, path: method in lost and bool(lost.pop())
    try:
        assert s3.put_if_absent("three/_done.json", b"mine")
    finally:
        server.is_lost = lambda method, path: False
    assert not lost
    assert not s3.put_if_absent("three/_done.json", b"another's")


def test_a_folder_of_more_than_a_thousand_files_is_listed_whole(s3, server):
    server.fill("run/many", 1234)
    assert s3.names("many") == sorted(f"{n:05d}" for n in range(1234))
    s3.remove("many")
    assert s3.names("many") == []


@pytest.mark.parametrize("name", ["a b", "50%", "ünï", "[1]", "*", "a?b", "#1", "v=1+2&c"])
def test_s3_takes_names_as_they_are(s3, name, tmp_path):
    odd = Store(s3.display(name))
    odd.put(f"{name}/0", b"x")
    s3.put("a1/0", b"of another")
    odd.copy_to(f"{name}/0", odd, f"{name}/1")
    assert odd.names(name) == ["0", "1"]
    odd.fetch(f"{name}/1", tmp_path / "local")
    assert (tmp_path / "local").read_bytes() == odd.read(f"{name}/0") == b"x"
    odd.remove_file(f"{name}/0")
    odd.remove(name)
    assert odd.names("") == []
    assert s3.read("a1/0") == b"of another"


def test_a_bucket_that_is_not_there_is_told(server):
    with pytest.raises(EnvironmentFault, match=r"cannot write to s3://nobody/run: .* not exist"):
        probe_store(Store("s3://nobody/run"))
