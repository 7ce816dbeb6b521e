"""Where a run or a dataset lies: files under one root, local or any fsspec URL.

Nothing is ever renamed over something else and no file is ever changed: a file is put once, and a
commit is a small file put only if absent. The same code serves local disks and object stores; how
patient it is with the latter stands in `patience.py`.
"""

import contextlib
import functools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from fsspec.implementations.local import LocalFileSystem

from ...schemas.file_path import path_under
from ..faults import fault_point
from .local_files import beside, disk_faults, flush, link_if_absent, link_or_copy
from .patience import PatientFile, ask
from .remote_files import copy_inside, open_url, puts_if_absent, remove_all
from .torn import naming

Answer = TypeVar("Answer")

_READERS = 16
"""Files of a remote store that are read at once: each takes tens of milliseconds of waiting."""


class Store:
    """Files under one root. Paths are relative to it, with forward slashes, and never lead out.

    Of a remote store, credentials and address come from the environment (`AWS_ACCESS_KEY_ID`,
    `AWS_ENDPOINT_URL`, ...) or from fsspec's configuration.

    Args:
        url: a local path or an fsspec URL such as `s3://bucket/run`.
        single_writer: whether a remote store that cannot put if absent will do, because nobody
            else ever writes here at the same time.

    Raises:
        EnvironmentFault: there is no such file system, or its package is not installed. Every
            method raises it when a remote store cannot be used.
    """

    def __init__(self, url: str, *, single_writer: bool = False) -> None:
        self.url = url
        self.single_writer = single_writer
        self._connect()

    def _connect(self) -> None:
        self._opened, root = open_url(self.url)
        self._root = root.rstrip("/")
        self._pid = os.getpid()

    def __reduce__(self) -> tuple[Callable[[str], "Store"], tuple[str]]:
        return functools.partial(Store, single_writer=self.single_writer), (self.url,)

    @property
    def _fs(self) -> Any:  # noqa: ANN401  (fsspec has no types)
        if self._pid != os.getpid():  # connections do not survive a fork
            self._connect()
        return self._opened

    @property
    def is_local(self) -> bool:
        """Whether the files lie on this machine's disk."""
        return isinstance(self._opened, LocalFileSystem)

    @property
    def puts_if_absent(self) -> bool:
        """Whether its client claims to put a file only if absent; `probe.py` tests it."""
        return self.is_local or puts_if_absent(self._fs)

    def locate(self, path: str) -> str:
        """Return the full path that `path` has in the file system of the store.

        Raises:
            EnvironmentFault: it leads out of the root.
        """
        return path_under(self._root, path)

    def display(self, path: str = "") -> str:
        """Return the path or URL to print for `path`."""
        return f"{self.url.rstrip('/')}/{path}".rstrip("/")

    def local_path(self, path: str) -> Path | None:
        """Return where `path` lies on this machine's disk, or None for a remote store."""
        return Path(self.locate(path)) if self.is_local else None

    def exists(self, path: str) -> bool:
        """Tell whether there is a file at `path`."""
        target = self.locate(path)
        if self.is_local:
            return bool(self._fs.isfile(target))
        try:  # `isfile` takes every error for a no
            return bool(
                self._ask("look for", path, lambda: self._fs.info(target))["type"] == "file"
            )
        except FileNotFoundError:
            return False

    def is_folder(self, path: str = "") -> bool:
        """Tell whether there is a folder at `path`."""
        target = self.locate(path)
        return bool(self._ask("list", path, lambda: self._fs.isdir(target)))

    def size(self, path: str) -> int:
        """Return the size in bytes of the file at `path`.

        Raises:
            FileNotFoundError: there is none.
        """
        target = self.locate(path)
        return int(self._ask("look for", path, lambda: self._fs.info(target))["size"])

    def read(self, path: str) -> bytes:
        """Return the bytes of the file at `path`.

        Raises:
            FileNotFoundError: there is none.
        """
        fault_point("store.read", path)
        target = self.locate(path)
        if self.is_local:  # fsspec takes three times as long over small files
            return Path(target).read_bytes()
        content: bytes = self._ask("read", path, lambda: self._fs.cat_file(target))
        return content

    def read_json(self, path: str) -> Any:  # noqa: ANN401  (whatever it says)
        """Return what the JSON file at `path` says; raise as `read`, and `TornFileError`."""
        content = self.read(path)
        with naming(self.display(path), self.display()):
            return json.loads(content)

    def read_all(self, paths: Sequence[str]) -> Iterator[bytes | None]:
        """Yield the bytes of files in the order of `paths`, None for one that is not there."""
        if self.is_local or len(paths) < 2:
            yield from map(self._read_or_none, paths)
            return
        with ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader") as pool:
            yield from pool.map(self._read_or_none, paths)

    @contextlib.contextmanager
    def open(self, path: str, *, read_ahead: bool = True) -> Iterator[IO[bytes]]:
        """Open the file at `path` for random reads.

        Args:
            path: where the file lies.
            read_ahead: whether a read of a remote file brings what follows too, as pays where all
                is read in order.

        Raises:
            TornFileError: Arrow could not read it, within the block.
        """
        fault_point("store.open", path)
        target = self.locate(path)
        options = {} if self.is_local or read_ahead else {"cache_type": "none"}
        opened = self._ask("read", path, lambda: self._fs.open(target, "rb", **options))
        place = self.display(path)
        with (
            opened if self.is_local else PatientFile(opened, f"read {place}") as file,
            naming(place, self.display()),
        ):
            yield cast("IO[bytes]", file)

    def fetch(self, path: str, local: Path) -> None:
        """Copy the file at `path` to a local file, which is replaced if there is one."""
        target = self.locate(path)
        with disk_faults(str(local)):
            self._ask("read", path, lambda: self._fs.get_file(target, str(local)))

    def names(self, path: str) -> list[str]:
        """Return the sorted names of what lies directly under the folder `path`.

        What was written a moment ago may not be listed yet by some remote stores.
        """
        target = self.locate(path)
        try:
            # A listing that fsspec keeps would hide what others have written since.
            found = self._ask("list", path, lambda: self._fs.ls(target, detail=False, refresh=True))
        except FileNotFoundError:
            return []
        whole = (str(name).rstrip("/") for name in found)
        # Some tools put an empty file of the folder's own name.
        return sorted(name.rsplit("/", 1)[-1] for name in whole if name != target)

    def put_if_absent(self, path: str, data: bytes) -> bool:
        """Write a small file whole, unless there is one already.

        Returns:
            Whether this call wrote it. Of a remote store, also if the file that was there has the
            very same bytes: the answer to a put may be lost, and the put made again.
        """
        target = self.locate(path)
        with disk_faults(target):
            fault_point("store.put", path)
            if self.is_local:
                return link_if_absent(Path(target), data)
            if self.single_writer:
                if self.exists(path):
                    return False
                self.put(path, data)
                return True
            try:
                self._ask("write", path, lambda: self._fs.pipe_file(target, data, mode="create"))
            except FileExistsError:
                return self._read_or_none(path) == data
            return True

    def put_file(self, path: str, local: Path) -> None:
        """Take a local file over to `path`; on a local store it is moved, not copied."""
        target = self.locate(path)
        with disk_faults(target):
            fault_point("store.put", path)
            if self.is_local:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(local, target)  # from another disk, the bytes are copied only now
                flush(Path(target))
            else:
                self._upload(local, path)
                local.unlink()
            fault_point("store.moved", path)

    def put(self, path: str, data: bytes) -> None:
        """Write a file that nobody else writes, or only with the same bytes."""
        target = self.locate(path)
        with disk_faults(target):
            fault_point("store.put", path)
            if self.is_local:
                with beside(Path(target)) as unfinished:
                    unfinished.write_bytes(data)
                    fault_point("store.written", path, written=unfinished)
            else:
                self._ask("write", path, lambda: self._fs.pipe_file(target, data))

    def copy_to(self, path: str, other: "Store", other_path: str) -> None:
        """Copy a file to another store, as a hard link where both lie on one disk.

        Inside one object store the store itself copies.
        """
        source, target = self.local_path(path), other.local_path(other_path)
        with disk_faults(other.locate(other_path)):
            fault_point("store.copy", other_path)
            if source and target:
                link_or_copy(source, target)
            elif source:
                other._upload(source, other_path)
            elif target:
                with beside(target) as unfinished:
                    self.fetch(path, unfinished)
            elif not self._copy_inside(path, other, other_path):
                # Not from stream to stream: what breaks off would be taken for the whole.
                with tempfile.TemporaryDirectory(prefix="interlink-copy-") as folder:
                    self.fetch(path, Path(folder, "file"))
                    other._upload(Path(folder, "file"), other_path)

    def remove(self, path: str) -> None:
        """Remove the file or folder at `path`, if there is one."""
        fault_point("store.remove", path)
        target = self.locate(path)
        with contextlib.suppress(FileNotFoundError):
            if self.is_local:
                self._fs.rm(target, recursive=True)
            else:
                self._ask("remove", path, lambda: remove_all(self._fs, target))

    def remove_file(self, path: str) -> None:
        """Remove the file at `path`, if there is one: one call where `remove` takes two."""
        fault_point("store.remove", path)
        target = self.locate(path)
        with contextlib.suppress(FileNotFoundError):
            self._ask("remove", path, lambda: self._fs.rm_file(target))

    def _upload(self, local: Path, path: str) -> None:
        target = self.locate(path)
        self._ask("write", path, lambda: self._fs.put_file(str(local), target))

    def _copy_inside(self, path: str, other: "Store", other_path: str) -> bool:
        source, target = self.locate(path), other.locate(other_path)
        same = self._fs == other._fs
        return same and self._ask("copy", path, lambda: copy_inside(self._fs, source, target))

    def _read_or_none(self, path: str) -> bytes | None:
        try:
            return self.read(path)
        except FileNotFoundError:
            return None

    def _ask(self, verb: str, path: str, call: Callable[[], Answer]) -> Answer:
        return call() if self.is_local else ask(f"{verb} {self.display(path)}", call)
