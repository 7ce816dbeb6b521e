"""A pool of Ray actors that hold one step's models, on a cluster whose nodes come and go."""

import contextlib
import logging
import math
import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError

from ...schemas.errors import EnvironmentFault, IncompleteError
from ..machine.cpu import WorkerCpu, note_ended, worker_cpu
from ..machine.process import ProcessName, this_process
from ..machine.threads import ONE_THREAD
from ..parts.attempt_notes import drop_notes
from ..parts.part import PartRunner
from ..parts.stop_note import is_stopped
from .ray_room import cluster_room, describe, reserved

logger = logging.getLogger(__name__)

PREFETCH = 2
"""Calls at one actor: the next part waits there when the model is free."""
MAX_DEATHS = 12
"""Actors that may die in a row without a commit in between, before the step is given up.

A part needs three deaths for each of its records that kill, which are quarantined then: this is
enough for four such records at once, and stops what kills every worker, such as a broken library.
A node takes its actors along: more are allowed by the size of the pool, less one.
"""
LOOK_S = 2.0
"""How often the pool is fitted to the cluster. A dead node is noticed by Ray after 15 s or more."""
NO_ROOM_S = 120.0
"""Patience with a cluster that has lost every node that could hold an actor."""
SLOW_START_S = 60.0
"""Without a worker that is ready, a person is told what they wait for."""
_END_GRACE_S = 5.0
_KILL_S = 2.0
"""Patience with actors that were killed: with `_END_GRACE_S` less than a stopped driver has."""
_DROPPERS = 16
"""Parts whose notes are taken away at once."""


class _PartActor:
    """One warm worker."""

    def __init__(self, runner: PartRunner) -> None:
        self._runner = runner
        runner.setup()

    def is_ready(self) -> ProcessName:
        return this_process()

    def run(self, part: str) -> bool:
        return self._runner.run(part) is not None

    def stop(self) -> WorkerCpu:
        self._runner.teardown()
        return worker_cpu()


