"""One step of a tiny model on the share of a rank: run by the tests, alone or under `join_ranks`.

`python step_of_ranks.py FOLDER` takes the steps of `CASES` as one of several ranks, and writes the
metrics and tensors of each to `FOLDER/<case>-<rank>.json` and `.safetensors`.
"""

import dataclasses
import importlib.util
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from interlink.model.cosmo.batch import KINDS
from interlink.model.parallelize import Ranks, join_ranks
from interlink.model.recipe import TrainRecipe
from interlink.model.trainer import Trainer
from interlink.schemas.text import TextKind

CASES = {
    f"{family}-{name}": {"family": family, **options}
    for family in ("llama", "opt")
    for name, options in {
        "contrastive": {"weights": {"caption": 0, "given": 0}},
        "language": {"contrastive_weight": 0.0},
        "both": {"micro_sequences": 1},
        "broken": {"is_broken": True},
    }.items()
}


def tiny_of(family: str):
    """Return the maker of tiny models of `cosmo/conftest.py`."""
    name = "interlink_test_tiny"
    if name not in sys.modules:
        path = Path(__file__).parent / "cosmo" / "conftest.py"
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name].Tiny(family)


def recipe_of(*, weights=None, contrastive_weight=1.0, micro_sequences=None, **optimizer):
    """Return a recipe whose first step has the highest learning rate and cuts no gradient."""
    options = {"tokens": 10**6, "warmup_tokens": 0, "max_grad_norm": 1e9, **optimizer}
    return TrainRecipe.from_mapping(
        {
            "preset": "debug",
            "dataset": "none",
            "text": {"loss_weights": weights or {"caption": 1.0, "given": 0.5}},
            "contrastive_weight": contrastive_weight,
            "batch": {"micro_sequences": micro_sequences},
            "optimizer": options,
        }
    )


def batches_of(tiny):
    """Return four packed sequences of two kinds of text, unlike in length, and six pairs.

    The last pair is padding, and the first and the fourth are of one video.
    """
    batch = tiny.packed([[[3, 0], [2]], [[1]], [[], [4, 1, 2]], [[2], [5]]])
    kinds = batch.label_kinds_BL.clone()
    second = (batch.document_BL == 1) & (kinds >= 0)
    kinds[second] = KINDS.index(TextKind.GIVEN)
    pairs = tiny.pairs([3, 1, 5, 2, 4, 1])
    return dataclasses.replace(batch, label_kinds_BL=kinds), dataclasses.replace(
        pairs,
        valid_S=torch.arange(6) < 5,
        group_S=torch.tensor([7, 1, 2, 7, 4, 5]),
    )


def take_step(ranks: Ranks, *, family, is_broken=False, **options):
    """Take one step; return the trainer, the metrics, the gradients and what was trained.

    With `is_broken` the second half of the sequences has frames at no time.
    """
    tiny = tiny_of(family)
    trainer = Trainer(tiny.model(gates=0.3), recipe_of(**options), ranks)
    batch, pairs = batches_of(tiny)
    if is_broken:
        batch.media.frame_times_BMF[2] = torch.nan
    rows, num_pairs = (n // ranks.size for n in (4, 6))
    batch = batch.rows(ranks.rank * rows, (ranks.rank + 1) * rows)
    pairs = pairs.rows(ranks.rank * num_pairs, (ranks.rank + 1) * num_pairs)
    metrics = trainer.step(batch, pairs if trainer.recipe.is_contrastive else None)
    named = trainer.model.named_parameters()
    gradients = {f"gradient.{n}": p.grad.clone() for n, p in named if p.grad is not None}
    state = {f"state.{n}": t.clone() for n, t in trainer.model.trained_state().items()}
    return trainer, metrics, gradients | state


def main(folder: Path) -> None:
    """Take all steps."""
    torch.set_num_threads(1)
    with join_ranks() as ranks:
        for name, options in CASES.items():
            trainer, metrics, tensors = take_step(ranks, **options)
            plain = dataclasses.asdict(metrics) | {"ledger": dataclasses.asdict(trainer.ledger)}
            (folder / f"{name}-{ranks.rank}.json").write_text(json.dumps(plain))
            save_file(tensors, folder / f"{name}-{ranks.rank}.safetensors")
            trainer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
