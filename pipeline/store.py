"""Where a run or a dataset lies: files under one root, local or any fsspec URL.

Nothing is ever renamed over something else and no file is ever changed: a file is put once, and a
commit is a small file put only if absent. The same code serves local disks and object stores.
"""

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from ..schemas.errors import EnvironmentFault
from ..schemas.file_path import path_under
from .faults import fault_point

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class Store:
    """Files under one root. Paths are relative to it, with forward slashes, and never lead out.

    Args:
        url: a local path or an fsspec URL such as `s3://bucket/run`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._fs, self._root = fsspec.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise EnvironmentFault(f"cannot open the store {url!r}: {error}") from error
        self._root = self._root.rstrip("/")

    def __reduce__(self) -> tuple[type["Store"], tuple[str]]:
        return (Store, (self.url,))

    @property
    def is_local(self) -> bool:
        """Whether the files lie on this machine's disk."""
        return isinstance(self._fs, LocalFileSystem)

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
        return bool(self._fs.isfile(self.locate(path)))

    def is_folder(self, path: str = "") -> bool:
        """Tell whether there is a folder at `path`."""
        return bool(self._fs.isdir(self.locate(path)))

    def read(self, path: str) -> bytes:
        """Return the bytes of the file at `path`.

        Raises:
            FileNotFoundError: there is none.
        """
        fault_point("store.read", path)
        content: bytes = self._fs.cat_file(self.locate(path))
        return content

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """Open the file at `path` for random reads."""
        fault_point("store.open", path)
        with self._fs.open(self.locate(path), "rb") as file:
            yield file

    def names(self, path: str) -> list[str]:
        """Return the sorted names of what lies directly under the folder `path`."""
        try:
            found = self._fs.ls(self.locate(path), detail=False, refresh=True)
        except FileNotFoundError:
            return []
        return sorted(str(name).rstrip("/").rsplit("/", 1)[-1] for name in found)

    def put_if_absent(self, path: str, data: bytes) -> bool:
        """Write a small file whole, unless there is one already.

        Returns:
            Whether this call wrote it.
        """
        target = self.locate(path)
        with disk_faults(target):
            fault_point("store.put", path)
            if self.is_local:
                return _link_if_absent(Path(target), data)
            try:
                self._fs.pipe_file(target, data, mode="create")
            except FileExistsError:
                return False
            return True

    def put_file(self, path: str, local: Path) -> None:
        """Take a local file over to `path`; on a local store it is moved, not copied."""
        target = self.locate(path)
        with disk_faults(target):
            fault_point("store.put", path)
            if self.is_local:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(local, target)  # from another disk, the bytes are copied only now
                _flush(Path(target))
            else:
                self._fs.put_file(str(local), target)
                local.unlink()
            fault_point("store.moved", path)

    def put(self, path: str, data: bytes) -> None:
        """Write a file that nobody else writes, or only with the same bytes."""
        target = self.locate(path)
        with disk_faults(target):
            fault_point("store.put", path)
            if self.is_local:
                unfinished = Path(f"{target}.{uuid.uuid4().hex}.tmp")
                unfinished.parent.mkdir(parents=True, exist_ok=True)
                unfinished.write_bytes(data)
                fault_point("store.written", path, written=unfinished)
                unfinished.replace(target)
            else:
                self._fs.pipe_file(target, data)

    def copy_to(self, path: str, other: "Store", other_path: str) -> None:
        """Copy a file to another store, as a hard link where both lie on one disk."""
        source, target = self.local_path(path), other.local_path(other_path)
        with disk_faults(other.locate(other_path)):
            fault_point("store.copy", other_path)
            if source and target:
                _link_or_copy(source, target)
            else:
                with self.open(path) as file:
                    other._write_stream(other_path, file)

    def remove(self, path: str) -> None:
        """Remove the file or folder at `path`, if there is one."""
        fault_point("store.remove", path)
        with contextlib.suppress(FileNotFoundError):
            self._fs.rm(self.locate(path), recursive=True)

    def probe(self) -> None:
        """Check that a commit can be made here: writable, and put-if-absent is kept.

        Raises:
            EnvironmentFault: it cannot, with what to do.
        """
        name = f".probe-{uuid.uuid4().hex}"
        try:
            first = self.put_if_absent(name, b"1")
            second = self.put_if_absent(name, b"2")
            self.remove(name)
        except OSError as error:
            raise EnvironmentFault(f"cannot write to {self.display()}: {error}") from error
        if not first or second:
            raise EnvironmentFault(
                f"the store {self.display()} does not keep put-if-absent, so two workers could "
                "commit one part twice; use a local disk, S3, GCS or Azure"
            )

    def _write_stream(self, path: str, file: IO[bytes]) -> None:
        if self.is_local:
            Path(self.locate(path)).parent.mkdir(parents=True, exist_ok=True)
        with self._fs.open(self.locate(path), "wb") as target:
            shutil.copyfileobj(file, target, 8 << 20)


def _link_if_absent(target: Path, data: bytes) -> bool:
    """Put a file whole if absent: a hard link either appears complete or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    unfinished.write_bytes(data)
    try:
        fault_point("store.written", str(target), written=unfinished)
        _flush(unfinished)
        os.link(unfinished, target)
    except FileExistsError:
        return False
    finally:
        unfinished.unlink()
    return True


def _link_or_copy(source: Path, target: Path) -> None:
    """Make `target` whole or not at all; replacing it by the same bytes is harmless."""
    unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, unfinished)
    except OSError:  # another disk, or a file system without hard links
        shutil.copyfile(source, unfinished)
    unfinished.replace(target)
    # Where both were links to one file already, rename(2) leaves both.
    unfinished.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Make the file's bytes survive a power cut, before a commit names them."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def disk_faults(target: str) -> Iterator[None]:
    """Turn a full or read-only disk into an error that blames the machine."""
    try:
        yield
    except (PermissionError, IsADirectoryError, NotADirectoryError) as error:
        raise EnvironmentFault(f"cannot write {target}: {error.strerror}") from error
    except OSError as error:
        if error.errno in _FULL:
            raise EnvironmentFault(
                f"no space left to write {target}: free some, then run again; "
                "what is committed stays"
            ) from error
        raise
