"""Files of a store with size and age, local or remote."""

import os
import time

import pytest

from interlink.pipeline.dataset.listing import is_unfinished, list_files, unfinished_files
from interlink.pipeline.storage.store import Store


@pytest.mark.parametrize("kind", ["local", "memory"])
def test_files_are_listed_at_any_depth_with_their_size(kind, tmp_path):
    store = Store(str(tmp_path / "s") if kind == "local" else f"memory://{tmp_path.name}")
    store.put("a/b/c.txt", b"123")
    store.put("a/d.txt", b"12345")
    store.put("e.txt", b"")
    found = list_files(store)
    assert [(f.path, f.num_bytes) for f in found] == [
        ("a/b/c.txt", 3),
        ("a/d.txt", 5),
        ("e.txt", 0),
    ]
    assert [f.path for f in list_files(store, "a/b")] == ["a/b/c.txt"]
    assert all(abs(f.written_s - time.time()) < 60 for f in found)
    assert list_files(store, "none") == []


def test_a_hard_link_is_as_young_as_itself_not_as_its_file(tmp_path):
    old = tmp_path / "old"
    old.write_bytes(b"x")
    os.utime(old, (1000.0, 1000.0))
    os.link(old, tmp_path / "new")
    ages = {f.path: f.written_s for f in list_files(Store(str(tmp_path)))}
    assert abs(ages["new"] - time.time()) < 60


def test_files_that_are_not_whole_are_told_by_their_names(tmp_path):
    store = Store(str(tmp_path))
    half = f"a/.x.parquet.{'0' * 32}.tmp"
    for path in (half, "a/x.parquet", f"b/.y.json.{'1' * 32}.tmp", "a/notes.tmp"):
        store.put(path, b"x")
    assert [file.path for file in unfinished_files(store, ["a"])] == [half]
    assert is_unfinished(f".probe-{'0' * 32}")
