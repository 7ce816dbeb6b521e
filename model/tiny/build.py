"""Trains both models of the tiny base into a folder."""

import hashlib
import time
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from .head_floor import head_floors
from .language_model import next_token_loss, token_batches, train_language_model
from .recipe import LanguageRecipe, TinyRecipe
from .report import TinyReport
from .tokenizer import content_token_ids, train_tokenizer
from .tower_training import train_tower

LANGUAGE_FOLDER = "language-model"
TOWER_FOLDER = "vision-tower"
REPORT_NAME = "report.json"
_NUM_TEST_BATCHES = 8


def build_tiny_base(folder: Path, recipe: TinyRecipe) -> TinyReport:
    """Train a tiny base; the same recipe and digest give the same weights to the bit.

    Args:
        folder: gets `language-model`, `vision-tower` and `report.json`.
        recipe: what to train.

    Returns:
        Its figures, which nobody has judged yet: see `check_head_floor`.
    """
    start_s = time.process_time()
    tokenizer = train_tokenizer(recipe.language, recipe.seed)
    model = train_language_model(tokenizer, recipe.language, recipe.seed)
    language_cpu_s = time.process_time() - start_s
    _save_language_model(model, tokenizer, folder / LANGUAGE_FOLDER)
    start_s = time.process_time()
    tower, (picture_to_caption, caption_to_picture) = train_tower(
        tokenizer, recipe.tower, recipe.seed
    )
    tower_cpu_s = time.process_time() - start_s
    tower.save(folder / TOWER_FOLDER)
    report = TinyReport(
        digest=recipe.digest(),
        num_language_parameters=sum(p.numel() for p in model.parameters()),
        num_tower_parameters=sum(p.numel() for p in tower.parameters()),
        language_loss=_unseen_loss(model, tokenizer, recipe.language, recipe.seed),
        picture_to_caption=picture_to_caption,
        caption_to_picture=caption_to_picture,
        head_floor=head_floors(model, content_token_ids(tokenizer)),
        language_cpu_s=round(language_cpu_s, 1),
        tower_cpu_s=round(tower_cpu_s, 1),
        files=file_digests(folder),
    )
    report.write(folder / REPORT_NAME)
    return report


def file_digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file of the two models, by path."""
    paths = [p for name in (LANGUAGE_FOLDER, TOWER_FOLDER) for p in (folder / name).rglob("*")]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
        if path.is_file()
    }


def _save_language_model(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path
) -> None:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for path in folder.iterdir():
        path.chmod(0o644)  # safetensors 0.8 writes files of mode 0600


@torch.no_grad()
def _unseen_loss(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, recipe: LanguageRecipe, seed: int
) -> float:
    batches = token_batches(tokenizer, recipe, np.random.default_rng([seed, 5]))
    losses = [next_token_loss(model, next(batches)).item() for _ in range(_NUM_TEST_BATCHES)]
    return sum(losses) / len(losses)
