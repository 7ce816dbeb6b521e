"""`docs/clusters.md` says what can be typed: its commands, options, recipes and files are there."""

import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml

from interlink.pipeline.commands.main import app
from interlink.pipeline.recipes.recipe import make_recipe

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
LINES = [line for kind, text in BLOCKS if not kind for line in text.splitlines()]
# After `interlink` come the words of a command, in a block or inside a sentence.
COMMANDS = sorted(
    {found for line in LINES for found in re.findall(r"\binterlink ((?:run|doctor) .+)", line)}
    | set(re.findall(r"`(?:[^`]*-- )?interlink (\w+ [^`]+)`", PAGE))
)
RECIPES = [text for kind, text in BLOCKS if kind == "yaml"]
FILES = sorted(set(re.findall(r"\bdocker/[\w./-]+", PAGE)))
OPTIONS = sorted(
    {word for line in LINES for word in re.findall(r"--\w+=\S+", line.partition(" -- ")[2])}
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_parses(command):
    words = shlex.split(command, comments=True)
    found = typer.main.get_command(app).get_command(None, words[0])
    with found.make_context(words[0], words[1:]) as context:
        assert context.params["recipe"] is not None


def test_there_are_commands_for_each_engine():
    assert len(COMMANDS) >= 7
    assert any("--engine beam" in command for command in COMMANDS)
    assert any("--engine ray" in command for command in COMMANDS)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_parses(recipe):
    made = make_recipe({"sources": "videos.txt"} | yaml.safe_load(recipe))
    assert made.steps.scan.workers in {None, 32}


@pytest.mark.parametrize("option", OPTIONS)
def test_beam_knows_every_option(option):
    options = pytest.importorskip("apache_beam.options.pipeline_options")
    name = option.removeprefix("--").partition("=")[0]
    assert name in options.PipelineOptions([option]).get_all_options(drop_default=True)


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_there(name):
    path = ROOT / name.rstrip(".")
    assert path.exists() or list(path.parent.glob(path.name))


def test_versions_are_those_of_the_constraints():
    pins = dict(re.findall(r"^([\w-]+)==(.+)$", (ROOT / "constraints.txt").read_text(), re.M))
    assert f"Beam {pins['apache-beam']}, Ray {pins['ray']}" in PAGE
    assert set(re.findall(r"job_server:([\d.]+)", PAGE)) == {pins["apache-beam"]}
