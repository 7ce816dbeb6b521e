"""Ends a transfer that takes too long or stands still, also where a socket's time-out is deaf.

A server that sends a byte now and then never trips a socket's time-out, and `read` waits for a
full block. So a thread beside the transfer looks at the clock, and shuts the sockets down.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

from ...schemas.errors import RecordError
from ...schemas.outcome import ErrorCode
from .limits import Limits

MIN_BYTES_PER_S = 1024
"""A transfer below this rate over a whole `stall_timeout_s` stands still."""


class Watch:
    """Watches one transfer. Use as a context around it.

    Args:
        limits: `timeout_s` for the whole transfer, `stall_timeout_s` without 1 KiB per second.
        cancelled: set by whoever no longer wants the transfer.
    """

    def __init__(self, limits: Limits, cancelled: threading.Event) -> None:
        self._timeout_s = limits.timeout_s
        self._stall_timeout_s = limits.stall_timeout_s
        self._cancelled = cancelled
        self._start = self._mark = time.monotonic()
        self._num_bytes = self._num_bytes_at_mark = 0
        self._verdict: RecordError | None = None
        self._sockets: list[socket.socket] = []
        self._stop_work: Callable[[], None] | None = None
        self._count_bytes: Callable[[], int] | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fetch-watch", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        for sock in self._sockets:
            sock.close()

    def guard(self, sock: socket.socket) -> None:
        """Shut this connection down when the verdict falls.

        A second handle is kept, because wrapping a socket in TLS detaches the first.
        """
        with self._lock:
            self._sockets.append(sock.dup())
            if self._verdict is not None:
                self._shut_down()

    def guard_work(self, *, stop: Callable[[], None], count_bytes: Callable[[], int]) -> None:
        """Watch work that another process does.

        Args:
            stop: ends it when the verdict falls.
            count_bytes: returns how many bytes it has brought so far.
        """
        with self._lock:
            self._stop_work, self._count_bytes = stop, count_bytes
            if self._verdict is not None:
                stop()

    def progress(self, num_bytes: int) -> None:
        """Count bytes that arrived, then do as `check` does."""
        self._add(num_bytes)
        self.check()

    def check(self) -> None:
        """Raise the verdict, if it has fallen.

        Raises:
            RecordError: `timeout_total` or `timeout_stall`, with the seconds that passed.
        """
        verdict = self._verdict or self._judge()
        if verdict is not None:
            raise verdict

    def _add(self, num_bytes: int) -> None:
        self._num_bytes += num_bytes
        since_mark = self._num_bytes - self._num_bytes_at_mark
        if since_mark >= MIN_BYTES_PER_S * self._stall_timeout_s:
            self._mark, self._num_bytes_at_mark = time.monotonic(), self._num_bytes

    def _run(self) -> None:
        period_s = min(1.0, self._timeout_s / 4, self._stall_timeout_s / 4)
        while not self._over.wait(period_s):
            if self._count_bytes is not None:
                self._add(max(0, self._count_bytes() - self._num_bytes))
            verdict = self._judge()
            if verdict is not None:
                with self._lock:
                    self._verdict = verdict
                    self._shut_down()
                return

    def _judge(self) -> RecordError | None:
        now = time.monotonic()
        if self._cancelled.is_set():
            return RecordError(ErrorCode.CONNECTION, "given up, because the step stops")
        if now - self._start > self._timeout_s:
            message = f"not done within timeout_s={self._timeout_s:g}: {self._num_bytes} bytes came"
            return RecordError(ErrorCode.TIMEOUT_TOTAL, message, value=self._timeout_s)
        if now - self._mark > self._stall_timeout_s:
            message = (
                f"under 1 KiB per second for stall_timeout_s={self._stall_timeout_s:g}: "
                f"{self._num_bytes} bytes came"
            )
            return RecordError(ErrorCode.TIMEOUT_STALL, message, value=self._stall_timeout_s)
        return None

    def _shut_down(self) -> None:
        for sock in self._sockets:
            with contextlib.suppress(OSError):  # the other side may have closed it already
                sock.shutdown(socket.SHUT_RDWR)
        if self._stop_work is not None:
            self._stop_work()
