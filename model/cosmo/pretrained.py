"""A trained COSMO as a folder: safetensors of what was trained, JSON, the tokenizer.

```
config.json         CosmoConfig
bases.json          name and sha256 of each file of the frozen bases, which are not copied
model.safetensors   what was trained, and the measured residual scales
processor/          tokenizer with the added tokens, picture size
```
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from ...schemas.errors import UsageError
from .bases import files_of, require_safetensors_file
from .config import CosmoConfig

CONFIG = "config.json"
BASES = "bases.json"
WEIGHTS = "model.safetensors"
PROCESSOR = "processor"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFolders:
    """Where the frozen bases were read from."""

    language_model: Path
    vision_tower: Path

    def digests(self) -> dict[str, dict[str, str]]:
        """Return the sha256 of each base's config and weights, by base and file name."""
        return {
            "language_model": files_of(self.language_model),
            "vision_tower": files_of(self.vision_tower),
        }


def write(
    folder: Path, config: CosmoConfig, bases: BaseFolders, tensors: Mapping[str, Tensor]
) -> None:
    """Write all but the processor."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(config.to_json(), encoding="utf-8")
    digests = bases.digests()
    content = {
        name: {"folder": str(path), "sha256": digests[name]} for name, path in asdict(bases).items()
    }
    (folder / BASES).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    save_file({n: t.detach().cpu().contiguous() for n, t in tensors.items()}, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # safetensors 0.8 writes files of mode 0600


def check_bases(folder: Path, bases: BaseFolders) -> None:
    """Refuse bases that are not those that the model was trained on.

    Raises:
        UsageError: a file's sha256 differs, or a file is missing or new; the text names them.
    """
    expected = json.loads((folder / BASES).read_text(encoding="utf-8"))
    for name, found in bases.digests().items():
        wanted = expected[name]["sha256"]
        odd = sorted(file for file in {*wanted, *found} if wanted.get(file) != found.get(file))
        if odd:
            raise UsageError(
                f"{folder} was trained on another {name}: {', '.join(odd)} of "
                f"{getattr(bases, name)} differ from what {BASES} states; "
                f"give the folder of the right one as {name}"
            )


def read_config(folder: Path) -> CosmoConfig:
    """Read the config of a trained model.

    Raises:
        UsageError: there is none.
    """
    if not (folder / CONFIG).is_file() or not (folder / BASES).is_file():
        raise UsageError(f"{folder} must hold {CONFIG} and {BASES}: it is no model of COSMO")
    return CosmoConfig.from_json((folder / CONFIG).read_text(encoding="utf-8"))


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """Read the trained tensors; a pickle is refused, whatever it is called.

    Raises:
        UsageError: the file is missing or no safetensors.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        raise UsageError(
            f"{folder} has no {WEIGHTS}: it is no model of COSMO (pickles are not read)"
        )
    require_safetensors_file(path)
    return load_file(path)


def require_same_shapes(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> None:
    """Refuse tensors that do not fit a model.

    Raises:
        UsageError: a name or shape differs; the text names some.
    """
    names = {*own, *tensors}
    odd = sorted(
        name
        for name in names
        if name not in own or name not in tensors or own[name].shape != tensors[name].shape
    )
    if odd:
        raise UsageError(
            f"{len(odd)} of {len(names)} tensors do not fit this model, such as "
            f"{', '.join(odd[:3])}: was the config changed?"
        )
