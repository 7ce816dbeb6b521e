"""Folders for files that are made on this machine before they are moved into a store."""

import contextlib
import re
import shutil
import socket
import tempfile
import uuid
from collections.abc import Iterator
from os import getpid
from pathlib import Path

import psutil

from ..storage.store import Store

_NAME = re.compile(r"\.work-(.+)-(\d+)-[0-9a-f]{32}")


@contextlib.contextmanager
def work_folder(store: Store) -> Iterator[Path]:
    """Give a folder of this machine for files that are to be moved into a store.

    It is on the store's own disk where that is local, so that moving them there is a rename. Its
    name tells who made it, so that others can remove it if that process is killed.
    """
    name = f".work-{socket.gethostname()}-{getpid()}-{uuid.uuid4().hex}"
    inside = store.local_path(name)
    if inside is None:
        with tempfile.TemporaryDirectory(prefix="interlink-") as folder:
            yield Path(folder)
        return
    inside.mkdir(parents=True)
    try:
        yield inside
    finally:
        shutil.rmtree(inside, ignore_errors=True)


def dead_work_folders(store: Store) -> list[Path]:
    """Return the folders in a local store whose process is no more; those of other hosts stay."""
    root = store.local_path("")
    if root is None or not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if _is_dead(path.name))


def remove_dead_work(store: Store) -> None:
    """Remove what killed processes left of their work in a local store."""
    for path in dead_work_folders(store):
        shutil.rmtree(path, ignore_errors=True)


def _is_dead(name: str) -> bool:
    found = _NAME.fullmatch(name)
    if found is None or found[1] != socket.gethostname():
        return False
    return not psutil.pid_exists(int(found[2]))
