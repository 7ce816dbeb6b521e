"""Doing work ahead in threads, results in order, and document readers of their own for each thread.

Threads and not processes: reading and decoding leave Python's lock, batches need not be copied
between processes or lie in shared memory, and the order stays a plain loop.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from .dataset import Dataset
from .rows import RowReader

Task = TypeVar("Task")
Result = TypeVar("Result")

_AHEAD = 2
"""Results that wait for each worker: enough that one slow batch delays nobody."""


def in_order(
    tasks: Iterator[Task], build: Callable[[Task], Result], *, num_workers: int
) -> Generator[tuple[Task, Result], None, None]:
    """Yield each task with its result, in the order of the tasks.

    Args:
        tasks: what to do; taken from the caller's thread alone, a bounded number ahead.
        build: does one task, in any thread.
        num_workers: threads; 0 does each task when it is asked for.
    """
    if num_workers == 0:
        for task in tasks:
            yield task, build(task)
        return
    waiting: deque[tuple[Task, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(num_workers, thread_name_prefix="loader")
    try:
        for task in tasks:
            waiting.append((task, pool.submit(build, task)))
            if len(waiting) >= _AHEAD * num_workers:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class Readers:
    """Gives every thread a reader of its own."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._local = threading.local()
        self._all: list[RowReader] = []

    def get(self) -> RowReader:
        """Return the reader of the calling thread."""
        if not hasattr(self._local, "reader"):
            self._local.reader = RowReader(self._dataset)
            self._all.append(self._local.reader)
        reader: RowReader = self._local.reader
        return reader

    def close(self) -> None:
        """Close the readers of all threads; none may be at work."""
        for reader in self._all:
            reader.close()
        self._all.clear()
        self._local = threading.local()
