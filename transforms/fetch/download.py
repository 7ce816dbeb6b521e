"""What every fetcher has in common: what it gives, and how bytes reach the disk."""

import contextlib
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...schemas.errors import DiskFullError, EnvironmentFault, RecordError
from ...schemas.outcome import ErrorCode
from ...schemas.video import Site
from .errors import FULL_DISK_ERRNOS
from .watch import Watch

BLOCK_BYTES = 1 << 18
"""Bytes asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One fetched file, on the local disk."""

    path: Path
    sha256: str
    num_bytes: int
    final_uri: str
    """Where it came from, without anything secret; see `schemas.video.Video.final_uri`."""
    mime: str | None = None
    """Media type that the server named."""
    title: str | None = None
    """Title that the site gives."""
    language: str | None = None
    """Language that the site gives."""
    license_raw: str | None = None
    """License that the site gives."""
    site: Site | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What was written to the disk."""

    sha256: str
    num_bytes: int


def save(blocks: Iterable[bytes], target: Path, *, max_bytes: int, watch: Watch) -> Saved:
    """Write blocks to a new file, with its digest on the way.

    Args:
        blocks: the content; empty blocks are allowed.
        target: the file to write; must not exist.
        max_bytes: cap; at most one block more is read, and nothing beyond it written.
        watch: told of every block.

    Raises:
        RecordError: `too_big`, `empty_file`, or the watch's verdict.
        DiskFullError: there is no space left.
        EnvironmentFault: the disk is read-only, gone, or broken.
    """
    digest, num_bytes = hashlib.sha256(), 0
    with disk_faults(target):
        file = target.open("xb", buffering=0)  # an error of a write shows at once, not at the end
    with file:
        for block in blocks:
            num_bytes += len(block)
            check_size(num_bytes, max_bytes)
            digest.update(block)
            with disk_faults(target):
                _write_all(file, block)
            watch.progress(len(block))
    watch.check()
    if num_bytes == 0:
        raise RecordError(ErrorCode.EMPTY_FILE, "the file holds no bytes", value=0)
    return Saved(sha256=digest.hexdigest(), num_bytes=num_bytes)


def digest_of(path: Path, watch: Watch) -> Saved:
    """Return digest and size of a file that another program wrote.

    Raises:
        RecordError: `empty_file`, or the watch's verdict.
    """
    digest, num_bytes = hashlib.sha256(), 0
    for block in blocks_of(path):
        digest.update(block)
        num_bytes += len(block)
        watch.progress(len(block))
    if num_bytes == 0:
        raise RecordError(ErrorCode.EMPTY_FILE, "the file holds no bytes", value=0)
    return Saved(sha256=digest.hexdigest(), num_bytes=num_bytes)


def check_size(num_bytes: int, max_bytes: int) -> None:
    """Raise `too_big` for more bytes than the cap allows."""
    if num_bytes > max_bytes:
        message = f"{num_bytes} bytes or more, but max_bytes={max_bytes}"
        raise RecordError(ErrorCode.TOO_BIG, message, value=num_bytes)


def blocks_of(path: Path) -> Iterator[bytes]:
    """Yield the content of a local file, block by block."""
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def folder_bytes(folder: Path) -> int:
    """Return what the files of a folder take, while others write them."""
    total = 0
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # renamed just now
            total += path.stat().st_size
    return total


@contextlib.contextmanager
def disk_faults(target: Path) -> Iterator[None]:
    """Turn what a write raises into an error that blames the machine, not the source.

    Raises:
        DiskFullError: there is no space left, or a quota is used up.
        EnvironmentFault: for any other reason.
    """
    try:
        yield
    except OSError as error:
        reason = f"cannot write to {target.parent}: {error.strerror or error}"
        if error.errno in FULL_DISK_ERRNOS:
            raise DiskFullError(
                f"{reason}; free some space, then run again; what is committed stays"
            ) from error
        raise EnvironmentFault(f"{reason}; mend it, then run again") from error


def _write_all(file: io.FileIO, block: bytes) -> None:
    """Write a whole block: on a disk that fills up, a write takes a part of it first."""
    unwritten = memoryview(block)
    while unwritten:
        unwritten = unwritten[file.write(unwritten) :]
