"""`interlink init`: a recipe that works, and choices that work when uncommented."""

import re
from pathlib import Path

import pytest
import yaml

from interlink.pipeline.commands.init import start_recipe
from interlink.pipeline.recipes.recipe import load_recipe, make_recipe


def commented_blocks() -> list[str]:
    """Return each commented choice of the start recipe, uncommented: its runs of `# key: ...`."""
    blocks: list[str] = []
    for paragraph in start_recipe("videos.txt").split("\n\n"):
        lines = [line.removeprefix("# ") for line in paragraph.splitlines() if line[:2] == "# "]
        starts = [n for n, line in enumerate(lines) if re.match(r"[a-z_]+:(\s|$)", line)]
        if starts:
            blocks.append("\n".join(lines[starts[0] :]))
    return blocks


def test_the_recipe_is_valid_as_it_stands():
    assert make_recipe(yaml.safe_load(start_recipe("videos.txt"))).sources == "videos.txt"


@pytest.mark.parametrize("block", commented_blocks(), ids=lambda block: block.split(":")[0])
def test_each_choice_is_valid_when_uncommented(block):
    content = yaml.safe_load(block)
    assert isinstance(content, dict)
    make_recipe({"sources": "videos.txt"} | content)


def test_there_is_a_choice_for_every_part_of_the_work():
    keys = {key for block in commented_blocks() for key in yaml.safe_load(block)}
    assert {"clips", "cut", "transcribe", "caption", "filters", "steps", "dataset"} <= keys


@pytest.mark.parametrize(
    "sources", ["a: b.csv", "it's.txt", "#1.mp4", "[x]", "s3://b/ü.csv", "123"]
)
def test_sources_of_any_spelling_come_back(sources):
    assert yaml.safe_load(start_recipe(sources))["sources"] == sources


def test_it_says_what_to_do_next(interlink, here):
    code, printed = interlink("init")
    assert code == 0
    assert "wrote recipe.yaml" in printed
    assert "next: put paths and URLs of videos into videos.txt" in printed
    Path("videos.txt").write_text("a.mp4")
    _, printed = interlink("init second/recipe.yaml --sources videos.txt")
    assert "`interlink plan second/recipe.yaml` shows what it would do" in printed
    assert load_recipe(Path("second/recipe.yaml")).sources == "videos.txt"


def test_a_recipe_that_exists_is_not_written_over(interlink, here):
    Path("recipe.yaml").write_text("mine")
    code, printed = interlink("init")
    assert (code, printed) == (
        2,
        "interlink: recipe.yaml exists; name another file, or remove it first",
    )
    assert Path("recipe.yaml").read_text() == "mine"
