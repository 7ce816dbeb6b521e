"""Checkpoints: a trained model's folder, and beside it all that is needed to go on to the bit.

```
step-00000100/
  config.json bases.json model.safetensors processor/    as `Cosmo.save_pretrained` writes them
  training.safetensors    AdamW's state by parameter, the random state of every rank
  training.json           recipe, counters, where the data goes on
  CHECKPOINT.json         size and sha256 of every file: written last, without it there is none
```

No pickle is written or read. Nothing is renamed: an interrupted save leaves a folder without
`CHECKPOINT.json`, which is never read.
"""

import contextlib
import dataclasses
import hashlib
import json
import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..schemas.errors import EnvironmentFault, UsageError
from .cosmo import pretrained
from .cosmo.bases import require_safetensors_file
from .metrics import Ledger
from .optimizer import load_optimizer_state, optimizer_state
from .recipe import without_places
from .trainer import Trainer

logger = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"
"""Folder of the checkpoints in the output of a training."""
SEAL = "CHECKPOINT.json"
STATE, TENSORS = "training.json", "training.safetensors"
_NAME = re.compile(r"step-(\d{8,})")
_OPTIMIZER, _RANDOM = "optimizer.", "random."


def save_checkpoint(folder: Path, trainer: Trainer, data: dict[str, Any], *, keep: int) -> Path:
    """Write a checkpoint, then delete all but the newest `keep`; every rank must call it.

    Args:
        folder: holds the checkpoints of one training, and nothing else.
        trainer: what has been trained so far.
        data: where the streams go on, and what they read: `streams`, `url`, `version`, ...
        keep: at least 1.

    Raises:
        EnvironmentFault: it cannot be written.
    """
    ranks = trainer.ranks
    path = folder / f"step-{trainer.ledger.steps:08d}"
    tensors = {f"{_RANDOM}{name}": rows for name, rows in _random_states(trainer).items()}
    if ranks.is_first:
        try:
            if check_seal(path) is not None:
                _write(path, trainer, tensors, data)
            _purge(folder, newest=path, keep=keep)
        except (OSError, SafetensorError) as error:
            if not (path / SEAL).exists():
                shutil.rmtree(path, ignore_errors=True)  # half of one holds space and is no use
            reason = error.strerror if isinstance(error, OSError) else None
            raise EnvironmentFault(
                f"the checkpoint {path} cannot be written: {reason or error}; free space there, "
                "or give the recipe another output"
            ) from error
    ranks.wait()
    return path


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the newest checkpoint whose files are what its seal says; None if there is none.

    It says so in the log when it has to fall back to an older one.

    Raises:
        EnvironmentFault: there are some, and all are damaged.
    """
    sealed = list(_found(folder))
    for _, path in reversed(sealed):
        problem = check_seal(path)
        if problem is None:
            return path
        logger.warning("checkpoint %s is damaged (%s); falling back to an older one", path, problem)
    if sealed:
        raise EnvironmentFault(
            f"all checkpoints in {folder} are damaged, the newest because {problem}; restore one, "
            "or remove the folder to begin anew"
        )
    return None


def load_checkpoint(path: Path, trainer: Trainer) -> dict[str, Any]:
    """Let a trainer go on from a checkpoint; return where the data goes on.

    Raises:
        UsageError: it belongs to another recipe or model, or a file is no safetensors.
    """
    state = read_state(path)
    recipe = trainer.recipe
    if state["recipe_digest"] != recipe.digest:
        here = json.loads(_json(recipe.to_plain()))
        found = _differences(without_places(state["recipe"]), without_places(here))
        changed = ", ".join(found)
        raise UsageError(
            f"{path} was trained with another recipe, which differs in {changed}: "
            "undo that, or give this recipe another output"
        )
    pretrained.check_bases(path, _bases(trainer))
    trainer.model.load_trained_state(pretrained.read_tensors(path))
    require_safetensors_file(path / TENSORS)
    tensors = load_file(path / TENSORS)
    load_optimizer_state(trainer.model, trainer.optimizer, _below(tensors, _OPTIMIZER))
    _load_random_states(trainer, _below(tensors, _RANDOM))
    trainer.ledger = Ledger.from_plain(state["ledger"])
    data: dict[str, Any] = state["data"]
    return data


def read_state(path: Path) -> dict[str, Any]:
    """Return what `training.json` of a checkpoint holds: recipe, ledger, data, versions."""
    state: dict[str, Any] = json.loads((path / STATE).read_text(encoding="utf-8"))
    return state


def check_seal(path: Path) -> str | None:
    """Return what is wrong with a checkpoint, None if every file is as its seal says."""
    try:
        listed = json.loads((path / SEAL).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError) as error:
        return f"{SEAL} cannot be read: {error}"
    for name, wanted in listed.items():
        file = path / name
        if not file.is_file():
            return f"{name} is missing"
        if file.stat().st_size != wanted["bytes"]:
            return f"{name} has {file.stat().st_size} bytes, not {wanted['bytes']}"
        if _sha256(file) != wanted["sha256"]:
            return f"{name} has another sha256"
    return None


def _found(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield (step, path) of the sealed checkpoints, the oldest first."""
    sealed = folder.glob(f"*/{SEAL}") if folder.is_dir() else ()
    named = ((_NAME.fullmatch(seal.parent.name), seal.parent) for seal in sealed)
    yield from sorted((int(match.group(1)), path) for match, path in named if match)


