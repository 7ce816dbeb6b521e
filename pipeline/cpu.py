"""CPU seconds of this process and of all that it started, for reports."""

import psutil


def cpu_seconds() -> float:
    """Return user and system seconds of this process, its live descendants, and the ended ones.

    Differences of two calls count what ran in between on this machine; what ran on other machines
    of a cluster is not in them.
    """
    total = 0.0
    own = psutil.Process()
    for process in (own, *own.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
