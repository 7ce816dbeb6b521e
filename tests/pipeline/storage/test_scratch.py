"""The folder of an attempt, also where its process was killed, and copies within a budget."""

import hashlib
import subprocess
import sys

import pytest
from interlink_toy_stores import Fault, HttpError, World, strict_world

from interlink.pipeline.storage.scratch import (
    LocalCopies,
    ScratchFolder,
    is_dead_scratch,
    remove_dead_scratch,
)
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault


@pytest.fixture
def world() -> World:
    with strict_world("world") as world:
        yield world


@pytest.fixture
def store(world) -> Store:
    """A remote store with the files a, b and c of 10 bytes each."""
    store = Store("strict://world/run")
    for name in "abc":
        store.put(name, name.encode() * 10)
    world.calls.clear()
    return store


def digest(name: str) -> str:
    return hashlib.sha256(name.encode() * 10).hexdigest()


def test_a_scratch_folder_is_gone_with_its_attempt(tmp_path):
    folder = ScratchFolder(tmp_path / "scratch" / "one")
    (folder.path / "file").write_bytes(b"x")
    folder.close()
    folder.close()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_a_killed_process_left_goes_when_the_next_begins(tmp_path):
    code = (
        "import os, pathlib; from interlink.pipeline.storage.scratch import ScratchFolder; "
        f"folder = ScratchFolder(pathlib.Path({str(tmp_path / 'killed')!r})); "
        "(folder.path / 'file').write_bytes(b'x'); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -9
    assert (tmp_path / "killed" / "file").exists()
    living = ScratchFolder(tmp_path / "living")
    assert not (tmp_path / "killed").exists()
    another = ScratchFolder(tmp_path / "another")
    assert living.path.exists()
    living.close()
    another.close()
    assert list(tmp_path.iterdir()) == []


def test_only_a_folder_whose_lock_nobody_holds_can_be_removed_and_its_lock_goes_too(tmp_path):
    living = ScratchFolder(tmp_path / "living")
    for name in ("without-lock", "with-lock"):
        (tmp_path / name).mkdir()
    (tmp_path / "with-lock.interlink-lock").touch()
    paths = [path for path in sorted(tmp_path.iterdir()) if path.is_dir()]
    assert [is_dead_scratch(path) for path in paths] == [False, True, True]
    for path in paths:
        remove_dead_scratch(path)
    assert {path.name for path in tmp_path.iterdir()} == {"living", "living.interlink-lock"}
    living.close()
    assert list(tmp_path.iterdir()) == []


def test_folders_of_others_stay(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other.lock").write_bytes(b"")
    ScratchFolder(tmp_path / "mine").close()
    assert (tmp_path / "other").is_dir()
    assert (tmp_path / "other.lock").exists()


def test_files_of_a_local_store_are_not_copied(tmp_path):
    store = Store(str(tmp_path / "run"))
    store.put("a", b"x")
    copies = LocalCopies(store, tmp_path / "copies", 0)
    assert copies.bring("a", sha256="") == tmp_path / "run" / "a"
    assert not (tmp_path / "copies").exists()


def test_a_copy_is_made_once_and_the_oldest_goes_for_a_new_one(store, world, tmp_path):
    copies = LocalCopies(store, tmp_path / "copies", 25)
    first = copies.bring("a", sha256=digest("a"))
    assert first.read_bytes() == b"a" * 10
    assert copies.bring("a", sha256=digest("a")) == first
    assert world.counted() == {"look": 1, "read": 1}
    copies.bring("b", sha256=digest("b"))
    with first.open("rb") as reading:
        copies.bring("c", sha256=digest("c"))
        assert not first.exists()
        assert reading.read() == b"a" * 10
    assert sorted(path.read_bytes()[:1] for path in first.parent.iterdir()) == [b"b", b"c"]
    copies.remove("b")
    copies.remove("b")
    assert len(list(first.parent.iterdir())) == 1
    assert copies.bring("a", sha256=digest("a")) == first


def test_a_file_larger_than_the_budget_is_told_with_what_to_do(store, tmp_path):
    copies = LocalCopies(store, tmp_path / "copies", 9)
    assert copies.bring_if_small("a") is None
    with pytest.raises(
        EnvironmentFault, match=r"run/a has 10 bytes, more than scratch_bytes=9, .*"
    ):
        copies.bring("a", sha256=digest("a"))


def test_a_copy_of_other_bytes_is_refused(store, tmp_path):
    copies = LocalCopies(store, tmp_path / "copies", 100)
    with pytest.raises(ValueError, match="a does not have the digest that its reference names"):
        copies.bring("a", sha256=digest("b"))


def test_a_copy_that_broke_off_is_made_anew(store, world, tmp_path):
    copies = LocalCopies(store, tmp_path / "copies", 100)
    world.faults = [Fault(call="read", error=HttpError(403), is_late=True)]
    with pytest.raises(EnvironmentFault, match="answered 403"):
        copies.bring("a", sha256=digest("a"))
    assert copies.bring("a", sha256=digest("a")).read_bytes() == b"a" * 10
