"""Ray: a pool of warm actors that hold the step's models; a part is a call."""

import contextlib
import logging
import math
import os
import signal
import socket
import threading
import urllib.parse
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Any

from ...schemas.errors import EnvironmentFault, IncompleteError
from ..cpu import WorkerCpu, note_ended, worker_cpu
from ..part import PartRunner
from ..step import Resources
from ..threads import ONE_THREAD, use_one_thread

try:
    import ray
    from ray.exceptions import RayError, RayTaskError
except ImportError as error:
    raise EnvironmentFault(
        "the engine 'ray' needs Ray: pip install 'interlink[ray]', or use engine: local"
    ) from error

logger = logging.getLogger(__name__)

PREFETCH = 2
"""Calls at one actor: the next part waits there when the model is free."""
MAX_DEATHS = 12
"""Actors that may die in a row without a commit in between, before the step is given up.

A part needs three deaths for each of its records that kill, which are quarantined then: this is
enough for four such records at once, and stops what kills every worker, such as a broken library.
"""
OBJECT_STORE_BYTES = 100 << 20
"""Of a local instance; only the step itself lies in it, as pixels never travel through Ray."""
_END_GRACE_S = 5.0
_CONNECT_S = 10.0


class RayEngine:
    """Runs each step on a pool of actors of one kind.

    Args:
        address: a cluster's address; `local` starts one on this machine.

    Raises:
        EnvironmentFault: nobody listens at the address.
    """

    def __init__(self, address: str = "local") -> None:
        self._address = address
        self._is_ours = False
        _check_reachable(address)

    def run(self, runner: PartRunner, parts: Sequence[str]) -> None:
        """Take the parts through the step on `resources.workers` actors."""
        self._connect()
        size = min(runner.step.resources.workers, len(parts))
        _check_fits(runner.step.resources, size)
        pool = _Pool(runner, size, is_remote=self._address != "local")
        try:
            pool.run(parts)
        finally:
            pool.close()

    def close(self) -> None:
        """Leave the cluster, and stop it if this engine started it."""
        if self._is_ours:
            ray.shutdown()
            self._is_ours = False

    def _connect(self) -> None:
        if ray.is_initialized():
            return
        options: dict[str, Any] = {}
        if self._address == "local":
            use_one_thread()  # the local workers inherit it
            # No call home, and no idle workers before there is work.
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            os.environ.setdefault("RAY_prestart_worker_first_driver", "0")
            options = {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES}
        try:
            with _own_signals():
                ray.init(
                    address=self._address,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    **options,
                )
        except (OSError, RuntimeError, ValueError) as error:
            raise EnvironmentFault(f"cannot start Ray at {self._address!r}: {error}") from error
        self._is_ours = True


class _PartActor:
    """One warm worker."""

    def __init__(self, runner: PartRunner) -> None:
        self._runner = runner
        runner.setup()

    def run(self, part: str) -> bool:
        return self._runner.run(part) is not None

    def stop(self) -> WorkerCpu:
        self._runner.teardown()
        return worker_cpu()


class _Pool:
    """Actors and the parts that wait at each of them."""

    def __init__(self, runner: PartRunner, size: int, *, is_remote: bool) -> None:
        resources = runner.step.resources
        self._make = ray.remote(_PartActor).options(
            num_cpus=resources.cpus,
            num_gpus=resources.gpus,
            max_restarts=0,
            max_task_retries=0,
            runtime_env={"env_vars": ONE_THREAD} if is_remote else None,
        )
        self._runner = ray.put(runner)
        self._actors = [self._make.remote(self._runner) for _ in range(size)]
        self._calls: dict[Any, tuple[Any, str]] = {}
        self._deaths = 0

    def run(self, parts: Sequence[str]) -> None:
        """Keep every actor busy until all parts are through or the step was stopped."""
        waiting = deque(parts)
        self._fill(waiting)
        while self._calls:
            [ready], _ = ray.wait(list(self._calls), num_returns=1)
            actor, part = self._calls.pop(ready)
            try:
                if not ray.get(ready):
                    return
                self._deaths = 0
            except RayTaskError as error:
                if isinstance(error.cause, EnvironmentFault):
                    raise error.cause from error
                raise IncompleteError(f"a Ray worker failed: {_last_line(error)}") from error
            except RayError as error:
                waiting.appendleft(part)
                self._replace(actor, error)
            self._fill(waiting)

    def close(self) -> None:
        """Let every actor release its models, then end it."""
        ends = [actor.stop.remote() for actor in self._actors]
        ended, _ = ray.wait(ends, num_returns=len(ends), timeout=_END_GRACE_S)
        for end in ended:
            with contextlib.suppress(RayError):
                note_ended(ray.get(end))
        for actor in self._actors:
            ray.kill(actor)

    def _fill(self, waiting: deque[str]) -> None:
        """Give each actor a part, and one more while no other actor could begin it sooner."""
        load = Counter(actor for actor, _ in self._calls.values())
        for most in range(1, PREFETCH + 1):
            for actor in self._actors:
                is_plenty = most == 1 or len(waiting) >= len(self._actors)
                if waiting and is_plenty and load[actor] < most:
                    part = waiting.popleft()
                    self._calls[actor.run.remote(part)] = (actor, part)
                    load[actor] += 1

    def _replace(self, dead: Any, error: RayError) -> None:  # noqa: ANN401  (Ray has no types)
        """Start an actor in the place of a dead one; its other calls come back dead as well."""
        if dead not in self._actors:
            return
        self._deaths += 1
        reason = str(error).strip().splitlines()[0]
        logger.warning("a Ray worker died, its parts go to another: %s", reason)
        if self._deaths > MAX_DEATHS:
            raise IncompleteError(
                f"{self._deaths} Ray workers died in a row, and no part was committed in between: "
                f"more than the records of one part explain. The last: {reason} "
                "What is committed stays: run again to go on"
            ) from error
        ray.kill(dead)  # it may only be out of reach
        self._actors[self._actors.index(dead)] = self._make.remote(self._runner)


def _check_reachable(address: str) -> None:
    """Refuse an address where nobody listens: Ray itself would try for minutes."""
    place = urllib.parse.urlsplit(address if "://" in address else f"//{address}")
    if place.hostname is None or place.port is None:
        return  # `local`, or another word that Ray knows
    try:
        socket.create_connection((place.hostname, place.port), timeout=_CONNECT_S).close()
    except OSError as error:
        raise EnvironmentFault(
            f"cannot reach Ray at {address!r}: {error}; start the cluster, or say `local`"
        ) from error


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep this process's SIGTERM handler: Ray 2.60 puts one in its place that aborts."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    if before is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)


def _check_fits(resources: Resources, workers: int) -> None:
    """Refuse a pool that the cluster cannot hold: Ray would leave it pending without a word."""
    room = sum(_room(node["Resources"], resources) for node in ray.nodes() if node["Alive"])
    if room < workers:
        raise EnvironmentFault(
            f"{workers} workers of {resources.cpus:g} CPUs and {resources.gpus:g} GPUs do not fit "
            f"the Ray cluster, which has room for {room}; lower the step's workers, cpus or gpus, "
            "or add nodes"
        )


def _room(node: dict[str, float], resources: Resources) -> int:
    """Return how many workers one node can hold."""
    wanted = {"CPU": resources.cpus, "GPU": resources.gpus}
    fits = [node.get(name, 0.0) / amount for name, amount in wanted.items() if amount > 0]
    return math.floor(min(fits) + 1e-9)


def _last_line(error: RayTaskError) -> str:
    return str(error).strip().splitlines()[-1]
