"""Recipes: presets, what overrules them, and one clear sentence for each mistake."""

import json

import pytest

from interlink.model.recipe import PRESETS, TrainRecipe, read_preset, without_places
from interlink.schemas.errors import UsageError


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_whole_but_for_the_dataset(name):
    recipe = TrainRecipe.from_mapping({"preset": name, "dataset": "d"})
    assert recipe.dataset == "d"
    assert recipe.model.faithful == (name == "faithful-2b")
    assert json.loads(json.dumps(recipe.to_plain()))["model"]["unimodal_depth"] >= 2


def test_a_recipe_overrules_its_preset_key_by_key():
    plain = {
        "preset": "debug",
        "dataset": "d",
        "optimizer": {"lr": 2e-3},
        "model": {"qk_norm": False},
    }
    recipe = TrainRecipe.from_mapping(plain)
    assert recipe.optimizer.lr == 2e-3
    assert recipe.optimizer.tokens == read_preset("debug")["optimizer"]["tokens"]
    assert recipe.model.language_model == "tiny-base"
    assert not recipe.model.qk_norm


def test_speech_is_shown_without_loss_by_default(plain_recipe):
    recipe = TrainRecipe.from_mapping(plain_recipe)
    assert recipe.text.loss_weight("speech") == 0
    assert recipe.text.loss_weight("caption") == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": None}, "dataset=None is not allowed"),
        ({"datset": "d"}, "recipe.datset is unknown; its keys are dataset"),
        ({"preset": "cosmo-9b"}, "no preset 'cosmo-9b'; presets are debug"),
        ({"model": {"depth": 3}}, "model.depth is unknown"),
        ({"model": 3}, "model is 3, it must be a mapping"),
        ({"batch": {"sequences": 0}}, "batch.sequences=0 must be at least 1"),
        ({"batch": {"sequence": 1}}, "batch.sequence is unknown"),
        ({"optimizer": {"lr": "fast"}}, "optimizer.lr='fast' is not allowed"),
        ({"optimizer": {"lr": -1}}, "optimizer.lr=-1.0 must be at least 0"),
        ({"optimizer": {"tokens": 5, "warmup_tokens": 9}}, "warmup_tokens=9 must be below"),
        ({"optimizer": {"max_grad_norm": 0}}, "max_grad_norm=0.0 must be above 0"),
        ({"evaluation": {"every_steps": 0}}, "evaluation.every_steps=0 must be at least 1"),
        ({"checkpoint": {"keep": 0}}, "checkpoint.keep=0 must be at least 1"),
        ({"contrastive_weight": -1}, "contrastive_weight=-1.0 must be at least 0"),
        ({"contrastive_weight": ".nan"}, "must be|not allowed"),
        ({"seed": "x"}, "seed='x' is not allowed"),
        ({"text": {"kinds": ["captoin"]}}, "no kind of text 'captoin'"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(changes, message):
    with pytest.raises(UsageError, match=message) as caught:
        TrainRecipe.from_mapping({"preset": "debug", "dataset": "d"} | changes)
    assert "\n" not in str(caught.value)


def test_a_recipe_without_a_preset_says_what_is_missing():
    with pytest.raises(UsageError, match=r"recipe\.model is missing"):
        TrainRecipe.from_mapping({"dataset": "d"})


def test_the_digest_tells_what_is_learned_and_not_where(plain_recipe):
    digests = [
        TrainRecipe.from_mapping(plain_recipe | changes).digest
        for changes in (
            {},
            {"output": "o", "dataset": "d"},
            {"checkpoint": {"keep": 5}},
            {"seed": 1},
        )
    ]
    assert digests[0] == digests[1] == digests[2] != digests[3]


def test_leaving_out_places_leaves_what_was_given_as_it_is(recipe):
    plain = recipe.to_plain()
    kept = without_places(plain)
    assert "num_workers" in plain["batch"]
    assert "num_workers" not in kept["batch"]
    assert "output" not in kept