def _purge(folder: Path, *, newest: Path, keep: int) -> None:
    """Delete checkpoints that came before the newest `keep`, and what is later than the newest.

    Later ones were damaged, so that an older one was gone on from; interrupted ones have no seal.
    """
    sealed = [path for _, path in _found(folder)]
    stale = [path for path in sealed if path > newest]
    stale += [path for path in sealed if path <= newest][:-keep]
    stale += [p for p in folder.iterdir() if _NAME.fullmatch(p.name) and p not in sealed]
    for path in stale:
        # The seal goes first: whatever happens then, half a checkpoint is none.
        (path / SEAL).unlink(missing_ok=True)
        shutil.rmtree(path)


def _write(path: Path, trainer: Trainer, tensors: dict[str, Tensor], data: dict[str, Any]) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)  # a save that was interrupted
    trainer.model.save_pretrained(path)
    of_optimizer = optimizer_state(trainer.model, trainer.optimizer)
    tensors |= {f"{_OPTIMIZER}{n}": t.cpu().contiguous() for n, t in of_optimizer.items()}
    save_file(tensors, path / TENSORS)
    (path / TENSORS).chmod(0o644)  # safetensors 0.8 writes files of mode 0600
    state = {
        "recipe_digest": trainer.recipe.digest,
        "recipe": trainer.recipe.to_plain(),
        "ledger": dataclasses.asdict(trainer.ledger),
        "data": data,
        "ranks": trainer.ranks.size,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    (path / STATE).write_text(_json(state), encoding="utf-8")
    files = sorted(file for file in path.rglob("*") if file.is_file())
    listed = {
        file.relative_to(path).as_posix(): {"bytes": file.stat().st_size, "sha256": _sha256(file)}
        for file in files
    }
    with (path / SEAL).open("x", encoding="utf-8") as seal:
        seal.write(_json({"step": trainer.ledger.steps, "files": listed}))


def _random_states(trainer: Trainer) -> dict[str, Tensor]:
    """Return torch's random states as bytes, one row per rank; nothing else draws in training."""
    ranks = trainer.ranks
    states = {"cpu": torch.get_rng_state()}
    if ranks.device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(ranks.device)
    return {n: ranks.gather(s[None].to(ranks.device)).cpu() for n, s in states.items()}


def _load_random_states(trainer: Trainer, states: dict[str, Tensor]) -> None:
    ranks = trainer.ranks
    if len(states["cpu"]) != ranks.size:
        logger.warning(
            "the checkpoint is of %d ranks, there are %d now: the same samples come in the same "
            "order, sums are rounded otherwise",
            len(states["cpu"]),
            ranks.size,
        )
        return
    torch.set_rng_state(states["cpu"][ranks.rank].clone())
    if "cuda" in states and ranks.device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"][ranks.rank].clone(), ranks.device)


def _bases(trainer: Trainer) -> pretrained.BaseFolders:
    assert trainer.model.bases is not None  # it was built from folders, as all that are saved
    return trainer.model.bases


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def _differences(old: Any, new: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401  (JSON)
    """Yield the keys in which two recipes differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key), new.get(key), f"{place}.{key}" if place else key)
    elif old != new:
        yield f"{place} ({old!r} there, {new!r} here)"


def _json(content: object) -> str:
    return json.dumps(content, indent=2) + "\n"


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
