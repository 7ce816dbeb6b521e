"""What an engine is, and how one is made by name."""

from collections.abc import Sequence
from typing import Protocol

from ..jobs.job import Job
from ..parts.part import PartRunner
from ..step import EngineName


class Engine(Protocol):
    """Carries the parts of one step out. It decides where and how many at once, never what."""

    def run(self, runner: PartRunner, parts: Sequence[str]) -> None:
        """Call `runner.run` for each part, after one `runner.setup` per worker.

        Returns when every part is committed or the step was stopped; commits tell which.

        Raises:
            EnvironmentFault: the engine cannot be started.
            IncompleteError: workers died too often; what is committed stays.
        """

    def close(self) -> None:
        """Stop what the engine started."""


def make_engine(
    name: EngineName,
    *,
    beam_options: Sequence[str] = (),
    ray_address: str = "local",
    job: Job | None = None,
) -> Engine:
    """Return the engine of that name; a new engine is one file and one line here.

    Args:
        name: `local`, `beam` or `ray`.
        beam_options: arguments for Beam's `PipelineOptions`, untouched.
        ray_address: address of a Ray cluster, or `local` for one on this machine.
        job: where an engine notes its jobs on a cluster, and finds those that dead jobs left.

    Raises:
        EnvironmentFault: the engine's package is not installed.
    """
    if name == "beam":
        from .beam import BeamEngine

        return BeamEngine(options=tuple(beam_options), job=job)
    if name == "ray":
        from .ray import RayEngine

        return RayEngine(address=ray_address)
    from .local import LocalEngine

    return LocalEngine()
