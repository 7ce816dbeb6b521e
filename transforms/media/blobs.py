"""Bulk bytes on their way out of the child: one file, and where each piece lies in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO

BLOB_NAME = "blobs.bin"
"""Name of the blob file in the folder that a call to the child names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A piece of a blob file."""

    offset: int
    """First byte."""
    size: int
    """Number of bytes."""


class BlobWriter:
    """Appends pieces to a file; they need not all be used in the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._offset = 0

    def add(self, data: bytes) -> Blob:
        """Append a piece and say where it lies."""
        self._file.write(data)
        blob = Blob(offset=self._offset, size=len(data))
        self._offset += len(data)
        return blob


def read_blob(path: Path, blob: Blob) -> bytes:
    """Return a piece.

    Raises:
        ValueError: the file is shorter than that.
    """
    with path.open("rb") as file:
        file.seek(blob.offset)
        data = file.read(blob.size)
    if len(data) != blob.size:
        raise ValueError(f"{path.name} ends inside the {blob.size} bytes at {blob.offset}")
    return data
