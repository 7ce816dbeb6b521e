"""A store that only notes what would be written and removed, to see what there is to do."""

import contextlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from ..storage.store import Store


class DryStore(Store):
    """Reads as the store at `url` does and changes nothing in it.

    What is put as bytes can be read again from here; files are only noted.

    Attributes:
        written: paths that would be written, in order.
        removed: paths that would be removed, in order.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.written: list[str] = []
        self.removed: list[str] = []
        self._put: dict[str, bytes] = {}

    @property
    def places(self) -> list[str]:
        """All paths that would be changed, each once, sorted."""
        return sorted({*self.written, *self.removed})

    def local_path(self, path: str) -> Path | None:
        """Return None: nobody may write there."""
        return None

    def exists(self, path: str) -> bool:
        """Tell whether there is a file, or would be one."""
        return path in self._put or super().exists(path)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file, as put here or as they are."""
        return self._put[path] if path in self._put else super().read(path)

    def read_all(self, paths: Sequence[str]) -> Iterator[bytes | None]:
        """Yield the bytes of files, as put here or as they are, None for one that is not there."""
        for path in paths:
            yield self._put[path] if path in self._put else next(super().read_all([path]))

    @contextlib.contextmanager
    def open(self, path: str, *, read_ahead: bool = True) -> Iterator[IO[bytes]]:
        """Open a file for reading, as put here or as it is."""
        if path in self._put:
            yield io.BytesIO(self._put[path])
        else:
            with super().open(path, read_ahead=read_ahead) as file:
                yield file

    def put(self, path: str, data: bytes) -> None:
        """Note a file, and keep its content here."""
        self.written.append(path)
        self._put[path] = data

    def put_if_absent(self, path: str, data: bytes) -> bool:
        """Note a file, unless there is one."""
        if self.exists(path):
            return False
        self.put(path, data)
        return True

    def put_file(self, path: str, local: Path) -> None:
        """Note a file; `local` goes, as it would."""
        self.written.append(path)
        local.unlink()

    def remove(self, path: str) -> None:
        """Note a file or folder that would go."""
        self.removed.append(path)

    def remove_file(self, path: str) -> None:
        """Note a file that would go."""
        self.removed.append(path)
