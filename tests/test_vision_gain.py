"""The demo's lesson, learned with every clip's pictures exchanged: then there is nothing to see.

That the same training with the right pictures gains at least 0.05 nats per token is checked on the
demo itself, by `examples/check_training.py`.
"""

import dataclasses
from itertools import count

import pytest
import torch

from interlink.examples.lesson_story import Lesson
from interlink.examples.training_dataset import write_lesson
from interlink.model import train as train_file
from interlink.model.cosmo.batch import Media
from interlink.model.derange import derange_media
from interlink.model.recipe import TrainRecipe
from interlink.model.training_data import TrainingStreams
from interlink.pipeline.storage.store import Store


class DerangedStreams(TrainingStreams):
    """The streams of a training, where no text has the pictures that it is about."""

    def __iter__(self):
        for (packed, pairs), seed in zip(super().__iter__(), count(), strict=False):
            fields = (f.name for f in dataclasses.fields(Media))
            shift = 1 + seed % (len(pairs.pair_ids) - 1)
            moved = {name: getattr(pairs.media, name).roll(shift, 0) for name in fields}
            yield (
                derange_media(packed, seed),
                dataclasses.replace(pairs, media=Media(**moved)),
            )


@pytest.mark.slow
def test_a_control_on_deranged_media_gains_nothing_from_seeing(tmp_path, monkeypatch):
    torch.set_num_threads(1)
    monkeypatch.setattr(train_file, "TrainingStreams", DerangedStreams)
    dataset = tmp_path / "dataset"
    write_lesson(Lesson(), run=Store(str(tmp_path / "run")), dataset=Store(str(dataset)))
    places = {"dataset": str(dataset), "output": str(tmp_path / "control")}
    report = train_file.train(TrainRecipe.from_mapping({"preset": "debug"} | places))
    assert report.after.documents == report.before.documents == 64
    # It learns the language of the captions all the same.
    assert report.after.loss < report.before.loss - 0.3
    assert abs(report.after.vision_gain) < 0.01
    assert report.after.retrieval_top1 < 0.1
