"""Files under one root: put once, put if absent, moved, linked; on disk and in memory."""

import errno
import os
import pickle
import subprocess
import sys
import threading
import uuid

import pytest

from interlink.pipeline.store import Store, disk_faults
from interlink.schemas.errors import DiskFullError, EnvironmentFault


@pytest.fixture(params=["disk", "memory"])
def store(request, tmp_path) -> Store:
    root = str(tmp_path / "root") if request.param == "disk" else f"memory://{uuid.uuid4().hex}"
    return Store(root)


def test_a_file_is_put_only_if_absent(store):
    assert store.put_if_absent("a/b/_done.json", b"first")
    assert not store.put_if_absent("a/b/_done.json", b"second")
    assert store.read("a/b/_done.json") == b"first"
    assert store.names("a/b") == ["_done.json"]


def test_of_many_threads_one_puts_the_file(store):
    won = []
    threads = [
        threading.Thread(target=lambda n=n: won.append(store.put_if_absent("x", bytes([n]))))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(won) == 1
    assert len(store.read("x")) == 1


def test_a_local_file_is_taken_over(store, tmp_path):
    local = tmp_path / "video.bin"
    local.write_bytes(b"pixels")
    store.put_file("a/video.bin", local)
    assert store.read("a/video.bin") == b"pixels"
    assert not local.exists()


def test_what_is_put_can_be_read_in_pieces_listed_and_removed(store):
    store.put("a/b.txt", b"0123456789")
    store.put("a/c/d.txt", b"x")
    with store.open("a/b.txt") as file:
        file.seek(4)
        assert file.read(2) == b"45"
    assert store.names("a") == ["b.txt", "c"]
    assert store.exists("a/b.txt")
    assert not store.exists("a")
    store.remove("a")
    assert store.names("a") == []
    store.remove("a")


def test_folders_are_told_from_files(store):
    store.put("a/b.txt", b"x")
    assert store.is_folder("a")
    assert store.is_folder()
    assert not store.is_folder("a/b.txt")
    assert not store.is_folder("nothing")


@pytest.mark.parametrize("path", ["../secret", "a/../../secret", "/etc/passwd"])
def test_no_path_leads_out_of_the_root(store, path, tmp_path):
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "mine").write_bytes(b"x")
    for use in (store.read, store.exists, store.locate, store.names, store.remove):
        with pytest.raises(EnvironmentFault, match="leads out of"):
            use(path)
    for write in (
        lambda: store.put(path, b"y"),
        lambda: store.put_if_absent(path, b"y"),
        lambda: store.put_file(path, tmp_path / "mine"),
        lambda: store.copy_to("a", store, path),
    ):
        with pytest.raises(EnvironmentFault, match="leads out of"):
            write()
    assert (tmp_path / "secret").read_bytes() == b"x"


def test_put_replaces(store):
    store.put("stats.json", b"1")
    store.put("stats.json", b"2")
    assert store.read("stats.json") == b"2"


def test_a_missing_file_is_said_so(store):
    with pytest.raises(FileNotFoundError, match="nothing"):
        store.read("nothing")
    assert store.names("nothing") == []
    assert not store.exists("nothing")


def test_files_are_copied_between_stores(store, tmp_path):
    store.put("a.bin", b"bytes")
    for other in (Store(str(tmp_path / "other")), Store(f"memory://{uuid.uuid4().hex}")):
        store.copy_to("a.bin", other, "deep/b.bin")
        store.copy_to("a.bin", other, "deep/b.bin")
        assert other.read("deep/b.bin") == b"bytes"
        assert other.names("deep") == ["b.bin"]


def test_on_one_disk_a_copy_is_a_hard_link(tmp_path):
    store, other = Store(str(tmp_path / "a")), Store(str(tmp_path / "b"))
    store.put("x", b"bytes")
    store.copy_to("x", other, "y")
    assert store.local_path("x").samefile(other.local_path("y"))


def test_a_store_says_where_it_is(tmp_path):
    disk, memory = Store(f"{tmp_path}/"), Store("memory://somewhere/run")
    assert disk.is_local
    assert disk.local_path("a/b") == tmp_path / "a" / "b"
    assert disk.display("a") == f"{tmp_path}/a"
    assert not memory.is_local
    assert memory.local_path("a") is None
    assert memory.display("a/b") == "memory://somewhere/run/a/b"
    assert memory.display() == "memory://somewhere/run"


def test_a_store_pickles_by_its_url(store):
    store.put("x", b"1")
    assert pickle.loads(pickle.dumps(store)).read("x") == b"1"


def test_the_probe_leaves_nothing_behind(store):
    store.probe()
    assert store.names("") == []


def test_a_store_that_overwrites_is_refused(store, monkeypatch):
    monkeypatch.setattr(Store, "put_if_absent", lambda *_: True)
    with pytest.raises(EnvironmentFault, match="does not keep put-if-absent"):
        store.probe()


def test_a_root_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentFault, match=r"cannot write .*file"):
        Store(str(tmp_path / "file")).probe()


def test_a_protocol_that_nobody_knows_is_refused():
    with pytest.raises(EnvironmentFault, match=r"cannot open the store 'nope://x': "):
        Store("nope://x")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_the_machine_s_fault(code):
    with (
        pytest.raises(DiskFullError, match=r"disk full: no space left to write /x: free.*stays$"),
        disk_faults("/x"),
    ):
        raise OSError(code, os.strerror(code))


@pytest.mark.parametrize("code", [errno.EROFS, errno.EIO, errno.ESTALE])
def test_a_disk_that_breaks_or_vanishes_is_the_machine_s_fault_and_not_full(code):
    told = rf"cannot write /x: {os.strerror(code)}; mend it, then run again; .*stays$"
    with pytest.raises(EnvironmentFault, match=told) as raised, disk_faults("/x"):
        raise OSError(code, os.strerror(code))
    assert not isinstance(raised.value, DiskFullError)


def test_other_troubles_keep_their_kind():
    with pytest.raises(ConnectionResetError, match="gone"), disk_faults("/x"):
        raise ConnectionResetError("gone")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_really_full_is_told_in_one_sentence(tmp_path):
    script = f"""
import sys
from interlink.pipeline.store import Store
from interlink.schemas.errors import DiskFullError, EnvironmentFault
store = Store({str(tmp_path)!r})
try:
    store.put("big", bytes(1 << 20))
except EnvironmentFault as error:
    print(error)
"""
    mount = f"mount -t tmpfs -o size=256k none {tmp_path}"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", f'{mount} && exec "$0" -c "$1"', sys.executable, script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    assert done.stdout.startswith(f"disk full: no space left to write {tmp_path}/big: free some"), (
        done.stderr
    )
