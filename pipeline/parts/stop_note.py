"""A note that stops one plan's parts in one step, and says why: `_stop-001.json`."""

import json
import logging
import traceback

from ...schemas.errors import (
    BudgetExceededError,
    EnvironmentFault,
    IncompleteError,
    InterlinkError,
    UsageError,
)
from ...transforms.secrets import mask
from ..storage.store import Store

logger = logging.getLogger(__name__)

STOP_PREFIX = "_stop-"
"""Begins its name, which ends with the plan's number."""


def stop_step(store: Store, note: str, error: Exception) -> None:
    """Tell every worker at a plan's parts to take no further one, and the driver why.

    An error that nobody raised on purpose is a bug, and is told with its traceback.

    Args:
        store: the run.
        note: path of the note, `PartRunner.stop_note`.
        error: why.
    """
    if isinstance(error, InterlinkError):
        reason = {"message": str(error), "exit_code": error.exit_code}
    else:
        reason = {"message": "".join(traceback.format_exception(error)), "exit_code": 1}
    reason["message"] = mask(str(reason["message"]))
    logger.info("%s stops: %s", note, reason["message"])
    store.put_if_absent(note, json.dumps(reason).encode())


def is_stopped(store: Store, note: str) -> bool:
    """Tell whether there is such a note: one call of a remote store, where `exists` takes two."""
    return next(store.read_all([note])) is not None


def take_stop(store: Store, note: str) -> Exception | None:
    """Return why a step was stopped, if it was, and forget it, so that a next run may go on."""
    try:
        reason = json.loads(store.read(note))
    except FileNotFoundError:
        return None
    store.remove_file(note)
    kind = _KINDS.get(reason["exit_code"])
    if kind is None:
        return RuntimeError(f"a worker of {note.rpartition('/')[0]} met a bug\n{reason['message']}")
    return kind(reason["message"])


_KINDS = {
    kind.exit_code: kind
    for kind in (UsageError, EnvironmentFault, IncompleteError, BudgetExceededError)
}
