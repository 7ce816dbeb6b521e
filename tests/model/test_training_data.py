"""The streams of a recipe: shared evenly, resumable, the same for any number of ranks."""

import dataclasses
from itertools import islice

import pytest
import torch

from interlink.model.cosmo.model import Cosmo
from interlink.model.data.order import World
from interlink.model.recipe import TrainRecipe
from interlink.model.training_data import HeldOut, TrainingStreams
from interlink.schemas.errors import UsageError


@pytest.fixture
def processor(recipe):
    return Cosmo.build(recipe.model).processor


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


def test_without_contrastive_loss_there_are_no_pairs(plain_recipe, processor):
    recipe = TrainRecipe.from_mapping(plain_recipe | {"contrastive_weight": 0})
    _, pairs = next(iter(TrainingStreams(recipe, processor, World())))
    assert pairs is None
    assert list(HeldOut.of(recipe, processor, World()).pair_batches()) == []


def test_what_is_held_out_is_the_same_each_time_and_never_trained_on(recipe, processor):
    held_out = HeldOut.of(recipe, processor, World())
    names = [[b.sequence_ids for b in held_out.packed_batches()] for _ in range(2)]
    assert names[0] == names[1]
    pairs = [[b.pair_ids for b in held_out.pair_batches()] for _ in range(2)]
    assert pairs[0] == pairs[1]

    def documents(groups):
        joined = "+".join(name.split(":")[1] for group in groups for name in group if ":" in name)
        return set(joined.split("+"))

    streams = TrainingStreams(recipe, processor, World())
    trained = documents(ids for ids, _ in first(streams, 8))
    assert len(documents(names[0])) == 4
    assert not documents(names[0]) & trained


def test_a_view_that_is_misspelt_is_told(plain_recipe, processor):
    wrong = TrainRecipe.from_mapping(plain_recipe | {"view": "trian"})
    with pytest.raises(UsageError, match="trian"):
        TrainingStreams(wrong, processor, World())
