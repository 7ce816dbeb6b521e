"""Runs commands in this process, as a user types them."""

import shlex
from collections.abc import Callable

import pytest
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
