"""The local folder of one attempt: unfinished files, and copies of remote ones within a budget.

The folder goes with the attempt. Where a process was killed, the next attempt beside it removes it:
a lock that the system lets go with the process tells.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from ...schemas.errors import EnvironmentFault
from .store import Store

DEFAULT_COPIES_BYTES = 32 << 30
"""Budget for copies of remote files; eight of the largest sources that are fetched by default."""
_LOCK_SUFFIX = ".interlink-lock"


def scratch_place(store: Store) -> Path:
    """Return where a run's attempts have their folders if the recipe names no place of its own."""
    if store.is_local:
        return Path(store.locate("scratch"))
    # Of each user's own: another could not write into it.
    return Path(tempfile.gettempdir()) / f"interlink-{os.getuid()}"


class ScratchFolder:
    """A folder that nobody else uses, removed by `close`.

    Args:
        path: the folder; made here, and so is a lock of its name beside it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_dead(path.parent)
        self._lock_path = _lock_path(path)
        # Locked before it has its name: nobody finds it without a holder.
        nameless = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
        self._lock = os.open(nameless, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        _lock(self._lock)
        nameless.rename(self._lock_path)
        path.mkdir(exist_ok=True)

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            self._lock_path.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1


class LocalCopies:
    """Copies of a remote store's files, the oldest of which go when others need the room.

    Args:
        store: where the files lie; of a local store nothing is copied.
        folder: where the copies go.
        budget_bytes: what all copies together may take.
    """

    def __init__(self, store: Store, folder: Path, budget_bytes: int) -> None:
        self._store = store
        self._folder = folder
        self._budget_bytes = budget_bytes
        self._sizes: dict[str, int] = {}
        """By file, the oldest first."""

    def bring(self, file: str, *, sha256: str) -> Path:
        """Return a local path of a file: its own on a local store, else that of a copy.

        A copy is there until others have filled the budget; who has it open may go on reading.

        Args:
            file: path under the store's root.
            sha256: digest that a copy must have.

        Raises:
            EnvironmentFault: the file alone is larger than the budget.
            ValueError: it has another digest.
        """
        path = self.bring_if_small(file, sha256=sha256)
        if path is None:
            raise EnvironmentFault(
                f"{self._store.display(file)} has {self._store.size(file)} bytes, more than "
                f"scratch_bytes={self._budget_bytes}, the room for local copies of remote files: "
                "raise scratch_bytes, or lower fetch.max_bytes in a new run"
            )
        return path

    def bring_if_small(self, file: str, *, sha256: str | None = None) -> Path | None:
        """Return a local path as `bring` does, or None for a file larger than the budget."""
        local = self._store.local_path(file)
        if local is not None:
            return local
        copy = self._copy(file)
        if file in self._sizes:
            return copy
        size = self._store.size(file)
        if size > self._budget_bytes:
            return None
        self._make_room(size)
        self._folder.mkdir(exist_ok=True)
        unfinished = copy.with_name(f"{copy.name}.part")  # a transfer that broke leaves half
        self._store.fetch(file, unfinished)
        if sha256 is not None:
            with unfinished.open("rb") as content:
                check_digest(file, sha256, hashlib.file_digest(content, "sha256").hexdigest())
        unfinished.rename(copy)
        self._sizes[file] = size
        return copy

    def remove(self, file: str) -> None:
        """Give the room of a copy back, if there is one."""
        if self._sizes.pop(file, None) is not None:
            self._copy(file).unlink(missing_ok=True)

    def _copy(self, file: str) -> Path:
        return self._folder / f"{hashlib.sha256(file.encode()).hexdigest()[:32]}{Path(file).suffix}"

    def _make_room(self, size: int) -> None:
        while sum(self._sizes.values()) + size > self._budget_bytes:
            self.remove(next(iter(self._sizes)))


def check_digest(file: str, expected: str, found: str) -> None:
    """Raise ValueError for a file that is not the one that was meant."""
    if found != expected:
        raise ValueError(f"{file} does not have the digest that its reference names")


def is_dead_scratch(path: Path) -> bool:
    """Tell whether no process holds the lock of an attempt's folder, of whatever run it is."""
    with _unheld(path) as is_dead:
        return is_dead


def remove_dead_scratch(path: Path) -> None:
    """Remove an attempt's folder and its lock, unless a process holds that."""
    with _unheld(path) as is_dead:
        if is_dead:
            shutil.rmtree(path, ignore_errors=True)
            _lock_path(path).unlink(missing_ok=True)


def _remove_dead(parent: Path) -> None:
    """Remove the folders beside which a lock lies that no process holds."""
    for lock_path in parent.glob(f"*{_LOCK_SUFFIX}"):
        remove_dead_scratch(lock_path.with_suffix(""))


@contextlib.contextmanager
def _unheld(path: Path) -> Iterator[bool]:
    """Tell whether no process holds the lock of a folder, and hold it meanwhile if there is one."""
    with contextlib.ExitStack() as stack:
        try:
            lock = os.open(_lock_path(path), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            is_unheld = True
        except OSError:  # it is somebody else's
            is_unheld = False
        else:
            stack.callback(os.close, lock)
            is_unheld = _lock(lock)
        yield is_unheld


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}{_LOCK_SUFFIX}")


def _lock(file: int) -> bool:
    """Take a lock without waiting; tell whether it is taken."""
    with contextlib.suppress(OSError):  # another holds it, or this file system has none
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
