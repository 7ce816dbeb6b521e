"""Stopping between two steps: SIGTERM and SIGINT are noted, and the training saves and ends."""

import signal
import threading
from types import FrameType
from typing import Any, Self

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """While it is entered, SIGTERM and SIGINT are only noted; a second SIGINT acts as before.

    A second SIGTERM does not: where every process of a job is sent one, `torchrun` sends its own
    besides, and a save must not be cut off by it. In a thread other than the main one nothing is
    caught.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        """Number of the signal that came."""
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and self.signal is not None:
            self._restore()
            signal.raise_signal(number)
        self.signal = self.signal or number

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
