"""What the tiny base is trained with, and the digest that names the result."""

import hashlib
import importlib.metadata
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from ..cosmo import tiny_tower
from ..cosmo.tiny_tower import TinyTowerConfig

NUM_THREADS = 1
"""Torch's threads while it trains. With two the sums, and so the weights, come out otherwise."""
_PACKAGES = ("numpy", "pillow", "safetensors", "tokenizers", "torch", "transformers")
"""Each can change the bytes: streams of chance, drawn letters, merges, kernels, file formats."""
_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRecipe:
    """How the tokenizer and the language model are trained."""

    vocab_size: int = 800
    """Tokens; enough that each content word is one."""
    tokenizer_texts: int = 6000
    """Texts that the merges are learned from."""
    width: int = 192
    num_layers: int = 4
    num_heads: int = 4
    steps: int = 320
    rows: int = 7
    """Sequences of a step."""
    row_tokens: int = 256
    """Length of one; much longer documents have distances between tokens that were never seen."""
    learning_rate: float = 3e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class TowerRecipe:
    """How the vision tower is trained."""

    config: TinyTowerConfig = field(default_factory=TinyTowerConfig)
    steps: int = 500
    batch: int = 64
    """Pairs of a step: each is a negative of all others."""
    learning_rate: float = 4e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyRecipe:
    """Everything that decides the weights, besides code, packages, processor and threads."""

    seed: int = 0
    language: LanguageRecipe = field(default_factory=LanguageRecipe)
    tower: TowerRecipe = field(default_factory=TowerRecipe)

    def digest(self) -> str:
        """Name the weights that this recipe gives with this code on this kind of machine.

        Vector instructions differ between processors and round differently: they are part of it.
        """
        content = {
            "recipe": asdict(self),
            "code": _code_sha256(),
            "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
            "instructions": torch.backends.cpu.get_cpu_capability(),
            "threads": NUM_THREADS,
        }
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _code_sha256() -> str:
    """Return one digest over the files that decide the weights: never out of date."""
    files = [*sorted(Path(__file__).parent.glob("*.py")), Path(tiny_tower.__file__)]
    checksum = hashlib.sha256()
    for file in files:
        if not file.name.startswith("__"):
            checksum.update(file.read_bytes())
    return checksum.hexdigest()
