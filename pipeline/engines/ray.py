"""Ray: a pool of warm actors that hold the step's models; a part is a call."""

import logging
from collections.abc import Sequence
from typing import Any

from ...schemas.errors import EnvironmentFault, IncompleteError
from ..part import PartRunner
from ..step import Resources
from ..threads import ONE_THREAD, use_one_thread

try:
    import ray
    from ray.exceptions import RayActorError
except ImportError as error:
    raise EnvironmentFault(
        "the engine 'ray' needs Ray: pip install 'interlink[ray]', or use engine: local"
    ) from error

logger = logging.getLogger(__name__)

PREFETCH = 2
"""Calls that wait at one actor: the next part is there when the model is free."""
MAX_DEATHS = 3
"""Actors that may die under one step before it is given up."""


class RayEngine:
    """Runs each step on a pool of actors of one kind.

    Args:
        address: a cluster's address; `local` starts one on this machine.
    """

    def __init__(self, address: str = "local") -> None:
        self._address = address
        self._is_ours = False

    def run(self, runner: PartRunner, parts: Sequence[str]) -> None:
        """Take the parts through the step on `resources.workers` actors."""
        self._connect()
        resources = runner.step.resources
        _check_fits(resources)
        size = min(resources.workers, len(parts))
        pool = _Pool(runner, size, is_remote=self._address != "local")
        try:
            pool.run(list(parts))
        finally:
            pool.close()

    def close(self) -> None:
        """Stop the local cluster, if this engine started it."""
        if self._is_ours:
            ray.shutdown()
            self._is_ours = False

    def _connect(self) -> None:
        if ray.is_initialized():
            return
        use_one_thread()  # the local workers inherit it
        ray.init(
            address=self._address,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.WARNING,
        )
        self._is_ours = True


class _PartActor:
    """One warm worker."""

    def __init__(self, runner: PartRunner) -> None:
        self._runner = runner
        runner.setup()

    def run(self, part: str) -> bool:
        return self._runner.run(part) is not None

    def stop(self) -> None:
        self._runner.teardown()


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
        self._deaths = 0

    def run(self, waiting: list[str]) -> None:
        """Keep every actor busy until all parts are through or the step was stopped."""
        calls: dict[Any, tuple[Any, str]] = {}
        waiting.reverse()
        for actor in self._actors * PREFETCH:
            self._submit(actor, waiting, calls)
        while calls:
            [ready], _ = ray.wait(list(calls), num_returns=1)
            actor, part = calls.pop(ready)
            try:
                if not ray.get(ready):
                    return
            except RayActorError as error:
                waiting.append(part)
                actor = self._replace(actor, error)
            self._submit(actor, waiting, calls)

    def close(self) -> None:
        """Let every actor release its models, then end it."""
        ray.wait([a.stop.remote() for a in self._actors], num_returns=len(self._actors), timeout=5)
        for actor in self._actors:
            ray.kill(actor)

    def _submit(self, actor: Any, waiting: list[str], calls: dict[Any, tuple[Any, str]]) -> None:  # noqa: ANN401
        if waiting:
            part = waiting.pop()
            calls[actor.run.remote(part)] = (actor, part)

    def _replace(self, dead: Any, error: RayActorError) -> Any:  # noqa: ANN401  (Ray has no types)
        """Start an actor in the place of a dead one; its other calls come back dead as well."""
        if dead in self._actors:
            self._deaths += 1
            logger.warning("a Ray worker died: %s", error)
            if self._deaths > MAX_DEATHS:
                raise IncompleteError(
                    f"{self._deaths} Ray workers died in one step; the last: {error}. "
                    "What is committed stays: run again to go on"
                ) from error
            self._actors[self._actors.index(dead)] = self._make.remote(self._runner)
        return self._actors[-1]


def _check_fits(resources: Resources) -> None:
    """Refuse a worker that no node can hold: Ray would leave it pending without a word."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    fits = any(
        node.get("CPU", 0) >= resources.cpus and node.get("GPU", 0) >= resources.gpus
        for node in nodes
    )
    if not fits:
        largest = max((n.get("CPU", 0), n.get("GPU", 0)) for n in nodes)
        raise EnvironmentFault(
            f"a worker asks for {resources.cpus:g} CPUs and {resources.gpus:g} GPUs, but the "
            f"largest node has {largest[0]:g} and {largest[1]:g}; lower the step's resources"
        )
