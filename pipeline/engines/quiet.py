"""Keep an engine's chatter off the terminal, where errors of ours must be seen."""

import contextlib
import logging
import threading
from collections.abc import Collection, Iterator, Mapping

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def quiet(
    levels: Mapping[str, int], threads: Collection[str] = (), *, silence_root: bool = False
) -> Iterator[None]:
    """Raise the levels of loggers, and note at DEBUG what an engine's own threads die of.

    Args:
        levels: least level by name of logger.
        threads: names of threads whose death their engine reports in another way.
        silence_root: whether to hold back what is logged without a logger's name, as Beam does
            with all that a job service says.
    """
    loggers = {name: logging.getLogger(name) for name in levels}
    before = {name: found.level for name, found in loggers.items()}
    hook = threading.excepthook

    def note(args: threading.ExceptHookArgs) -> None:
        if args.thread is None or args.thread.name not in threads:
            hook(args)
        else:
            logger.debug("thread %s ended: %r", args.thread.name, args.exc_value)

    for name, found in loggers.items():
        found.setLevel(levels[name])
    if silence_root:
        logging.root.addFilter(_hold_back)
    threading.excepthook = note
    try:
        yield
    finally:
        threading.excepthook = hook
        logging.root.removeFilter(_hold_back)
        for name, found in loggers.items():
            found.setLevel(before[name])


def _hold_back(record: logging.LogRecord) -> bool:
    logger.debug("%s", record.getMessage())
    return False


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Hold back what libraries log while they are imported."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
