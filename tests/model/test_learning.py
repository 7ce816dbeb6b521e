"""On the tiny base, COSMO learns eight documents, and only from what they show."""

import importlib.util
import math
import statistics
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from interlink.model.tiny.pictures import render_clip
from interlink.model.tiny.words import BACKGROUNDS, COLORS
from interlink.model.tiny.world import describe, pick, sample_scene, visible_colors

STEPS = 300


def load_taught():
    path = Path(__file__).with_name("taught.py")
    spec = importlib.util.spec_from_file_location("interlink_test_taught", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def eight_documents(taught, rng, size_px: int):
    """Two clips each; the colour in the first clip is the first that tells them apart.

    Captions start with "The": "A" and "An" would give one colour away.
    """
    documents, said = [], set()

    def new_scene(color=None):
        """Return one of which nothing was said before: they could not be told apart."""
        while True:
            scene = sample_scene(rng)
            if color is not None:
                background = pick(rng, [b for b in BACKGROUNDS if color in visible_colors(b)])
                first = replace(scene.things[0], color=color)
                scene = replace(scene, background=background, things=(first,))
            if caption_of(scene) not in said:
                said.add(caption_of(scene))
                return scene

    for color in COLORS:
        scenes = [new_scene(color), new_scene()]
        documents.append([shown_clip(taught, scene, rng, size_px) for scene in scenes])
    return documents


def caption_of(scene):
    seen = describe(replace(scene, screen_text="")).partition("; the camera")[0]
    return f"The {seen.partition(' ')[2]}."


def shown_clip(taught, scene, rng, size_px: int):
    scene = replace(scene, screen_text="")
    pictures = render_clip(scene, rng, num_frames=2, size_px=size_px)
    return taught.TaughtClip(text=caption_of(scene), frames=taught.frames_of(pictures, seconds=2.0))


def telling_position(batch):
    """Where the tokens of all documents first differ; there they are all different."""
    ids = batch.input_ids_BL
    position = int((ids != ids[:1]).any(0).nonzero()[0])
    assert len(ids[:, position].unique()) == len(ids)
    return position


def media_of(media, rows):
    return type(media)(**{name: getattr(media, name)[rows] for name in type(media).__slots__})


def derangement(rng, size: int):
    """A permutation that leaves nothing in its place."""
    while True:
        order = rng.permutation(size)
        if (order != np.arange(size)).all():
            return torch.from_numpy(order)


@dataclass
class Run:
    """What each step showed, before it was taken."""

    loss: list[float]
    """Nats per token."""
    telling: list[float]
    """The same of the first token that tells the documents apart."""
    top1: list[float]

    def is_learned(self) -> bool:
        """Whether the last step knew everything, the telling token too."""
        return self.loss[-1] < 0.05 and self.telling[-1] < 0.05 and self.top1[-1] == 1


def learn(*, deranged: bool, seed: int = 0) -> Run:
    """Train for `STEPS` steps, or until all is learned."""
    taught = load_taught()
    rng = np.random.default_rng([seed, 21])
    pupil = taught.Pupil.make(seed=seed)
    pupil.model.tower = taught.RememberingTower(pupil.model.tower)
    documents = eight_documents(taught, rng, pupil.model.processor.size_px)
    batch = pupil.pack(documents)
    pairs = pupil.pair([clip for clips in documents for clip in clips])
    position = telling_position(batch)
    trainer = pupil.trainer(batch, steps=STEPS)
    run = Run([], [], [])

    def listen(_, __, logits):
        target = batch.input_ids_BL[:, position]
        run.telling.append(functional.cross_entropy(logits[:, position - 1], target).item())

    pupil.model.register_forward_hook(listen)
    shown, shown_pairs = batch, pairs
    for _ in range(STEPS):
        if deranged:  # rows and their pairs are shown the same wrong documents
            other = derangement(rng, len(documents))
            of_pair = torch.stack([2 * other, 2 * other + 1], 1).flatten()
            shown = replace(batch, media=media_of(batch.media, other))
            shown_pairs = replace(pairs, media=media_of(pairs.media, of_pair))
        metrics = trainer.step(shown, shown_pairs)
        run.loss.append(metrics.loss_by_kind["given"])
        run.top1.append(metrics.retrieval_top1)
        if run.is_learned():
            break
    return run


@pytest.mark.slow
def test_eight_documents_are_learned():
    """The telling token is looked at by itself: among the others its loss is not seen."""
    run = learn(deranged=False)
    assert len(run.loss) <= STEPS
    assert run.loss[-1] < 0.05
    assert run.top1[-1] == 1
    assert run.telling[-1] < 0.05


@pytest.mark.slow
def test_with_media_of_other_documents_neither_their_words_nor_their_pairs_are_learned():
    """The right media are never shown, so that the least possible loss is ln 7."""
    run = learn(deranged=True)
    assert len(run.telling) == STEPS
    assert statistics.mean(run.telling) >= 0.9 * math.log(8)
    assert statistics.mean(run.top1) <= 0.25
    assert statistics.mean(run.top1[-50:]) <= 0.25
