"""The status line of loading models, and the note that the tiny base is trained first."""

import io
import logging
import sys

import pytest
from rich.console import Console

from interlink.pipeline.commands.model_loading import TINY_BASE_NOTE, loading
from interlink.schemas.errors import EnvironmentFault

LOGGER = logging.getLogger("interlink.model.tiny.cache")


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=200, color_system=None)


def test_the_status_is_for_terminals_only(capsys):
    console = terminal()
    with loading(console, "loading the model"):
        pass
    assert "loading the model" in console.file.getvalue()
    plain = Console(file=io.StringIO())
    with loading(plain, "loading the model"):
        pass
    assert plain.file.getvalue() == ""
    assert capsys.readouterr().err == ""


def test_a_person_is_told_once_that_the_tiny_base_is_trained():
    console = terminal()
    with loading(console, "loading the model"):
        LOGGER.info("training the tiny base %s, once: a few CPU-minutes", "0123")
        LOGGER.info("loss")
    printed = console.file.getvalue()
    assert printed.count(TINY_BASE_NOTE) == 1
    assert "training the tiny base 0:00:00" in printed


def test_elsewhere_the_note_goes_to_the_standard_error(capsys):
    with loading(Console(file=io.StringIO()), "loading the model"):
        LOGGER.info("training the tiny base %s", "0123")
    assert capsys.readouterr() == ("", f"interlink: {TINY_BASE_NOTE}\n")


def test_logging_is_left_as_it_was():
    before = (LOGGER.level, LOGGER.propagate, list(LOGGER.handlers))
    with pytest.raises(KeyError), loading(terminal(), "loading"):
        raise KeyError
    assert (LOGGER.level, LOGGER.propagate, list(LOGGER.handlers)) == before


def test_without_torch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with (
        pytest.raises(
            EnvironmentFault, match=r"models need torch: pip install 'interlink\[train\]"
        ),
        loading(terminal(), "loading"),
    ):
        pass
