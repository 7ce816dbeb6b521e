"""Ray: starts or joins a cluster; a step is a pool of warm actors there, a part is a call."""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import psutil

from ...schemas.errors import EnvironmentFault, IncompleteError
from ..machine.threads import use_one_thread
from ..parts.part import PartRunner
from ..step import Resources
from .address import check_reachable

try:
    import ray
    from ray.exceptions import RayError

    from .ray_pool import Pool
    from .ray_room import cluster_room, describe
except ImportError as error:
    raise EnvironmentFault(
        "the engine 'ray' needs Ray: pip install 'interlink[ray]', or use engine: local"
    ) from error

logger = logging.getLogger(__name__)

OBJECT_STORE_BYTES = 100 << 20
"""Of a local instance; only the step itself lies in it, as pixels never travel through Ray."""
_STARTS = 3
"""Tries to start Ray, whose node must be up within 30 s: a machine may be busy for a while."""
_FIX = "start the cluster, or say `local`"


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
        check_reachable(address, what="Ray", fix=_FIX)
        host, _, port = address.rpartition(":")
        if host in {"localhost", "127.0.0.1"}:  # Ray takes these for the address to the outside
            outside = f"{ray.util.get_node_ip_address()}:{port}"
            check_reachable(outside, what=f"Ray, which takes {address} for it,", fix=_FIX)

    def run(self, runner: PartRunner, parts: Sequence[str]) -> None:
        """Take the parts through the step on `resources.workers` actors, or as many as fit."""
        self._connect()
        size = min(runner.step.resources.workers, len(parts))
        _check_fits(runner.step.resources)
        pool = Pool(runner, size, is_remote=self._address != "local")
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
        else:  # one attempt takes 45 s where a token is wanted and not given; Ray makes 20
            os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "1")
        try:
            with _own_signals():
                self._start(**options)
        except (OSError, RuntimeError, ValueError, RayError) as error:
            reason = str(error).strip().partition("\n")[0]
            if self._address != "local":
                reason += "; if it runs: is its token that of RAY_AUTH_TOKEN here?"
            raise EnvironmentFault(f"cannot start Ray at {self._address!r}: {reason}") from error
        self._is_ours = True

    def _start(self, **options: Any) -> None:  # noqa: ANN401  (those of Ray)
        for tries_left in reversed(range(_STARTS)):
            with _Start(tries_left) as start:
                ray.init(
                    address=self._address,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    **options,
                )
            if not start.was_late:
                return


class _Start:
    """One try to start Ray, of which 2.60 says by a bare `Exception` that its node was late."""

    def __init__(self, tries_left: int) -> None:
        self.was_late = False
        self._tries_left = tries_left
        self._before = _children()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.was_late = kind is Exception
        if not self.was_late:
            return False
        for process in _children() - self._before:  # what came up of it
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        reason = str(error).strip().partition("\n")[0]
        if not self._tries_left:
            raise IncompleteError(
                f"Ray has not started in {_STARTS} tries: {reason} The machine may be too busy: "
                "run again to go on"
            ) from error
        logger.warning("Ray has not started, %d more tries: %s", self._tries_left, reason)
        return True


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep this process's SIGTERM handler: Ray 2.60 puts one in its place that aborts."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _check_fits(resources: Resources) -> None:
    """Refuse workers that no node can hold: Ray would leave them pending without a word."""
    if not cluster_room(resources) and all(node["Alive"] for node in ray.nodes()):
        raise EnvironmentFault(
            f"no node of the Ray cluster can hold {describe(resources)}; lower what the step's "
            "workers reserve, or add such nodes"
        )
