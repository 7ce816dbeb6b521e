"""Recipes: presets, what overrules them, and one clear sentence for each mistake."""

import json

import pytest

from interlink.model.recipe import (
    PRESETS,
    OptimizerOptions,
    TrainRecipe,
    read_preset,
    without_places,
)
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
        ({"data_set": "d"}, "recipe.data_set is unknown; its keys are dataset"),
        ({"preset": "cosmo-9b"}, "no preset 'cosmo-9b'; presets are debug"),
        ({"model": {"depth": 3}}, "model.depth is unknown"),
        ({"model": 3}, "model is 3, it must be a mapping"),
        ({"batch": {"sequences": 0}}, "batch.sequences=0 must be at least 1"),
        ({"batch": {"sequence": 1}}, "batch.sequence is unknown"),
        ({"optimizer": {"lr": "fast"}}, "optimizer.lr='fast' is not allowed"),
        ({"optimizer": {"lr": -1}}, "optimizer.lr=-1.0 must be at least 0"),
        ({"optimizer": {"tokens": 5, "warmup_tokens": 9}}, "warmup_tokens=9 must be below"),
        ({"optimizer": {"max_grad_norm": 0}}, "max_grad_norm=0.0 must be finite and above 0"),
        ({"evaluation": {"every_steps": 0}}, "evaluation.every_steps=0 must be at least 1"),
        ({"checkpoint": {"keep": 0}}, "checkpoint.keep=0 must be at least 1"),
        ({"contrastive_weight": -1}, "contrastive_weight=-1.0 must be finite and at least 0"),
        ({"contrastive_weight": ".nan"}, "must be|not allowed"),
        ({"contrastive_weight": float("inf")}, "contrastive_weight=inf is not allowed"),
        ({"output": ""}, "output='' must name a folder"),
        ({"output": "s3://bucket/first"}, "output='s3://bucket/first' is a URL, and must be a"),
        (
            {"model": {"logit_scale_init": float("nan")}},
            "model.logit_scale_init=nan must be finite",
        ),
        ({"version": 0}, "version=0 must be at least 1, or null for the newest"),
        ({"version": True}, "version=True is not allowed: Input should be a valid integer"),
        ({"seed": True}, "seed=True is not allowed"),
        ({"view": None}, "view=None is not allowed"),
        ({"rules": "audit.num_bad == 0"}, "rules is 'audit.num_bad == 0', it must be a list"),
        ({"rules": [{"column": "split"}]}, r"rules\[0\].op is missing"),
        ({"rules": [{"column": "x", "op": "~", "value": 1}]}, r"rules\[0\]: op='~' of column"),
        ({"rules": [{"col": "x"}]}, r"rules\[0\].col is unknown; its keys are column, op, value"),
        ({"batch": {"sequences": True}}, "batch.sequences=True is not allowed"),
        ({"batch": {"sequences": 2.0}}, "batch.sequences=2.0 is not allowed"),
        ({"batch": {"sequences": "2"}}, "batch.sequences='2' is not allowed"),
        ({"batch": {"pairs": 1}}, "batch.pairs=1 compares a pair with nothing: take at least 2"),
        ({"evaluation": {"pairs": 1}}, "evaluation.pairs=1 compares a pair with nothing"),
        ({"optimizer": {"lr": True}}, "optimizer.lr=True is not allowed"),
        ({"optimizer": {"gate_lr": float("inf")}}, "gate_lr=inf is not allowed: .* finite"),
        ({"optimizer": {"gate_lr": float("nan")}}, "gate_lr=nan is not allowed"),
        ({"optimizer": {"final_share": 1.5}}, "final_share=1.5 must be from 0 to 1"),
        ({"optimizer": {"betas": [0.9, 1.0]}}, "betas=.0.9, 1.0. must be at least 0 and below 1"),
        ({"optimizer": {"betas": [-0.1, 0.9]}}, "betas=.-0.1, 0.9. must be at least 0"),
        ({"optimizer": {"betas": [0.9]}}, "optimizer.betas=.* is not allowed"),
        ({"text": {"weights": [{"weight": True}]}}, "weight=True must be a number"),
        ({"text": {"loss_weights": {"given": float("inf")}}}, "loss_weights of given is inf"),
        ({"seed": "x"}, "seed='x' is not allowed"),
        ({"text": {"kinds": ["captoin"]}}, "no kind of text 'captoin'"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(changes, message):
    with pytest.raises(UsageError, match=message) as caught:
        TrainRecipe.from_mapping({"preset": "debug", "dataset": "d"} | changes)
    assert "\n" not in str(caught.value)


def test_rules_are_part_of_what_is_learned_and_none_change_nothing():
    plain = {"preset": "debug", "dataset": "d"}
    rules = [{"column": "audit.max_severity", "op": "<", "value": 3}]
    bare = TrainRecipe.from_mapping(plain)
    ruled = TrainRecipe.from_mapping(plain | {"rules": rules})
    assert bare.digest == TrainRecipe.from_mapping(plain | {"rules": []}).digest != ruled.digest
    assert "rules" not in bare.to_plain()
    assert json.loads(json.dumps(ruled.to_plain()))["rules"] == rules
    assert TrainRecipe.from_mapping(json.loads(json.dumps(ruled.to_plain()))) == ruled


def test_limits_hold_for_options_that_are_made_in_code():
    with pytest.raises(UsageError, match=r"optimizer\.gate_lr=inf must be finite and at least 0"):
        OptimizerOptions(tokens=10, warmup_tokens=1, gate_lr=float("inf"))
    with pytest.raises(UsageError, match=r"optimizer\.max_grad_norm=inf must be finite"):
        OptimizerOptions(tokens=10, warmup_tokens=1, max_grad_norm=float("inf"))


def test_numbers_may_be_written_as_people_write_them():
    optimizer = {"lr": "1e-3", "gate_lr": 1, "weight_decay": "2.5e-2", "betas": [0, 0.5]}
    plain = {"preset": "debug", "dataset": "d", "optimizer": optimizer}
    found = TrainRecipe.from_mapping(plain).optimizer
    assert (found.lr, found.gate_lr, found.weight_decay) == (1e-3, 1.0, 0.025)
    assert found.betas == (0.0, 0.5)


def test_a_home_folder_is_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    recipe = TrainRecipe.from_mapping({"preset": "debug", "dataset": "d", "output": "~/first"})
    assert recipe.output == str(tmp_path / "first")


def test_nothing_need_be_measured():
    plain = {"preset": "debug", "dataset": "d", "evaluation": {"view": None}}
    assert TrainRecipe.from_mapping(plain).evaluation.view is None


def test_speech_is_learned_where_the_reference_learns_it():
    recipe = TrainRecipe.from_mapping({"preset": "faithful-2b", "dataset": "d"})
    assert recipe.text.speech == "on"
    assert recipe.text.loss_weight("speech") == recipe.text.loss_weight("subtitle") == 1


def test_ranks_share_a_batch_evenly_or_not_at_all(recipe):
    assert (recipe.batch.share("sequences", 2), recipe.batch.share("pairs", 4)) == (1, 1)
    with pytest.raises(UsageError, match=r"batch\.pairs=4 cannot be shared evenly among 3 ranks"):
        recipe.batch.share("pairs", 3)


def test_a_recipe_without_a_preset_says_what_is_missing():
    with pytest.raises(UsageError, match=r"recipe\.model is missing"):
        TrainRecipe.from_mapping({"dataset": "d"})


def test_the_digest_tells_what_is_learned_and_not_where(plain_recipe):
    digests = [
        TrainRecipe.from_mapping(plain_recipe | changes).digest
        for changes in (
            {},
            {"output": "o", "dataset": "d", "version": 3},
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
