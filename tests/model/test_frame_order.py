"""Which colour came first? Answered with frame-time embeddings, and a coin's toss without."""

import importlib.util
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from interlink.model.cosmo.batch import NO_LOSS
from interlink.model.tiny.pictures import render_clip
from interlink.model.tiny.text import QUESTION
from interlink.model.tiny.words import BACKGROUNDS, COLORS, SHAPES
from interlink.model.tiny.world import HEIGHT_PX, WIDTH_PX, Scene, Thing, pick, visible_colors

STEPS = 200
"""Enough for the model without time embedding to learn that it must name one of the two colours."""
ITEMS = 32
"""Items of one step: all new, there is nothing to memorise."""
TEST_ITEMS = 2000
"""Each is asked in both orders."""
SEEDS = (0, 1, 2)


def load_taught():
    path = Path(__file__).with_name("taught.py")
    spec = importlib.util.spec_from_file_location("interlink_test_taught", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Item:
    """Two pictures with one shape each."""

    colors: tuple[str, str]
    pictures: np.ndarray
    """uint8, [2, 3, H, W]."""

    def reverse(self) -> "Item":
        """Return the same pictures in the other order, shown at the same times."""
        return Item(colors=self.colors[::-1], pictures=self.pictures[::-1].copy())


def sample_item(rng, size_px: int) -> Item:
    colors = tuple(rng.choice(list(COLORS), 2, replace=False).tolist())
    pictures = []
    for color in colors:
        thing = Thing(
            color=color,
            shape=pick(rng, tuple(SHAPES)),
            motion="still",
            x_px=WIDTH_PX * rng.uniform(0.2, 0.8),
            y_px=HEIGHT_PX * rng.uniform(0.25, 0.75),
            radius_px=rng.uniform(36, 52),
        )
        background = pick(rng, [b for b in BACKGROUNDS if color in visible_colors(b)])
        scene = Scene(background=background, camera="is still", things=(thing,), screen_text="")
        pictures.append(render_clip(scene, rng, num_frames=1, size_px=size_px)[0])
    return Item(colors=colors, pictures=np.stack(pictures))


class Questions:
    """Items as batches; the answer's place is the same in all."""

    def __init__(self, taught, pupil) -> None:
        self.taught, self.pupil = taught, pupil
        before = QUESTION.partition("{color}")[0].strip()
        asked = pupil.vocabulary.encode([before])
        self.answer = len(asked) + 2  # after <s> and <visual>
        whole = [pupil.vocabulary.encode([QUESTION.format(color=color)]) for color in COLORS]
        assert all(row[: len(asked)] == asked for row in whole)
        self.words = {c: row[len(asked)][0] for c, row in zip(COLORS, whole, strict=True)}
        assert len(set(self.words.values())) == len(COLORS)

    def batch(self, items):
        """Return a packed batch that has loss on the answer and what follows."""
        clips = [
            self.taught.TaughtClip(
                text=QUESTION.format(color=item.colors[0]),
                frames=self.taught.frames_of(item.pictures, seconds=1.0),
            )
            for item in items
        ]
        batch = self.pupil.pack([[clip] for clip in clips])
        labels, kinds = batch.labels_BL.clone(), batch.label_kinds_BL.clone()
        labels[:, : self.answer], kinds[:, : self.answer] = NO_LOSS, -1
        return replace(batch, labels_BL=labels, label_kinds_BL=kinds)

    def shown(self, items):
        """Return the tokens of the colours shown: [N, 2], the right answer first."""
        return torch.tensor([[self.words[color] for color in item.colors] for item in items])


@torch.no_grad()
def count_hits(questions, model, items):
    """Return how many items are answered with the first colour, and with one of the two."""
    answers = model(questions.batch(items))[:, questions.answer - 1].argmax(-1)
    is_shown = answers[:, None] == questions.shown(items)
    return torch.stack([is_shown[:, 0].sum(), is_shown.any(1).sum()])


def learn(seed: int):
    """Train two models on the same items, with time embedding and without.

    Returns:
        Of each the share of test items that it answers with the first colour, and the share that it
        answers with one of the two.
    """
    taught = load_taught()
    pupils = [taught.Pupil.make(seed=seed, frame_time_embedding=on) for on in (True, False)]
    tower = taught.RememberingTower(pupils[0].model.tower)
    for pupil in pupils:
        pupil.model.tower = tower
    questions = Questions(taught, pupils[0])
    size_px = pupils[0].model.processor.size_px
    rng = np.random.default_rng([seed, 31])
    trainers = None
    for _ in range(STEPS):
        batch = questions.batch([sample_item(rng, size_px) for _ in range(ITEMS)])
        trainers = trainers or [
            pupil.trainer(batch, steps=STEPS, contrastive_weight=0.0) for pupil in pupils
        ]
        for trainer in trainers:
            trainer.step(batch)
        tower.forget()
    rng, hits = np.random.default_rng([seed, 32]), torch.zeros(2, 2)
    for _ in range(TEST_ITEMS // 100):
        items = [sample_item(rng, size_px) for _ in range(100)]
        items += [item.reverse() for item in items]
        hits += torch.stack([count_hits(questions, pupil.model, items) for pupil in pupils])
        tower.forget()
    return (hits / (2 * TEST_ITEMS)).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_frames_is_known_with_time_embedding_and_only_then(seed):
    (first, _), (guessed, either) = learn(seed)
    assert first >= 0.95
    assert 0.45 <= guessed <= 0.55
    assert either >= 0.95
