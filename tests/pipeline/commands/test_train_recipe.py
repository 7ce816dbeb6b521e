"""Training recipes from files, presets and settings."""

import pytest

from interlink.pipeline.commands.train_recipe import load_train_recipe
from interlink.schemas.errors import UsageError


def test_a_preset_is_a_recipe():
    recipe = load_train_recipe("debug", ["optimizer.lr=1e-3", "text.speech=off"], dataset="d")
    assert recipe.model.language_model == "tiny-base"
    assert (recipe.dataset, recipe.optimizer.lr, recipe.text.speech) == ("d", 1e-3, "off")


def test_a_file_overrules_its_preset_and_settings_overrule_both(tmp_path):
    path = tmp_path / "train.yaml"
    path.write_text("preset: debug\ndataset: mine\nbatch: {pairs: 0}\ntext:\n")
    recipe = load_train_recipe(str(path), ["batch.sequences=2", "dataset=yours"])
    assert (recipe.dataset, recipe.batch.pairs, recipe.batch.sequences) == ("yours", 0, 2)
    assert recipe.budgets.tokens == 192


def test_a_recipe_may_leave_the_dataset_open():
    assert load_train_recipe("cosmo-2b").dataset == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- debug", "must be a YAML mapping such as `preset: debug`"),
        ("preset: [", "is no YAML in line 1"),
        ("seed: 1\nseed: 2", "the key 'seed' stands there twice"),
        ("preset: huge", "there is no preset 'huge'; presets are debug, cosmo-2b, faithful-2b"),
        ("preset: debug\nlearning: 1", "recipe.learning is unknown; its keys are dataset"),
        ("seed: 1", "is missing; it has no default"),
    ],
)
def test_mistakes_in_a_file_are_told(tmp_path, text, message):
    path = tmp_path / "train.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_train_recipe(str(path))
    assert message in str(caught.value)


def test_a_name_that_is_neither_file_nor_preset_is_told():
    with pytest.raises(UsageError, match="no recipe at nope, and no preset of that name; presets"):
        load_train_recipe("nope")
