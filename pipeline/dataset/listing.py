"""What lies under a folder of a store: every file with its size and age, whole or not."""

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import fsspec

from ..storage.store import Store

_TIMES = ("mtime", "LastModified", "last_modified", "updated", "created")
"""Where file systems of fsspec say when a file was written."""


_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{32}\.tmp|\.probe-[0-9a-f]{32}")
"""Names of unfinished files, as `local_files.py` and `probe.py` of `storage/` give them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file of a store."""

    path: str
    """Its path under the store's root."""
    num_bytes: int
    """Its size."""
    written_s: float
    """When it was written, or linked to where it lies, in seconds since 1970."""


def list_files(store: Store, folder: str = "") -> list[StoredFile]:
    """Return the files under a folder at any depth, sorted by path; none where there is none."""
    file_system, root = fsspec.url_to_fs(store.url, use_listings_cache=False)
    root = root.rstrip("/")
    found = file_system.find(store.locate(folder) if folder else root, detail=True)
    files = [
        StoredFile(
            path=name[len(root) + 1 :],
            num_bytes=int(info["size"] or 0),
            written_s=_written_s(info),
        )
        for name, info in found.items()
        if info["type"] == "file"
    ]
    return sorted(files, key=lambda file: file.path)


def is_unfinished(name: str) -> bool:
    """Tell by a file's name whether it is one that was not whole yet."""
    return _UNFINISHED.fullmatch(name.rsplit("/", 1)[-1]) is not None


def unfinished_files(store: Store, folders: Iterable[str]) -> list[StoredFile]:
    """Return the files under some folders that are not whole: killed processes leave such."""
    files = (file for folder in folders for file in list_files(store, folder))
    return [file for file in files if is_unfinished(file.path)]


def _written_s(info: Mapping[str, Any]) -> float:
    # A hard link has the file's old `mtime`, and `created` says when it was made.
    return max(_seconds(info[name]) for name in _TIMES if info.get(name) is not None)


def _seconds(time: Any) -> float:  # noqa: ANN401  (each file system has its own)
    if isinstance(time, str):
        time = datetime.datetime.fromisoformat(time)
    return time.timestamp() if isinstance(time, datetime.datetime) else float(time)
