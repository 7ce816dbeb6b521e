"""Reading files under one root, local or any fsspec URL, and the machine's faults in doing so."""

import contextlib
from collections.abc import Iterator
from typing import IO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from ...schemas.errors import EnvironmentFault
from ...schemas.file_path import path_under
from ...schemas.store_errors import store_errors


class Files:
    """Files under one root. Paths are relative to it, with forward slashes, and never lead out.

    Args:
        url: a local path or an fsspec URL such as `s3://bucket/dataset`.

    Raises:
        EnvironmentFault: the file system's package is not installed, or there is no such system.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._fs, root = fsspec.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise EnvironmentFault(f"cannot open the dataset {url!r}: {error}") from error
        self._root = str(root).rstrip("/")

    def names(self, folder: str) -> list[str]:
        """Return the names of what lies in a folder; none where there is no such folder.

        Raises:
            EnvironmentFault: it cannot be listed.
        """
        try:
            with self._faults(folder):
                # A listing that fsspec keeps would hide versions that were committed since.
                found = self._fs.ls(path_under(self._root, folder), detail=False, refresh=True)
        except FileNotFoundError:
            return []
        return [str(name).rstrip("/").rsplit("/", 1)[-1] for name in found]

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            FileNotFoundError: there is none.
            EnvironmentFault: it cannot be read.
        """
        with self._faults(path):
            content: bytes = self._fs.cat_file(path_under(self._root, path))
        return content

    def source(self, path: str) -> str | IO[bytes]:
        """Return what pyarrow reads: a local path, which it reads without Python, or a file.

        Raises:
            FileNotFoundError: there is none, and the files are not local.
            EnvironmentFault: it cannot be opened.
        """
        whole = path_under(self._root, path)
        if isinstance(self._fs, LocalFileSystem):
            return whole
        with self._faults(path):
            file: IO[bytes] = self._fs.open(whole, "rb")
        return file

    @contextlib.contextmanager
    def _faults(self, path: str) -> Iterator[None]:
        """Turn what the file system cannot do into one sentence; that there is no file stays."""
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError(str(error)) from error
        except store_errors() as error:
            reason = getattr(error, "strerror", None) or " ".join(str(error).split())
            is_local = isinstance(self._fs, LocalFileSystem)
            advice = "" if is_local else "; check credentials and connection"
            raise EnvironmentFault(
                f"cannot read {path} of the dataset {self.url!r}: {reason}{advice}"
            ) from error
