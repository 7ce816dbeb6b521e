"""Documents of the generated world as batches, and models on the tiny base that learn from them.

Loaded by path by the tests of learning: tests are no package to import from.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from interlink.model.cosmo.batch import PackedBatch, PairBatch
from interlink.model.cosmo.calibrate import calibrate
from interlink.model.cosmo.model import Cosmo
from interlink.model.data.collate import ClipFrames, PackedRow, stack_media, stack_packed
from interlink.model.data.policy import Piece
from interlink.model.data.render import Chunk, Rendered, render
from interlink.model.data.vocabulary import Vocabulary
from interlink.model.recipe import TrainRecipe
from interlink.model.trainer import Trainer
from interlink.schemas.text import TextKind


@dataclass(frozen=True)
class TaughtClip:
    """Frames, and what is said of them."""

    text: str
    frames: ClipFrames


class RememberingTower(nn.Module):
    """A frozen tower that looks at each picture once."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower
        self.size_px, self.mean, self.std = tower.size_px, tower.mean, tower.std
        self.width, self.num_patches = tower.width, tower.num_patches
        self.seen: dict[bytes, Tensor] = {}

    def forward(self, pixels_NCHW: Tensor) -> Tensor:
        """Return the features of pictures, old and new."""
        keys = [hashlib.blake2b(picture.numpy()).digest() for picture in pixels_NCHW]
        new = list({key: n for n, key in enumerate(keys) if key not in self.seen}.items())
        for start in range(0, len(new), 64):
            part = new[start : start + 64]
            features = self.tower(pixels_NCHW[[n for _, n in part]])
            self.seen.update(zip([key for key, _ in part], features, strict=True))
        return torch.stack([self.seen[key] for key in keys])

    def forget(self) -> None:
        """Make room."""
        self.seen.clear()


@dataclass(frozen=True)
class Pupil:
    """A model of the `debug` preset on the tiny base, and what trains it."""

    model: Cosmo
    vocabulary: Vocabulary
    recipe: TrainRecipe

    @classmethod
    def make(cls, *, seed: int, **changes) -> "Pupil":
        """Build one; `changes` overrule the preset's `model` section."""
        recipe = TrainRecipe.from_mapping({"preset": "debug", "dataset": "none", "model": changes})
        model = Cosmo.build(recipe.model, seed=seed)
        return cls(model, Vocabulary.of(model.processor.tokenizer), recipe)

    def trainer(
        self, batch: PackedBatch, *, steps: int, contrastive_weight: float = 1.0
    ) -> Trainer:
        """Return a trainer for `steps` steps on batches of the size of this one.

        The first 20 steps warm up, as in the preset, whose other settings are kept.
        """
        calibrate(self.model, batch)
        tokens = int((batch.document_BL >= 0).sum())
        optimizer = replace(self.recipe.optimizer, tokens=steps * tokens, warmup_tokens=20 * tokens)
        recipe = replace(self.recipe, optimizer=optimizer, contrastive_weight=contrastive_weight)
        return Trainer(self.model, recipe)

    def render(self, clips: Sequence[TaughtClip]) -> Rendered:
        """Render a document as the data room does."""
        chunks = [Chunk(pieces=(Piece(kind=TextKind.GIVEN, text=clip.text),)) for clip in clips]
        return render(chunks, self.vocabulary, self.recipe.text.loss_weight)

    def pack(self, documents: Sequence[Sequence[TaughtClip]]) -> PackedBatch:
        """Put each document into a row of its own."""
        rows = [
            PackedRow(
                documents=[self.render(clips)],
                clips=[clip.frames for clip in clips],
                name=f"document {number}",
            )
            for number, clips in enumerate(documents)
        ]
        return stack_packed(
            rows,
            length=max(len(row.documents[0].ids) for row in rows),
            pad_id=self.vocabulary.pad_id,
            size_px=self.model.processor.size_px,
        )

    def pair(self, clips: Sequence[TaughtClip]) -> PairBatch:
        """Return one pair per clip; all are one another's negatives."""
        rows = [self.render([clip]).ids for clip in clips]
        length = max(map(len, rows))
        pad = self.vocabulary.pad_id
        return PairBatch(
            input_ids_SL=torch.tensor([row + [pad] * (length - len(row)) for row in rows]),
            attention_SL=torch.tensor(
                [[True] * len(row) + [False] * (length - len(row)) for row in rows]
            ),
            media=stack_media(
                [[clip.frames] for clip in clips], size_px=self.model.processor.size_px
            ),
            valid_S=torch.ones(len(rows), dtype=torch.bool),
            group_S=torch.arange(len(rows)),
            pair_ids=tuple(f"pair {number}" for number in range(len(rows))),
        )


def frames_of(pictures: np.ndarray, *, seconds: float) -> ClipFrames:
    """Return pictures (uint8, [F, 3, H, W]) as frames spread evenly over some seconds."""
    times = np.linspace(0, seconds, len(pictures), dtype=np.float32)
    return ClipFrames(pixels_FCHW=pictures, times_F=times)
