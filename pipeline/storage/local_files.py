"""Files on this machine's disk: each appears whole or not at all; what the disk cannot do."""

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from ...schemas.errors import DiskFullError, EnvironmentFault
from ..faults import fault_point

_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_BROKEN = {errno.EROFS, errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO}


def link_if_absent(target: Path, data: bytes) -> bool:
    """Put a file whole if absent: a hard link either appears complete or not at all.

    Returns:
        Whether this call wrote it.

    Raises:
        EnvironmentFault: the file system has no hard links.
    """
    unfinished = _unfinished(target)
    try:
        unfinished.write_bytes(data)
        fault_point("store.written", str(target), written=unfinished)
        flush(unfinished)
        try:
            os.link(unfinished, target)
        except FileExistsError:
            # A server that lost its answer may be asked again, and find our own link: link(2).
            return unfinished.stat().st_nlink == 2
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            raise EnvironmentFault(
                f"cannot write {target}: its file system has no hard links, by which a commit "
                "appears whole or not at all; use another disk, or an object store such as s3://"
            ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return True


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`; replacing it by the same bytes is harmless."""
    with beside(target) as unfinished:
        try:
            os.link(source, unfinished)
        except OSError:  # another disk, or a file system without hard links
            shutil.copyfile(source, unfinished)


@contextlib.contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Lend a name beside `target`; what lies there at the end takes its place."""
    unfinished = _unfinished(target)
    try:
        yield unfinished
        unfinished.replace(target)
    finally:
        # Where both were links to one file already, rename(2) leaves both.
        unfinished.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Make the file's bytes survive a power cut, before a commit names them."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def disk_faults(target: str) -> Iterator[None]:
    """Turn what a full, read-only or broken disk raises into an error that blames the machine.

    Raises:
        DiskFullError: there is no space left, or a quota is used up.
        EnvironmentFault: it cannot be written to for another reason.
    """
    try:
        yield
    except (PermissionError, IsADirectoryError, NotADirectoryError) as error:
        raise EnvironmentFault(f"cannot write {target}: {error.strerror or error}") from error
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(
                f"disk full: no space left to write {target}: free some, then run again; "
                "what is committed stays"
            ) from error
        if error.errno in _BROKEN:
            raise EnvironmentFault(
                f"cannot write {target}: {error.strerror}; mend it, then run again; "
                "what is committed stays"
            ) from error
        raise


def _unfinished(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
