"""Files behind any other URL that fsspec opens: `s3://`, `gs://`, `az://`, `hf://`, `memory://`.

Time limits are looked at between blocks: the file systems' own time-outs end a read that hangs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import fsspec

from ...schemas.errors import EnvironmentFault, RecordError
from ...schemas.outcome import ErrorCode
from .download import BLOCK_BYTES, Download, save
from .errors import public_url, redact
from .limits import Limits
from .routing import file_suffix
from .watch import Watch

_EXTRAS = {"s3": "interlink[s3]", "s3a": "interlink[s3]", "gs": "gcsfs", "gcs": "gcsfs"}
_EXTRAS |= {"az": "adlfs", "abfs": "adlfs", "abfss": "adlfs", "hf": "huggingface_hub"}


def fetch_remote(uri: str, folder: Path, *, limits: Limits, watch: Watch) -> Download:
    """Copy a file that fsspec opens into `folder`.

    Args:
        uri: an fsspec URL; it may be chained.
        folder: an empty folder to write to.
        limits: what the copy may take.
        watch: the watch of this download.

    Raises:
        RecordError: `not_found`, `permission`, `unsupported_url`, `connection`, `too_big`, ...
        EnvironmentFault: the package that the URL's scheme needs is not installed.
    """
    target = folder / f"file{file_suffix(uri.split('::')[0])}"
    try:
        with fsspec.open(uri, "rb") as file:
            saved = save(_blocks(file), target, max_bytes=limits.max_bytes, watch=watch)
    except ImportError as error:
        scheme = uri.split(":")[0].lower()
        raise EnvironmentFault(
            f"{scheme}: sources need a package that is missing ({error}); "
            f"run: pip install '{_EXTRAS.get(scheme, 'the package it names')}'"
        ) from error
    except (OSError, ValueError) as error:
        raise RecordError(_classify(error), redact(f"cannot read {uri}: {error}")) from error
    return Download(
        path=target,
        sha256=saved.sha256,
        num_bytes=saved.num_bytes,
        final_uri="::".join(public_url(part) for part in uri.split("::")),
    )


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block


def _classify(error: Exception) -> ErrorCode:
    if isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return ErrorCode.NOT_FOUND
    if isinstance(error, PermissionError):
        return ErrorCode.PERMISSION
    if isinstance(error, ValueError):  # an unknown scheme, or a URL that it cannot read
        return ErrorCode.UNSUPPORTED_URL
    return ErrorCode.CONNECTION
