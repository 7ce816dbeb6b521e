"""The streams of a recipe: shared evenly, resumable, the same for any number of ranks."""

import dataclasses
from itertools import islice

import pytest
import torch

from interlink.model.data.dataset import open_dataset
from interlink.model.data.order import World
from interlink.model.held_out import HeldOut
from interlink.model.recipe import TrainRecipe
from interlink.model.training_data import TrainingStreams, make_samples
from interlink.schemas.errors import UsageError


@pytest.fixture
def grow(small_dataset, rewrite, make_documents):
    """Adds documents of new videos, of which one half is held out."""

    def add(*names):
        new = [
            dataclasses.replace(document, split="eval" if number % 2 else "train")
            for number, document in enumerate(make_documents(*names))
        ]
        rewrite([*open_dataset(small_dataset).documents(), *new])

    return add


def first(streams, count):
    return [(batch.sequence_ids, pairs.pair_ids) for batch, pairs in islice(streams, count)]


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("workers", [0, 1, 3])
def test_ranks_and_workers_do_not_change_what_a_step_sees(recipe, processor, size, workers):
    batch = dataclasses.replace(recipe.batch, num_workers=workers)
    same = dataclasses.replace(recipe, batch=batch)
    ranks = [TrainingStreams(same, processor, World(rank=r, size=size)) for r in range(size)]
    whole = first(TrainingStreams(recipe, processor, World()), 5)
    parts = zip(*(first(streams, 5) for streams in ranks), strict=True)
    joined = [tuple(sum(names, ()) for names in zip(*part, strict=True)) for part in parts]
    assert joined == whole


def test_streams_go_on_where_they_were(recipe, processor):
    streams = TrainingStreams(recipe, processor, World())
    whole = first(streams, 6)
    again = TrainingStreams(recipe, processor, World())
    begun = first(again, 2)
    later = TrainingStreams(recipe, processor, World())
    later.load_state_dict(again.state_dict())
    assert begun + first(later, 4) == whole


def test_the_first_sequences_are_those_of_the_stream_and_leave_it(recipe, processor):
    streams = TrainingStreams(recipe, processor, World())
    batch = streams.first_sequences()
    again, _ = next(iter(streams))
    assert batch.sequence_ids[:2] == again.sequence_ids
    assert torch.equal(batch.input_ids_BL[:2], again.input_ids_BL)


def test_a_batch_that_ranks_cannot_share_is_refused(recipe, processor):
    with pytest.raises(UsageError, match=r"batch\.sequences=2 cannot be shared .* 3 ranks"):
        TrainingStreams(recipe, processor, World(rank=0, size=3))


def test_a_batch_larger_than_the_dataset_is_refused_at_once(plain_recipe, processor):
    batch = plain_recipe["batch"] | {"sequences": 1000}
    recipe = TrainRecipe.from_mapping(plain_recipe | {"batch": batch})
    with pytest.raises(UsageError, match=r"fewer than batch\.sequences=1000: lower it"):
        TrainingStreams(recipe, processor, World())


def test_everything_reads_one_version_while_the_dataset_grows(plain_recipe, processor, grow):
    recipe = TrainRecipe.from_mapping(plain_recipe)
    before = TrainingStreams(recipe, processor, World())
    assert before.source["version"] == 1
    assert before.source["url"] == recipe.dataset
    grow(*"mnop")
    newest = TrainingStreams(recipe, processor, World())
    assert newest.source["version"] == 2
    assert newest.source["content_digest"] != before.source["content_digest"]
    same = TrainingStreams(recipe, processor, World(), version=1)
    assert same.source == before.source
    same.load_state_dict(before.state_dict())
    named = TrainRecipe.from_mapping(plain_recipe | {"version": 1})
    assert TrainingStreams(named, processor, World()).source == before.source
    assert TrainingStreams(named, processor, World(), version=2).source == newest.source
    assert named.digest == recipe.digest
    pairs = make_samples(recipe, processor, form="pairs", version=1)
    assert pairs.dataset.manifest.version == 1
    held_out = [HeldOut.of(recipe, processor, World(), version=v) for v in (1, 2, None)]
    digests = [each.packed.state_dict()["packing"] for each in held_out]
    assert digests[0] != digests[1] == digests[2]


def test_the_manifest_is_opened_once_for_sequences_and_pairs(recipe, processor, monkeypatch):
    opened = []

    def spy(*arguments, **options):
        opened.append(arguments)
        return open_dataset(*arguments, **options)

    monkeypatch.setattr("interlink.model.training_data.open_dataset", spy)
    TrainingStreams(recipe, processor, World())
    assert len(opened) == 1


def test_without_contrastive_loss_there_are_no_pairs(plain_recipe, processor):
    recipe = TrainRecipe.from_mapping(plain_recipe | {"contrastive_weight": 0})
    _, pairs = next(iter(TrainingStreams(recipe, processor, World())))
    assert pairs is None
    assert list(HeldOut.of(recipe, processor, World()).pair_batches()) == []


def test_a_view_that_is_misspelt_is_told(plain_recipe, processor):
    wrong = TrainRecipe.from_mapping(plain_recipe | {"view": "gold"})
    with pytest.raises(UsageError, match="gold"):
        TrainingStreams(wrong, processor, World())
