"""fsspec's file systems: opened without caches, removed by name, copied inside."""

import fsspec
import pytest
from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.http import HTTPFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem
from interlink_toy_stores import World, strict_world

from interlink.pipeline.remote_files import copy_inside, open_url, puts_if_absent, remove_all
from interlink.schemas.errors import EnvironmentFault


@pytest.fixture
def world() -> World:
    with strict_world("world") as world:
        yield world


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
