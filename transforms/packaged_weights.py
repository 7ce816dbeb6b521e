"""Models that installed packages carry: used in their place, or joined from parts in a cache."""

import contextlib
import functools
import hashlib
import importlib.util
import logging
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..schemas.errors import EnvironmentFault
from .known_weights import KnownFile, KnownWeights

_BLOCK_BYTES = 8 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FOLDER_DIGITS = 12
_logger = logging.getLogger(__name__)


class WeightsNotFoundError(EnvironmentFault):
    """One place does not have the model; the text says why."""


def packaged_folder(known: KnownWeights) -> Path:
    """Return the folder that holds a known model's files, each with its known digest.

    Raises:
        WeightsNotFoundError: a package is missing, damaged, or another version.
        EnvironmentFault: the cache folder cannot be written.
    """
    return _package_folder(known) or _join(known)


def file_sha256(path: Path) -> str:
    """Return a file's sha256, hexadecimal; read once per process for one path, size and mtime.

    A file of the Hugging Face cache is a link to a blob that is named by its digest: it is
    believed, because hashing tens of gigabytes in each worker would take longer than loading them.
    """
    real = path.resolve()
    if real.parent.name == "blobs" and _SHA256.fullmatch(real.name):
        return real.name
    status = real.stat()
    return _file_sha256(real, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _file_sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part_paths(file: KnownFile) -> list[Path]:
    """Return where a known file's parts lie in the installed packages, which are not imported."""
    paths = []
    for package, inside in file.parts:
        spec = importlib.util.find_spec(package)
        folders: Iterable[str] = (spec and spec.submodule_search_locations) or ()
        found = [Path(f) / inside for f in folders if (Path(f) / inside).is_file()]
        if not found:
            raise WeightsNotFoundError(
                f"the weights package {package.replace('_', '-')} is missing"
            )
        paths.append(found[0])
    return paths


def _package_folder(known: KnownWeights) -> Path | None:
    """Return the one package folder that holds all files as they are, or None."""
    if any(len(file.parts) > 1 for file in known.files):
        return None
    paths = {file: _part_paths(file)[0] for file in known.files}
    for file, path in paths.items():
        if file_sha256(path) != file.sha256:
            raise _damaged(file, [path])
    folders = {path.parent for path in paths.values()}
    return folders.pop() if len(folders) == 1 else None


def _join(known: KnownWeights) -> Path:
    """Return the folder where a known model's files stand whole, joined there if need be.

    Several workers may do so at once: each file appears by one atomic replacement, with bytes that
    were checked, so that the last one to finish changes nothing.
    """
    folder = _cache_folder() / known.weights.sha256[:_FOLDER_DIGITS]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in known.files:
            target = folder / file.name
            if not target.is_file() or file_sha256(target) != file.sha256:
                _join_file(file, _part_paths(file), target)
    except OSError as error:
        raise EnvironmentFault(
            f"the model {known.name!r} cannot be put together in {folder}: {error}; free some "
            "space there, or set XDG_CACHE_HOME to a folder that can be written"
        ) from error
    return folder


def _join_file(file: KnownFile, parts: list[Path], target: Path) -> None:
    checksum = hashlib.sha256()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as whole:
            for part in parts:
                with part.open("rb") as source:
                    while block := source.read(_BLOCK_BYTES):
                        checksum.update(block)
                        whole.write(block)
        if checksum.hexdigest() != file.sha256:
            raise _damaged(file, parts)
        Path(temporary).replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()


def _damaged(file: KnownFile, paths: list[Path]) -> WeightsNotFoundError:
    _logger.warning("%s is not the %s that it should be: not used", paths[0], file.name)
    return WeightsNotFoundError(
        f"{' + '.join(map(str, paths))} is damaged or another version "
        f"(its sha256 is not {file.sha256[:_FOLDER_DIGITS]}...)"
    )


def _cache_folder() -> Path:
    """Return the user's cache folder for joined weights (XDG base directory specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "interlink" / "weights"
