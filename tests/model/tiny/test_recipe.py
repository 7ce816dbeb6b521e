import dataclasses

import pytest
import torch

from interlink.model.tiny import recipe as recipes
from interlink.model.tiny.recipe import LanguageRecipe, TinyRecipe


def test_a_digest_names_one_recipe():
    assert TinyRecipe().digest() == TinyRecipe().digest()
    assert TinyRecipe(seed=1).digest() != TinyRecipe().digest()
    longer = TinyRecipe(language=LanguageRecipe(steps=1))
    assert longer.digest() != TinyRecipe().digest()


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(LanguageRecipe)])
def test_every_field_is_part_of_the_digest(name: str):
    value = getattr(LanguageRecipe(), name)
    changed = dataclasses.replace(LanguageRecipe(), **{name: value * 2})
    assert TinyRecipe(language=changed).digest() != TinyRecipe().digest()


def test_the_thread_count_is_part_of_the_digest(monkeypatch):
    before = TinyRecipe().digest()
    monkeypatch.setattr(recipes, "NUM_THREADS", 2)
    assert TinyRecipe().digest() != before


def test_the_version_of_torch_is_part_of_the_digest(monkeypatch):
    before = TinyRecipe().digest()
    version = recipes.importlib.metadata.version
    monkeypatch.setattr(
        recipes.importlib.metadata,
        "version",
        lambda name: "9.9" if name == "torch" else version(name),
    )
    assert TinyRecipe().digest() != before


def test_the_processor_is_part_of_the_digest(monkeypatch):
    before = TinyRecipe().digest()
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "OTHER")
    assert TinyRecipe().digest() != before
