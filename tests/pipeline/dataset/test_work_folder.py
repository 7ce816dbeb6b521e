"""Folders for unfinished files: on the store's disk, and removable once their process is gone."""

import socket
import subprocess
import sys

from interlink.pipeline.dataset.work_folder import (
    dead_work_folders,
    remove_dead_work,
    work_folder,
)
from interlink.pipeline.storage.store import Store


def test_it_lies_in_a_local_store_and_is_gone_afterwards(tmp_path):
    store = Store(str(tmp_path))
    with work_folder(store) as folder:
        assert folder.parent == tmp_path
        assert dead_work_folders(store) == []
    assert not folder.exists()


def test_a_remote_store_has_one_on_this_machine():
    with work_folder(Store("memory://work")) as folder:
        assert folder.is_dir()
    assert not folder.exists()
    assert dead_work_folders(Store("memory://work")) == []


def test_what_a_killed_process_left_is_removed_and_what_another_host_has_stays(tmp_path):
    code = "import os; print(os.getpid())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    dead = tmp_path / f".work-{socket.gethostname()}-{done.stdout.strip()}-{'0' * 32}"
    elsewhere = tmp_path / f".work-other-host-{done.stdout.strip()}-{'0' * 32}"
    for folder in (dead, elsewhere):
        folder.mkdir()
        (folder / "docs.parquet").write_bytes(b"half")
    remove_dead_work(Store(str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == [elsewhere.name]