class Pool:
    """Actors and the parts that wait at each of them.

    Only an actor that has loaded its models is given parts: one that Ray cannot place holds none.

    Args:
        runner: what each actor calls.
        size: actors wanted; fewer while the cluster has no room for so many.
        is_remote: whether the actors' environment is not this process's own.
    """

    def __init__(self, runner: PartRunner, size: int, *, is_remote: bool) -> None:
        self._resources = runner.step.resources
        self._make = ray.remote(_PartActor).options(
            **reserved(self._resources),
            max_restarts=0,
            max_task_retries=0,
            runtime_env={"env_vars": ONE_THREAD} if is_remote else None,
        )
        self._runner = runner
        self._size = size
        self._loading: dict[Any, Any] = {}
        """Actors that are not ready, by the call that says when they are."""
        self._ready: dict[Any, ProcessName] = {}
        self._calls: dict[Any, tuple[Any, str]] = {}
        self._deaths = 0
        self._room = size
        self._store = runner.open_store()
        self._is_stopped = False
        self._next_look = self._had_room = self._had_ready = time.monotonic()

    def run(self, parts: Sequence[str]) -> None:
        """Keep every actor busy until all parts are through.

        Once the step is stopped no part is begun, and those in hand are waited for.

        Raises:
            EnvironmentFault: a worker says so.
            IncompleteError: actors die again and again, or the cluster has no node left for them.
        """
        waiting = deque(parts)
        while waiting or self._calls:
            self._look(len(waiting) + len(self._calls))
            if self._is_stopped:
                waiting.clear()
            self._fill(waiting)
            for call in self._wait() if waiting or self._calls else ():
                if call in self._loading:
                    self._take_in(call)
                else:
                    self._finish(call, waiting)

    def close(self) -> None:
        """Let every actor release its models, then end it; a part in hand is no death."""
        ends = [actor.stop.remote() for actor in self._ready]
        if ends:
            ended, _ = ray.wait(ends, num_returns=len(ends), timeout=_END_GRACE_S)
            for end in ended:
                with contextlib.suppress(RayError):
                    note_ended(ray.get(end))
        in_hand = self._in_hand()
        for actor in (*self._ready, *self._loading.values()):
            ray.kill(actor)
        if in_hand:
            ray.wait(in_hand, num_returns=len(in_hand), timeout=_KILL_S)
            with ThreadPoolExecutor(_DROPPERS) as pool:
                pool.map(self._drop_notes, in_hand)

    def _in_hand(self) -> list[Any]:
        """Return the calls that have not ended; those of an actor that died have."""
        if not self._calls:
            return []
        _, left = ray.wait(list(self._calls), num_returns=len(self._calls), timeout=0)
        return [call for call in left if self._calls[call][0] in self._ready]

    def _drop_notes(self, call: Any) -> None:  # noqa: ANN401  (Ray has no types)
        actor, part = self._calls[call]
        drop_notes(self._store, f"{self._runner.folder}/{part}", self._ready[actor])

    def _wait(self) -> list[Any]:
        """Return the calls that have ended: after a while, or one at least."""
        awaited = [*self._calls, *self._loading]
        if not awaited:  # the cluster has no room at all
            time.sleep(LOOK_S)
            return []
        ended, _ = ray.wait(awaited, num_returns=1, timeout=LOOK_S)
        return list(ended)

    def _look(self, num_parts: int) -> None:
        """Look after a while whether the step was stopped, and fit the pool to the cluster."""
        if time.monotonic() < self._next_look:
            return  # a look at the cluster costs as much as handing over a part
        self._next_look = time.monotonic() + LOOK_S
        with contextlib.suppress(OSError, EnvironmentFault):  # the next look may be luckier
            self._is_stopped |= is_stopped(self._store, self._runner.stop_note)
        if not self._is_stopped:
            self._fit(num_parts)
            self._tell_slow_start()

    def _fit(self, num_parts: int) -> None:
        """Start actors that are missing, and end those that will find no place."""
        room = cluster_room(self._resources)
        self._tell_room(room)
        actors = len(self._ready) + len(self._loading)
        for _ in range(min(self._size, room, num_parts) - actors):
            actor = self._make.remote(self._runner)
            self._loading[actor.is_ready.remote()] = actor
        for _ in range(min(actors - room, len(self._loading))):
            _, newest = self._loading.popitem()  # the others are nearer to their first part
            ray.kill(newest)

    def _tell_room(self, room: int) -> None:
        if room < self._size and room != self._room:
            logger.warning(
                "the Ray cluster has room for %d of %d workers; the step goes on with so many",
                room,
                self._size,
            )
        self._room = room
        if room or self._ready:
            self._had_room = time.monotonic()
        elif time.monotonic() > self._had_room + NO_ROOM_S:
            raise IncompleteError(
                f"no node of the Ray cluster is left for {describe(self._resources)}; "
                "what is committed stays: add nodes, then run again to go on"
            )

    def _tell_slow_start(self) -> None:
        """Say once, for as long as no actor is ready, what they may wait for."""
        if self._ready:
            self._had_ready = time.monotonic()
        elif self._loading and time.monotonic() > self._had_ready + SLOW_START_S:
            self._had_ready = math.inf
            logger.warning(
                "no Ray worker of step %r has become ready for %.0f s: they load their models, or "
                "wait until %s is free; `ray status` shows who holds what",
                self._runner.step.name,
                SLOW_START_S,
                describe(self._resources),
            )

    def _fill(self, waiting: deque[str]) -> None:
        """Give each actor a part, and one more while no other actor could begin it sooner."""
        load = Counter(actor for actor, _ in self._calls.values())
        for most in range(1, PREFETCH + 1):
            for actor in self._ready:
                is_plenty = most == 1 or len(waiting) >= self._size
                if waiting and is_plenty and load[actor] < most:
                    part = waiting.popleft()
                    self._calls[actor.run.remote(part)] = (actor, part)
                    load[actor] += 1

    def _take_in(self, call: Any) -> None:  # noqa: ANN401  (Ray has no types)
        actor = self._loading.pop(call)
        try:
            self._ready[actor] = ray.get(call)
        except RayError as error:
            self._bury(actor, error)

    def _finish(self, call: Any, waiting: deque[str]) -> None:  # noqa: ANN401  (Ray has no types)
        """Take in what became of a part, and whether the step was stopped."""
        actor, part = self._calls.pop(call)
        try:
            self._is_stopped |= not ray.get(call)
        except RayTaskError as error:
            if isinstance(error.cause, EnvironmentFault):
                raise error.cause from error
            raise IncompleteError(f"a Ray worker failed: {_last_line(error)}") from error
        except RayError as error:
            waiting.appendleft(part)
            if actor in self._ready:  # its other calls come back dead as well
                del self._ready[actor]
                self._bury(actor, error)
            return
        self._deaths = 0

    def _bury(self, dead: Any, error: RayError) -> None:  # noqa: ANN401  (Ray has no types)
        """Count a death; the next fitting starts an actor in its place."""
        if isinstance(error, RayActorError) and error.actor_init_failed:
            # Faults of the step's own models stop the step in another way.
            raise EnvironmentFault(
                f"a Ray worker cannot begin: {_last_line(error)}; install interlink in all nodes "
                "as it is here, such as by the image of docker/ray"
            ) from error
        self._deaths += 1
        reason = str(error).strip().splitlines()[0]
        logger.warning("a Ray worker died, its parts go to another: %s", reason)
        if self._deaths >= MAX_DEATHS + self._size:
            raise IncompleteError(
                f"{self._deaths} Ray workers died in a row, and no part was committed in between: "
                f"more than the records of one part explain. The last: {reason} "
                "What is committed stays: run again to go on"
            ) from error
        ray.kill(dead)  # it may only be out of reach
        self._next_look = 0.0


def _last_line(error: RayError) -> str:
    return str(error).strip().splitlines()[-1]
