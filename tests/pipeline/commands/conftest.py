"""Runs commands in this process, as a user types them."""

import importlib.util
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from interlink.pipeline.commands.main import app
from interlink.schemas.errors import InterlinkError


@pytest.fixture
def interlink() -> Callable[..., tuple[int, str]]:
    """Runs `interlink("plan recipe.yaml")`; returns exit code and all that was printed."""

    def run(line: str, *more: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*shlex.split(line), *more])
        # `main` turns these into one sentence; what else is raised is a bug.
        if isinstance(done.exception, InterlinkError):
            return done.exception.exit_code, f"{done.output}interlink: {done.exception}"
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return run


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder in which one works."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `interlink demo` has run on a good, a short and a broken file.

    Do not write to it.
    """
    folder = tmp_path_factory.mktemp("finished")
    make_video = _media().VideoMaker(folder)
    make_video("good.mp4", shots=(2.2, 2.2), size=(160, 90), fps=10)
    make_video("short.mp4", shots=(0.5,), size=(160, 90), fps=10, seed=1)
    (folder / "broken.mp4").write_bytes(b"no video")
    names = ("good.mp4", "short.mp4", "broken.mp4")
    arguments = [str(folder / name) for name in names]
    output = ["--output", str(folder / "demo"), "--engine", "local", "--no-train"]
    done = CliRunner().invoke(app, ["demo", *arguments, *output])
    assert done.exit_code == 0, done.output
    (folder / "printed.txt").write_text(done.output)
    return folder


@pytest.fixture(scope="session")
def video_maker() -> Callable[[Path], Any]:
    """Makes what `make_video` is, for a folder that outlives one test."""
    maker: Callable[[Path], Any] = _media().VideoMaker
    return maker


def _media() -> ModuleType:
    """Load `tests/media.py` as the root's `conftest.py` does; its own fixture is for one test."""
    return _load("interlink_test_media", "media.py")


def _load(name: str, path_of_tests: str) -> ModuleType:
    if name not in sys.modules:
        path = Path(__file__).parents[2] / path_of_tests
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


# Small datasets, random bases and recipes on them, for the commands that train.
_trainings = _load("interlink_test_trainings", "model/conftest.py")
random_bases = _trainings.random_bases
small_dataset = _trainings.small_dataset
plain_recipe = _trainings.plain_recipe


@pytest.fixture
def recipe_file(here: Path, plain_recipe: dict[str, Any]) -> Path:
    """`train.yaml` in the folder in which one works: about 10 steps, with output `training`."""
    path = here / "train.yaml"
    path.write_text(yaml.safe_dump(plain_recipe | {"output": "training"}))
    return path
