"""`docs/runs.md` says what can be typed: its commands and recipes parse, its defaults are true."""

import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml

from interlink.pipeline.commands.main import app
from interlink.pipeline.recipes.recipe import Recipe, make_recipe

PAGE = (Path(__file__).parents[2] / "docs" / "runs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line.removeprefix("interlink ")
    for kind, text in BLOCKS
    if not kind
    for line in text.splitlines()
    if line.startswith("interlink ")
]
RECIPES = [text for kind, text in BLOCKS if kind == "yaml"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_parses(command):
    found, words = typer.main.get_command(app), shlex.split(command, comments=True)
    while hasattr(found, "commands"):
        name, *words = words
        found = found.commands[name]
    found.make_context(name, words).close()


def test_there_is_a_command_for_each_need():
    assert {command.split()[0] for command in COMMANDS} == {
        *("status", "failures", "replay", "retry", "run", "plan", "takedown", "fsck", "gc", "diff"),
    }


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_parses(recipe):
    make_recipe({"sources": "videos.txt"} | yaml.safe_load(recipe))


def test_the_defaults_are_those_of_a_recipe():
    recipe = Recipe(sources="videos.txt")
    assert f"`restarts` ({recipe.restarts})" in PAGE
    assert f"`disk.wait_s` ({recipe.disk.wait_s / 60:.0f} minutes)" in PAGE
    assert f"`max_failed_share` ({recipe.max_failed_share:.0%})".replace("%", " %") in PAGE
    assert f"`plan_size` ({recipe.plan_size:,})" in PAGE
