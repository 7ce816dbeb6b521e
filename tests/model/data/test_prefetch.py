"""Work ahead in threads, results in order."""

import threading
import time

import pytest

from interlink.model.data.prefetch import in_order


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_results_come_in_the_order_of_the_tasks(workers):
    def build(task: int) -> int:
        time.sleep(0.01 * (task % 3 == 0))
        return task * task

    found = list(in_order(iter(range(20)), build, num_workers=workers))
    assert found == [(task, task * task) for task in range(20)]


@pytest.mark.parametrize(("workers", "ahead"), [(0, 1), (2, 4)])
def test_a_bounded_number_of_tasks_is_taken_ahead(workers, ahead):
    taken = []

    def tasks():
        for number in range(100):
            taken.append(number)
            yield number

    stream = in_order(tasks(), lambda task: task, num_workers=workers)
    next(stream)
    assert len(taken) == ahead
    stream.close()


def test_threads_end_with_the_stream():
    before = threading.active_count()
    stream = in_order(iter(range(100)), lambda task: task, num_workers=3)
    next(stream)
    stream.close()
    assert threading.active_count() == before


def test_an_error_reaches_whoever_takes_the_result():
    def build(task: int) -> int:
        if task == 2:
            raise KeyError("task 2")
        return task

    stream = in_order(iter(range(5)), build, num_workers=2)
    assert [next(stream)[0] for _ in range(2)] == [0, 1]
    with pytest.raises(KeyError, match="task 2"):
        next(stream)
