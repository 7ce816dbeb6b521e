"""The frozen bases: where they are, that they are safe to read, what tells them apart."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoModelForCausalLM, PreTrainedModel

from ...schemas.errors import EnvironmentFault, UsageError

TINY_BASE = "tiny-base"
"""The name of the base that is trained on this machine, offline."""
_HUB_FILES = ("*.json", "*.safetensors", "*.txt", "*.model")
"""What is fetched of a hub name: never a pickle."""
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def language_model_folder(name: str, *, shape_only: bool = False) -> Path:
    """Return the local folder of a language model; else as `vision_tower_folder`.

    Args:
        name: as there.
        shape_only: fetch its `config.json` alone.
    """
    if name == TINY_BASE:
        from ..tiny import tiny_base

        return tiny_base().language_model
    return _folder(name, ("config.json",) if shape_only else _HUB_FILES)


def vision_tower_folder(name: str) -> Path:
    """Return the local folder of a vision tower, fetched where it is a hub name.

    Args:
        name: a folder, a name on the Hugging Face hub, or `tiny-base`, which is built on first use.

    Raises:
        EnvironmentFault: it is no folder and cannot be fetched.
    """
    if name == TINY_BASE:
        from ..tiny import tiny_base

        return tiny_base().vision_tower
    return _folder(name)


def _folder(name: str, files: Sequence[str] = _HUB_FILES) -> Path:
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=list(files)))
    except (HFValidationError, LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise EnvironmentFault(
            f"{name!r} is no folder, and could not be fetched from the Hugging Face hub: "
            f"{type(error).__name__}. Name a folder that holds the model, or allow the network"
        ) from error


def require_safetensors(folder: Path) -> None:
    """Refuse a folder that is no model, or has its weights as a pickle only.

    A pickle runs code when it is read, so that none is ever opened.

    Raises:
        UsageError: as said.
    """
    if not (folder / "config.json").is_file():
        raise UsageError(f"{folder} has no config.json: it is no folder of a model")
    weights = sorted(folder.glob("*.safetensors"))
    for path in weights:
        require_safetensors_file(path)
    if weights:
        return
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    found = f"only {', '.join(pickles)}, a pickle" if pickles else "none"
    raise UsageError(
        f"{folder} has no *.safetensors ({found}); pickles are never read: convert the weights "
        "once, with torch.load(weights_only=True) and safetensors.torch.save_file"
    )


def require_safetensors_file(path: Path) -> None:
    """Refuse a file that is something else, whatever it is called. Only its header is read.

    Raises:
        UsageError: as said.
    """
    try:
        with safe_open(path, framework="pt"):
            pass
    except SafetensorError as error:
        raise UsageError(f"{path} is no safetensors file; pickles are never read") from error


def load_language_model(folder: Path, *, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """Read a frozen causal language model from safetensors, never running code of the folder.

    Raises:
        UsageError: the folder is no model, or has its weights as a pickle only.
    """
    require_safetensors(folder)
    model = AutoModelForCausalLM.from_pretrained(
        folder,
        use_safetensors=True,
        # A file of fp16 weights would stay fp16 otherwise.
        dtype=dtype,
        attn_implementation="sdpa",
        local_files_only=True,
        trust_remote_code=False,
    )
    frozen = cast(PreTrainedModel, model).requires_grad_(False)
    frozen.train(False)
    return frozen


def files_of(folder: Path) -> dict[str, str]:
    """Return the sha256 of a base's config and weights, by file name: what tells bases apart."""
    paths = [folder / "config.json", *sorted(folder.glob("*.safetensors"))]
    return {path.name: _sha256(path, path.stat().st_mtime_ns) for path in paths}


@lru_cache(maxsize=64)
def _sha256(path: Path, _changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
