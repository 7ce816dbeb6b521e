"""Files under one root: put once, put if absent, moved, linked; on disk and in remote stores."""

import os
import pickle
import subprocess
import sys
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import fsspec
import pytest
from interlink_toy_stores import Fault, HttpError, World, strict_world

from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault


@pytest.fixture
def world() -> World:
    """What lies behind `strict://world`."""
    with strict_world("world") as world:
        yield world


@pytest.fixture(params=["disk", "memory", "strict"])
def store(request, tmp_path, world) -> Store:
    roots = {
        "disk": str(tmp_path / "root"),
        "memory": f"memory://{uuid.uuid4().hex}",
        "strict": "strict://world/root",
    }
    return Store(roots[request.param])


@pytest.fixture
def remote(world) -> Store:
    """A store whose requests are counted and fail on demand."""
    return Store("strict://world/root")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=lambda seconds: None))


def test_a_file_is_put_only_if_absent(store):
    assert store.put_if_absent("a/b/_done.json", b"first")
    assert not store.put_if_absent("a/b/_done.json", b"second")
    assert store.read("a/b/_done.json") == b"first"
    assert store.names("a/b") == ["_done.json"]


@pytest.mark.parametrize("place", ["disk", "strict"])
def test_of_sixteen_writers_of_a_hundred_keys_one_each_wins(place, tmp_path, world):
    store = Store(str(tmp_path / "run") if place == "disk" else "strict://world/run")
    gate = threading.Barrier(16)

    def write(writer: int) -> list[int]:
        gate.wait()
        return [n for n in range(100) if store.put_if_absent(f"{n}/_done.json", bytes([writer]))]

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(write, range(16)))
    assert Counter(n for keys in won for n in keys) == dict.fromkeys(range(100), 1)
    for writer, keys in enumerate(won):
        assert all(store.read(f"{n}/_done.json") == bytes([writer]) for n in keys)


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
    assert list(store.read_all(["nothing"])) == [None]
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


def test_a_protocol_that_nobody_knows_is_refused():
    with pytest.raises(EnvironmentFault, match=r"cannot open the store 'nope://x': "):
        Store("nope://x")


@pytest.mark.parametrize("name", ["a b", "50%", "ünï", "[1]", "*", "a?b", "#1", "~", "v=1+2"])
def test_names_are_taken_as_they_are(store, name):
    odd = Store(store.display(name))
    for number in range(2):
        odd.put(f"{name}/{number}", b"x")
    store.put("a1/0", b"of another")
    assert odd.names(name) == ["0", "1"]
    assert odd.read(f"{name}/1") == b"x"
    odd.copy_to(f"{name}/0", store, "copied")
    odd.remove_file(f"{name}/0")
    assert odd.names(name) == ["1"]
    odd.remove(name)
    assert odd.names("") == []
    assert store.read("a1/0") == b"of another"


def test_many_files_are_read_at_once_in_order(store):
    for number in range(20):
        store.put(f"{number}", bytes([number]))
    found = list(store.read_all(["3", "none", *(str(n) for n in range(20))]))
    assert found == [b"\x03", None, *(bytes([n]) for n in range(20))]


def test_a_file_is_fetched_to_this_disk(store, tmp_path):
    store.put("a/b", b"bytes")
    store.fetch("a/b", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"bytes"
    assert store.size("a/b") == 5


def test_one_file_is_removed_by_one_request(remote, world):
    remote.put("a", b"x")
    world.calls.clear()
    remote.remove_file("a")
    remote.remove_file("a")
    assert world.calls == [("remove", "world/root/a")] * 2
    assert remote.names("") == []


def test_a_folder_s_own_marker_is_not_among_its_names(remote, world):
    remote.put("a/b", b"x")
    world.files["world/root/a/"] = b""
    assert remote.names("a") == ["b"]


@pytest.mark.parametrize("error", [HttpError(500), HttpError(503), HttpError(409), TimeoutError()])
def test_what_a_store_cannot_do_now_it_is_asked_again(remote, world, error, tmp_path):
    (tmp_path / "local").write_bytes(b"bytes")
    for call in ("put", "read", "list", "look", "remove", "copy", "range"):
        world.faults.append(Fault(call=call, error=error, times=2))
    remote.put_file("a/b", tmp_path / "local")
    assert remote.put_if_absent("a/c", b"1")
    assert remote.read("a/b") == b"bytes"
    assert remote.names("a") == ["b", "c"]
    assert remote.exists("a/b")
    with remote.open("a/b") as file:
        assert file.read(2) == b"by"
    remote.copy_to("a/b", remote, "d")
    remote.remove("a")
    assert remote.names("") == ["d"]


def test_a_store_that_stays_broken_is_the_machine_s_fault(remote, world):
    remote.put("a", b"x")
    for call, use in {
        "look": lambda: remote.exists("a"),
        "read": lambda: remote.read("a"),
        "list": lambda: remote.names(""),
        "put": lambda: remote.put_if_absent("b", b"x"),
        "remove": lambda: remote.remove_file("a"),
    }.items():
        world.faults = [Fault(call=call, error=HttpError(503), times=99)]
        with pytest.raises(EnvironmentFault, match=r"strict://world/root.* answered 503; check"):
            use()


def test_a_put_whose_answer_was_lost_is_still_ours(remote, world):
    world.faults = [Fault(call="put", error=ConnectionResetError("gone"), is_late=True)]
    assert remote.put_if_absent("_done.json", b"mine")
    assert not remote.put_if_absent("_done.json", b"another's")
    assert remote.read("_done.json") == b"mine"


def test_a_single_writer_needs_no_put_if_absent(world):
    world.keeps_absent = False
    store = Store("strict://world/root", single_writer=True)
    again = pickle.loads(pickle.dumps(store))
    assert store.put_if_absent("a", b"1")
    assert not again.put_if_absent("a", b"2")
    assert store.read("a") == b"1"


def test_inside_one_store_the_store_itself_copies(remote, world):
    remote.put("a", b"bytes")
    world.calls.clear()
    remote.copy_to("a", Store("strict://world/other"), "b")
    assert world.calls == [("copy", "world/other/b")]
    assert world.files["world/other/b"] == b"bytes"


def test_a_copy_that_breaks_off_leaves_no_file(remote, world):
    remote.put("a", bytes(100))
    other = Store(f"memory://{uuid.uuid4().hex}")
    world.faults = [Fault(call="read", error=HttpError(503), times=99)]
    with pytest.raises(EnvironmentFault, match="answered 503"):
        remote.copy_to("a", other, "b")
    assert other.names("") == []


def test_a_store_works_on_after_a_fork(remote):
    script = """
import os, sys
import fsspec
from interlink.pipeline.storage.store import Store
store = Store("http://127.0.0.1:9/none")
first = store._fs
pid = os.fork()
if not pid:
    os._exit(0 if store._fs is not first and store._fs._pid == os.getpid() else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_listings_are_not_kept_by_the_file_system(remote):
    assert remote._fs.storage_options == {"use_listings_cache": False}
    s3 = Store("s3://bucket/run")._fs
    assert s3.dircache.use_listings_cache is False
    assert s3 is not fsspec.filesystem("s3")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_really_full_is_told_in_one_sentence(tmp_path):
    script = f"""
import sys
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault
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
