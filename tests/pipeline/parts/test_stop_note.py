"""How a step is stopped, and why."""

import pytest

from interlink.pipeline.parts.stop_note import STOP_PREFIX, stop_step, take_stop
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import (
    BudgetExceededError,
    EnvironmentFault,
    IncompleteError,
    UsageError,
)

NOTE = "steps/s/_stop-001.json"


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


@pytest.mark.parametrize(
    "error",
    [
        EnvironmentFault("disk full"),
        BudgetExceededError("too many"),
        IncompleteError("died"),
        UsageError("wrong"),
    ],
)
def test_a_stop_keeps_its_kind_and_is_taken_once(store, error):
    stop_step(store, NOTE, error)
    taken = take_stop(store, NOTE)
    assert (type(taken), str(taken)) == (type(error), str(error))
    assert take_stop(store, NOTE) is None


def test_the_first_stop_counts(store):
    stop_step(store, NOTE, EnvironmentFault("first"))
    stop_step(store, NOTE, EnvironmentFault("second"))
    assert str(take_stop(store, NOTE)) == "first"
    assert store.names("steps/s") == []


def test_a_bug_keeps_its_traceback(store):
    try:
        {}["missing"]
    except KeyError as error:
        stop_step(store, NOTE, error)
    assert store.names("steps/s") == [f"{STOP_PREFIX}001.json"]
    with pytest.raises(
        RuntimeError,
        match=r"worker of steps/s met a bug\nTraceback(.|\n)*\{\}\[\"missing\"\]",
    ):
        raise take_stop(store, NOTE)
