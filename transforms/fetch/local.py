"""Files of this machine.

The file is copied, never linked or moved: a hard link would let a later edit of the user's file
change a committed one. Its bytes must be read once for their digest anyway.
"""

import stat
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ...schemas.errors import RecordError
from ...schemas.outcome import ErrorCode
from .download import Download, blocks_of, check_size, save
from .limits import Limits
from .routing import file_suffix
from .watch import Watch


def fetch_local(uri: str, folder: Path, *, limits: Limits, watch: Watch) -> Download:
    """Copy a file of this machine into `folder`.

    The `final_uri` is the file's name alone, so that no folder of this machine is published.

    Args:
        uri: a path, or a `file:` URL.
        folder: an empty folder to write to.
        limits: what the copy may take.
        watch: the watch of this download.

    Raises:
        RecordError: `not_found`, `permission`, `not_media` for a folder, `too_big`, ...
    """
    path = local_path(uri)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise RecordError(ErrorCode.NOT_MEDIA, f"{_kind(status.st_mode)}, not a file: {uri}")
        check_size(status.st_size, limits.max_bytes)
        target = folder / f"file{file_suffix(path.name)}"
        saved = save(blocks_of(path), target, max_bytes=limits.max_bytes, watch=watch)
    except PermissionError as error:
        raise RecordError(ErrorCode.PERMISSION, f"may not be read: {uri}") from error
    except OSError as error:
        is_lost = isinstance(error, FileNotFoundError | NotADirectoryError)
        code = ErrorCode.NOT_FOUND if is_lost else ErrorCode.INCOMPLETE
        raise RecordError(code, f"cannot read {uri}: {error.strerror}") from error
    if saved.num_bytes != status.st_size:
        message = f"{uri} changed while it was read: {saved.num_bytes} of {status.st_size} bytes"
        raise RecordError(ErrorCode.INCOMPLETE, message, value=saved.num_bytes)
    return Download(
        path=target, sha256=saved.sha256, num_bytes=saved.num_bytes, final_uri=path.name
    )


def local_path(uri: str) -> Path:
    """Return the path that a path or `file:` URL means."""
    if uri.lower().startswith("file://"):
        return Path(url2pathname(urlsplit(uri).path))
    return Path(uri)


def _kind(mode: int) -> str:
    return "a folder" if stat.S_ISDIR(mode) else "a device, pipe or socket"
