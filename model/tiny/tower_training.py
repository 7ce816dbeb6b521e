"""Trains the tiny vision tower on pictures and captions, by the symmetric contrastive loss.

Shapes: N pairs, L tokens, P patches, W words, V vision width, Y twice that,
C channels, H W pixels.
"""

import hashlib
import logging
import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own name for it)
from transformers import PreTrainedTokenizerFast

from ..cosmo.tiny_tower import TinyBlock, TinyTower
from .pictures import ScenePictures
from .recipe import TowerRecipe
from .tokenizer import content_token_ids
from .training import Descent, reproducible
from .words import TITLES
from .world import Scene, describe_picture, pick, sample_scene, title_card

Pair = tuple[NDArray[np.uint8], str]
"""A picture, uint8, shape (3, size_px, size_px), RGB, and its caption."""

MAX_CAPTION_TOKENS = 64
NUM_UNSEEN = 256
_WORD_WEIGHT = 40.0
"""Loss on the word "left" after 400 steps: 0.13, and 0.5 with a weight of 10 and positions that
begin half as large."""
_HELD_OUT = 8
"""One caption in so many is kept from training, by its hash."""
_TITLE_SHARE = 0.03
_LOG_EVERY = 100
_logger = logging.getLogger(__name__)


class PairTrainer(nn.Module):
    """The tower with what only its training needs: a text encoder of one block, two projections."""

    def __init__(self, tower: TinyTower, vocab_size: int, word_ids: Sequence[int]) -> None:
        super().__init__()
        width = tower.width
        self.tower = tower
        self.embedding = nn.Embedding(vocab_size, width)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.position_LV = nn.Parameter(0.1 * torch.randn(MAX_CAPTION_TOKENS, width))
        self.text_block = TinyBlock(width, tower.config.heads)
        self.text_norm = nn.LayerNorm(width)
        self.picture_projection = nn.Linear(2 * width, width, bias=False)
        self.text_projection = nn.Linear(width, width, bias=False)
        self.word_ids_W: Tensor
        self.register_buffer("word_ids_W", torch.tensor(word_ids), persistent=False)
        self.word_head = nn.Linear(2 * width, len(word_ids))
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, pictures_NCHW: Tensor, ids_NL: Tensor) -> tuple[Tensor, Tensor]:
        """Return scaled similarities_NN of pictures (rows) with captions, and words_NW.

        The second are logits of each content word standing in a picture's caption.
        """
        seen_NY = self._look(pictures_NCHW)
        picture_NV = F.normalize(self.picture_projection(seen_NY), dim=-1)
        scale = self.logit_scale.clamp(max=math.log(100.0)).exp()
        return scale * picture_NV @ self._text(ids_NL).T, self.word_head(seen_NY)

    def loss(self, pictures_NCHW: Tensor, ids_NL: Tensor) -> Tensor:
        """Return the contrastive loss, plus that of saying which words the captions have.

        Among random pairs colour and background tell nearly all apart: by the contrastive loss
        alone, shape and place are learned late.
        """
        logits_NN, words_NW = self(pictures_NCHW, ids_NL)
        has_word_NW = ids_NL[:, :, None].eq(self.word_ids_W).any(1).float()
        word_loss = F.binary_cross_entropy_with_logits(words_NW, has_word_NW)
        return contrastive_loss(logits_NN, ids_NL) + _WORD_WEIGHT * word_loss

    def _look(self, pictures_NCHW: Tensor) -> Tensor:
        features_NPV = self.tower(self.tower.normalize(pictures_NCHW))
        # A thing covers a few of 64 patches, and the greatest value finds them. [Contrastive loss
        # after 100 steps: 0.48, against 1.43 with learned attention over patches.]
        return torch.cat([features_NPV.mean(1), features_NPV.amax(1)], 1)

    def _text(self, ids_NL: Tensor) -> Tensor:
        mask_NL = ids_NL > 0
        text_NLV = self.embedding(ids_NL) + self.position_LV[: ids_NL.shape[1]]
        text_NLV = self.text_norm(self.text_block(text_NLV, mask_NL)) * mask_NL[..., None]
        mean_NV = text_NLV.sum(1) / mask_NL.sum(1, keepdim=True)
        return F.normalize(self.text_projection(mean_NV), dim=-1)


