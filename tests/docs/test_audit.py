"""`docs/audit.md` says what the code does, and its pictures are there."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interlink.pipeline.audit.ratings.rows import SUFFIXES
from interlink.pipeline.audit.report.gate_values import GATE_NAMES
from interlink.pipeline.audit.report.rates import RATES
from interlink.pipeline.audit.sample.strata import DIMENSIONS
from interlink.pipeline.commands.main import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_SPEC = importlib.util.spec_from_file_location("interlink_make_audit", DOCS / "make_audit.py")
assert _SPEC is not None
assert _SPEC.loader is not None
make_audit = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = make_audit
_SPEC.loader.exec_module(make_audit)

PAGE = make_audit.PAGE.read_text(encoding="utf-8")
PICTURES = re.findall(r"!\[([^\]]+)\]\((pictures/[^)]+)\)", PAGE)
COMMANDS = re.findall(r"^interlink (.+?)(?:  +#.*)?$", PAGE, re.MULTILINE)


def test_the_page_is_what_the_script_writes():
    assert make_audit.fill(PAGE) == PAGE, "run python docs/make_audit.py"
    assert "introduction" in make_audit.names(PAGE)


@pytest.mark.parametrize(("meaning", "path"), PICTURES)
def test_every_picture_is_there_and_small_and_says_what_it_shows(meaning, path):
    assert len(meaning) > 10
    assert 10_000 < (DOCS / path).stat().st_size < 250_000


def test_there_is_a_picture_of_each_view():
    names = {Path(path).stem for _, path in PICTURES}
    assert names == {
        f"audit_{name}" for name in ("clip", "list", "rubric", "keys", "report", "errors")
    }


def test_every_key_of_the_page_is_told():
    source = (ROOT / "site/src/app.ts").read_text("utf-8")
    shown = re.findall(r'bind\("\w+", "[^"]+", "([^"]+)"', source)
    assert len(shown) > 25
    told = set(re.findall(r"<kbd>([^<]+)</kbd>", PAGE))
    assert {key for keys in shown for key in keys.split()} <= told


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_exists(command):
    names = re.findall(r"[a-z]+", command)[: 2 if command.startswith("audit") else 1]
    shown = CliRunner().invoke(app, [*names, "--help"])
    assert shown.exit_code == 0, shown.output
    for option in re.findall(r"--[a-z-]+", command):
        assert option in shown.output


def test_all_names_that_a_user_may_write_are_told():
    others = [name for name in GATE_NAMES if not name.startswith(tuple(RATES))]
    for name in (*RATES, *others, *SUFFIXES, *DIMENSIONS):
        assert f"`{name}`" in PAGE
