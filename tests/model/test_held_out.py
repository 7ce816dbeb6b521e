"""What is held out: never trained on, the same at each evaluation, and told where it is nothing."""

import dataclasses
from itertools import islice

import pytest

from interlink.model.data.dataset import open_dataset
from interlink.model.data.order import World
from interlink.model.data.packing import NothingFits
from interlink.model.held_out import HeldOut
from interlink.model.recipe import TrainRecipe
from interlink.model.training_data import TrainingStreams


@pytest.fixture
def overlap(small_dataset, rewrite):
    """Holds out further windows of the first videos that are trained on."""

    def add(count):
        documents = list(open_dataset(small_dataset).documents())
        trained = [document for document in documents if document.split == "train"]
        second = [
            dataclasses.replace(document, split="eval", document_id=document.document_id[::-1])
            for document in trained[:count]
        ]
        rewrite([*documents, *second])

    return add


@pytest.fixture
def only_speech(small_dataset, rewrite):
    """Leaves no text but speech in the documents of one split."""

    def spoken(document):
        clips = tuple(
            dataclasses.replace(clip, texts=tuple(t for t in clip.texts if t.kind == "speech"))
            for clip in document.clips
        )
        return dataclasses.replace(document, clips=clips)

    def strip(split):
        documents = open_dataset(small_dataset).documents()
        rewrite([spoken(d) if d.split == split else d for d in documents])

    return strip


def test_documents_whose_video_is_trained_on_are_not_held_out(plain_recipe, processor, overlap):
    overlap(3)
    recipe = TrainRecipe.from_mapping(plain_recipe)
    held_out = HeldOut.of(recipe, processor, World())
    assert held_out.num_overlapping == 3
    names = [name for batch in held_out.packed_batches() for name in batch.sequence_ids]
    found = {d for name in names if ":" in name for d in name.split(":")[1].split("+")}
    dataset = open_dataset(recipe.dataset)
    trained = {d.video_id for d in dataset.through("train").documents()}
    assert len(found) == 4
    assert not {dataset.find(document).video_id for document in found} & trained
    pairs = {name for batch in held_out.pair_batches() for name in batch.pair_ids}
    assert {name.split("/")[0] for name in pairs - {"padding"}} == found


def test_a_view_that_is_all_trained_on_is_told(plain_recipe, processor):
    evaluation = plain_recipe["evaluation"] | {"view": "train"}
    recipe = TrainRecipe.from_mapping(plain_recipe | {"evaluation": evaluation})
    with pytest.raises(NothingFits, match="all 8 samples of view 'train' are trained on"):
        HeldOut.of(recipe, processor, World())


def test_without_a_view_nothing_may_be_measured(plain_recipe, processor):
    evaluation = plain_recipe["evaluation"] | {"view": None}
    recipe = TrainRecipe.from_mapping(plain_recipe | {"evaluation": evaluation})
    with pytest.raises(ValueError, match=r"evaluation\.view is null"):
        HeldOut.of(recipe, processor, World())


def test_where_no_pairs_are_held_out_the_rest_is_measured(plain_recipe, processor, only_speech):
    only_speech("eval")
    recipe = TrainRecipe.from_mapping(plain_recipe | {"text": {"speech": "on"}})
    held_out = HeldOut.of(recipe, processor, World())
    assert held_out.pairs is None
    assert sum(len(batch.sequence_ids) for batch in held_out.packed_batches()) > 0


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
    trained = documents(batch.sequence_ids for batch, _ in islice(streams, 8))
    assert len(documents(names[0])) == 4
    assert not documents(names[0]) & trained
