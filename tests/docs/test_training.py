"""`docs/training.md` and the README say what the code says of recipes and of what learns."""

import importlib.util
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))  # as for a script: it imports its neighbour
_SPEC = importlib.util.spec_from_file_location("interlink_make_training", DOCS / "make_training.py")
assert _SPEC is not None
assert _SPEC.loader is not None
make_training = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = make_training  # dataclasses look their module up
_SPEC.loader.exec_module(make_training)
sys.path.remove(str(DOCS))

PAGE = make_training.PAGE.read_text(encoding="utf-8")
README = make_training.README.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [PAGE, README], ids=["training.md", "README.md"])
def test_the_pages_are_what_the_script_writes(page):
    assert make_training.fill(page) == page, "run python docs/make_training.py"


def test_every_section_has_its_place_once():
    assert sorted(make_training.names(PAGE)) == sorted(make_training.SECTIONS)


@pytest.mark.parametrize("section", make_training.SECTIONS.values())
def test_every_key_has_a_meaning(section):
    for key in make_training.keys(section):
        assert key.meaning.endswith((".", "]")), f"{key.name} has no docstring below it"


def test_the_readme_says_what_the_papers_share_is_relative_to():
    assert "| faithful-2b | 212.5 M | 1,831.5 M | 11.6% | 20.3% |" in README
    assert "34 % is its 340 M over the 1 B that learn in OpenFlamingo-3B" in README
