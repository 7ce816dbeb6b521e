"""fsspec's file systems as the store wants them: without caches, names taken as they are."""

from glob import has_magic
from typing import Any

import fsspec
from fsspec.asyn import AsyncFileSystem
from fsspec.utils import get_protocol

from ...schemas.errors import EnvironmentFault

_S3 = ("s3", "s3a")
_S3_OPTIONS = {
    # More would hold as many chunks of 50 MB in memory, and ask for a file's size before each read.
    "max_concurrency": 1
}


def open_url(url: str) -> tuple[Any, str]:
    """Return fsspec's file system of a URL or path, and the root in it.

    Raises:
        EnvironmentFault: there is no such file system, or its package is not installed.
    """
    options = _S3_OPTIONS if get_protocol(url) in _S3 else {}
    try:
        # Listings that are kept would hide what other workers have written since, also from
        # questions that have nothing to do with listing.
        fs, root = fsspec.url_to_fs(url, use_listings_cache=False, **options)
    except (ImportError, ValueError) as error:
        raise EnvironmentFault(f"cannot open the store {url!r}: {error}") from error
    return fs, str(root)


def puts_if_absent(fs: Any) -> bool:  # noqa: ANN401  (fsspec has no types)
    """Tell whether a file system has a put-if-absent of its own.

    fsspec's stand-in looks whether there is a file and then writes, which two may do at once.
    """
    if isinstance(fs, AsyncFileSystem):
        return type(fs)._pipe_file is not AsyncFileSystem._pipe_file
    return type(fs).pipe_file is not fsspec.AbstractFileSystem.pipe_file


def remove_all(fs: Any, target: str) -> None:  # noqa: ANN401  (fsspec has no types)
    """Remove a file, or all files under a folder.

    Raises:
        FileNotFoundError: there is nothing.
    """
    if not has_magic(target):
        fs.rm(target, recursive=True)
        return
    for file in fs.find(target):  # `rm` would take the name for a pattern, and remove others' files
        fs.rm_file(file)


def copy_inside(fs: Any, source: str, target: str) -> bool:  # noqa: ANN401  (fsspec has no types)
    """Let the store itself copy a file, if it can.

    Returns:
        Whether it can.
    """
    try:
        fs.cp_file(source, target)
    except NotImplementedError:
        return False
    return True
