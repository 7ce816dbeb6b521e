"""What commands that need a model share: torch at hand, a status line, the tiny base announced."""

import importlib
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from ...schemas.errors import EnvironmentFault

TINY_BASE_NOTE = (
    "training the tiny base, a small language model and vision tower: once on this machine, "
    "offline, about four minutes of CPU time"
)
_TINY_BASE_LOGGER = "interlink.model.tiny.cache"


@contextmanager
def loading(console: Console, what: str) -> Iterator[None]:
    """Show `what` while models load, and say so if the tiny base has to be trained first.

    Args:
        console: where to.
        what: what happens, such as `loading the model`.

    Raises:
        EnvironmentFault: torch or transformers is not installed.
    """
    require_torch()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    is_shown = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not is_shown) as progress:
        handler = _TinyBaseNote(progress, progress.add_task(what))
        logger = logging.getLogger(_TINY_BASE_LOGGER)
        level, propagates = logger.level, logger.propagate
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagates


def require_torch() -> None:
    """Load torch and transformers, the latter without progress bars of its own.

    Raises:
        EnvironmentFault: one is not installed.
    """
    try:
        importlib.import_module("torch")
        transformers_logging = importlib.import_module("transformers.utils.logging")
    except ImportError as error:
        raise EnvironmentFault(
            f"models need {error.name}: pip install 'interlink[train]'"
        ) from error
    transformers_logging.disable_progress_bar()


class _TinyBaseNote(logging.Handler):
    """Hears that the tiny base is being trained, before it begins."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        super().__init__(logging.INFO)
        self._progress = progress
        self._task = task
        self._is_told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Tell a person once, on the terminal or on the standard error."""
        if self._is_told:
            return
        self._is_told = True
        if self._progress.console.is_terminal:
            self._progress.console.print(TINY_BASE_NOTE)
            self._progress.update(self._task, description="training the tiny base")
        else:
            print(f"interlink: {TINY_BASE_NOTE}", file=sys.stderr, flush=True)
