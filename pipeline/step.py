"""A stage places a transform; a step is what lies between two commits."""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..schemas.ids import digest
from ..transforms.base import Transform

EngineName = Literal["local", "beam", "ray"]


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What one worker of a step reserves. Nothing here may change what it returns."""

    workers: int = 1
    """Workers at once; the local engine has one."""
    cpus: float = 0.5
    """CPUs that one worker reserves. Small on purpose: a full node leaves Ray no head room."""
    gpus: float = 0.0
    """GPUs that one worker reserves."""
    memory_gib: float = 0.0
    """Memory that one worker reserves."""
    ray: Mapping[str, float] = field(default_factory=dict)
    """Further resources of Ray that one worker reserves, by name."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A transform placed inside a worker."""

    name: str
    transform: Transform[Any, Any]
    batch_size: int = 1
    """Records handed to a `Map` at once, formed in order inside the part."""

    @property
    def input_type(self) -> type:
        """The record type that goes in."""
        return _type_arguments(type(self.transform))[0]

    @property
    def output_type(self) -> type:
        """The record type that comes out."""
        return _type_arguments(type(self.transform))[1]


@dataclass(frozen=True, kw_only=True)
class Step:
    """Stages that run one after the other on a part, between two commits.

    Raises:
        TypeError: a stage does not take what the one before it gives.
    """

    name: str
    stages: Sequence[Stage]
    engine: EngineName = "local"
    resources: Resources = field(default_factory=Resources)

    def __post_init__(self) -> None:
        for before, after in zip(self.stages, self.stages[1:], strict=False):
            if before.output_type is not after.input_type:
                raise TypeError(
                    f"stage {after.name!r} takes {after.input_type.__name__}, "
                    f"but {before.name!r} gives {before.output_type.__name__}"
                )

    @property
    def input_type(self) -> type:
        """The record type that the step reads."""
        return self.stages[0].input_type

    @property
    def output_type(self) -> type:
        """The record type that the step commits."""
        return self.stages[-1].output_type

    def key(self, previous: str) -> str:
        """Return the step key: digest of this step's transforms and of those before it.

        Engine, resources and batch sizes are not in it: they never change what comes out.

        Args:
            previous: key of the step before, or the empty string.
        """
        return digest(previous, self.name, [stage.transform.digest() for stage in self.stages])


def _type_arguments(transform_type: type) -> tuple[type, type]:
    """Read `[In, Out]` from the class line, as in `class Scan(Map[Video, Video])`."""
    for cls in transform_type.__mro__:
        for base in getattr(cls, "__orig_bases__", ()):
            arguments = typing.get_args(base)
            if len(arguments) == 2 and all(isinstance(a, type) for a in arguments):
                return arguments
    raise TypeError(f"{transform_type.__name__} must name its record types, as in Map[Clip, Clip]")