def train_tower(
    tokenizer: PreTrainedTokenizerFast, recipe: TowerRecipe, seed: int
) -> tuple[TinyTower, tuple[float, float]]:
    """Train a tower.

    Returns:
        The tower, and its retrieval on unseen captions: see `unseen_retrieval`.
    """
    with reproducible(seed + 1):
        words = sorted({i for ids in content_token_ids(tokenizer).values() for i in ids})
        trainer = PairTrainer(TinyTower(recipe.config), len(tokenizer), words)
        descent = Descent(trainer, learning_rate=recipe.learning_rate, steps=recipe.steps)
        rng = np.random.default_rng([seed, 3])
        for step in range(recipe.steps):
            pairs = [sample_pair(rng, recipe.config.size_px) for _ in range(recipe.batch)]
            pictures_NCHW, ids_NL = _batch(pairs, tokenizer)
            loss = trainer.loss(pictures_NCHW, ids_NL)
            descent.step(loss, step)
            if step % _LOG_EVERY == 0 or step == recipe.steps - 1:
                _logger.info("vision tower, step %d: loss %.3f", step, loss.item())
        retrieval = unseen_retrieval(trainer.eval(), tokenizer, seed)
    return trainer.tower, retrieval


def sample_pair(rng: np.random.Generator, size_px: int, *, is_held_out: bool = False) -> Pair:
    """Return a picture and its caption.

    Captions are held out by their hash: those of training and those of testing have none in common.
    """
    while True:
        scene, progress = _sample_moment(rng)
        caption = describe_picture(scene, progress)
        if (_hash(caption) % _HELD_OUT == 0) == is_held_out:
            return ScenePictures(scene, rng, size_px=size_px).draw(progress), caption


def _sample_moment(rng: np.random.Generator) -> tuple[Scene, float]:
    if rng.random() < _TITLE_SHARE:
        return title_card(pick(rng, TITLES)), 0.5
    return sample_scene(rng), rng.random()


def _hash(caption: str) -> int:
    return hashlib.sha256(caption.encode()).digest()[0]


def contrastive_loss(logits_NN: Tensor, ids_NL: Tensor) -> Tensor:
    """Return the symmetric contrastive loss; pairs of equal captions are no negatives."""
    is_same_NN = (ids_NL[:, None] == ids_NL[None]).all(-1)
    is_other_NN = is_same_NN & ~torch.eye(len(ids_NL), dtype=torch.bool)
    logits_NN = logits_NN.masked_fill(is_other_NN, -torch.inf)
    target_N = torch.arange(len(ids_NL))
    return (F.cross_entropy(logits_NN, target_N) + F.cross_entropy(logits_NN.T, target_N)) / 2


@torch.no_grad()
def unseen_retrieval(
    trainer: PairTrainer, tokenizer: PreTrainedTokenizerFast, seed: int
) -> tuple[float, float]:
    """Measure on 256 pairs whose captions differ from one another and were never trained on.

    Returns:
        Share of pictures whose own caption is the nearest, and of captions whose own picture is.
    """
    rng = np.random.default_rng([seed, 4])
    pairs: dict[str, Pair] = {}
    while len(pairs) < NUM_UNSEEN:
        pair = sample_pair(rng, trainer.tower.size_px, is_held_out=True)
        pairs.setdefault(pair[1], pair)
    logits_NN, _ = trainer(*_batch(list(pairs.values()), tokenizer))
    target_N = torch.arange(NUM_UNSEEN)
    hits = [(logits_NN.argmax(side) == target_N).float().mean().item() for side in (1, 0)]
    return hits[0], hits[1]


def _batch(pairs: list[Pair], tokenizer: PreTrainedTokenizerFast) -> tuple[Tensor, Tensor]:
    """Return pictures_NCHW (uint8) and ids_NL, padded with 0."""
    ids = [tokenizer.encode(caption, add_special_tokens=False) for _, caption in pairs]
    ids = [row[:MAX_CAPTION_TOKENS] for row in ids]
    longest = max(map(len, ids))
    padded = torch.tensor([row + [0] * (longest - len(row)) for row in ids])
    return torch.from_numpy(np.stack([picture for picture, _ in pairs])), padded
