"""A training described before it begins, against the training itself."""

import dataclasses
import json

import pytest

from interlink.model.cosmo.counts import count_parameters
from interlink.model.cosmo.model import Cosmo
from interlink.model.data.dataset import open_dataset
from interlink.model.data.packing import NothingFits
from interlink.model.dry_run import describe_training, step_shape
from interlink.model.recipe import TrainRecipe, read_preset
from interlink.model.train import train
from interlink.schemas.errors import UsageError
from interlink.schemas.view import Rule, View


def changed(plain, **sections):
    """The recipe with some keys of its sections changed."""
    merged = {
        name: plain.get(name, {}) | value if isinstance(value, dict) else value
        for name, value in sections.items()
    }
    return TrainRecipe.from_mapping(plain | merged)


def test_parameters_are_those_of_the_model_that_is_built(recipe):
    found = describe_training(recipe)
    assert found.counts == count_parameters(Cosmo.build(recipe.model))
    assert found.counts.trainable > 0 < found.counts.frozen
    assert found.memory.total > found.memory.frozen_weights == 2 * found.counts.frozen


def test_steps_are_about_those_that_a_training_takes(recipe):
    found = describe_training(recipe)
    report = train(recipe)
    assert found.data.steps == pytest.approx(report.steps, abs=1)
    last = json.loads((report.output / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["event"] == "evaluation"
    assert found.data.train.epochs == pytest.approx(found.data.steps / found.data.train.batches)


def test_the_data_of_both_views_and_of_the_pairs_is_counted(recipe):
    data = describe_training(recipe).data
    assert data.train.counts.documents == 8
    held_out = data.held_out
    assert (held_out.documents, held_out.samples, held_out.clips) == (4, 4, 12)
    assert held_out.num_overlapping == 0
    assert data.pairs.windows == data.pairs.clips == 24
    assert sum(data.train.counts.tokens_with_loss.values()) > 0


def test_a_dataset_that_holds_nothing_out_is_described_all_the_same(plain_recipe, monkeypatch):
    url = plain_recipe["dataset"]
    none = View(name="none", rules=(Rule(column="split", op="==", value="nowhere"),))
    manifest = open_dataset(url).manifest
    monkeypatch.setattr(
        "interlink.model.data.dataset.read_manifest",
        lambda files, version: dataclasses.replace(manifest, views=(*manifest.views, none)),
    )
    found = describe_training(changed(plain_recipe, evaluation={"view": "none"}))
    assert found.data.held_out is None
    assert "view 'none' of" in found.data.why_none_held_out
    assert "has no document" in found.data.why_none_held_out


def test_a_view_without_such_texts_is_described_all_the_same(plain_recipe, monkeypatch):
    def refuse(recipe, trained):
        raise NothingFits("view 'eval' has no text of kind caption")

    monkeypatch.setattr("interlink.model.dry_run.find_held_out", refuse)
    found = describe_training(TrainRecipe.from_mapping(plain_recipe))
    assert found.data.held_out is None
    assert found.data.why_none_held_out == "nothing: view 'eval' has no text of kind caption"


def test_what_is_trained_on_is_not_held_out(plain_recipe):
    data = describe_training(changed(plain_recipe, evaluation={"view": "train"})).data
    assert data.held_out is None
    assert data.why_none_held_out == "nothing: all 8 samples of view 'train' are trained on"


def test_nothing_may_be_held_out(plain_recipe):
    data = describe_training(changed(plain_recipe, evaluation={"view": None})).data
    assert data.held_out is None
    assert data.why_none_held_out == "nothing, as evaluation.view is null"


def test_without_contrastive_loss_there_are_no_pairs(plain_recipe):
    found = describe_training(changed(plain_recipe, batch={"pairs": 0}))
    assert found.data.pairs is None
    assert found.shape.pairs == 0


def test_ranks_share_the_batch_and_micro_batches_divide_it(plain_recipe):
    recipe = changed(plain_recipe, batch={"sequences": 8, "pairs": 4, "micro_sequences": 2})
    alone, times = step_shape(recipe, 1)
    assert (alone.sequences, times, alone.pairs, alone.media) == (2, 4, 4, 12)
    shared, times = step_shape(recipe, 2)
    assert (shared.sequences, times, shared.pairs) == (2, 2, 2)
    assert describe_training(recipe, ranks=2).tokens_per_step == 2 * 2 * 2 * 128
    with pytest.raises(UsageError, match=r"batch\.sequences=8 cannot be shared .* 3 ranks"):
        step_shape(recipe, 3)


def test_fewer_sequences_than_one_batch_are_refused_before_the_training(plain_recipe):
    recipe = changed(plain_recipe, batch={"sequences": 1000})
    with pytest.raises(UsageError, match=r"fewer than batch\.sequences=1000: lower it"):
        describe_training(recipe)


def test_without_a_dataset_the_model_is_described(plain_recipe):
    found = describe_training(TrainRecipe.from_mapping(plain_recipe | {"dataset": ""}))
    assert found.counts.trainable > 0
    assert found.data is None
    assert found.why_no_data.startswith("The recipe names no dataset; add --set dataset=")


def test_a_tokenizer_that_is_not_here_is_not_fetched(small_dataset, monkeypatch):
    def no_network(*arguments, **options):
        raise AssertionError("nothing may be fetched")

    monkeypatch.setattr("huggingface_hub.snapshot_download", no_network)
    content = read_preset("cosmo-2b") | {"dataset": small_dataset}
    found = describe_training(TrainRecipe.from_mapping(content), ranks=8)
    assert found.counts.trainable == pytest.approx(212.5e6, rel=1e-3)
    assert found.tokens_per_step == 512 * 512
    assert found.accumulation == 4
    assert found.data is None
    assert "The tokenizer of facebook/opt-iml-max-1.3b is not on this machine" in found.why_no_data
