"""The three verbs, told apart by how many records come out; what a result is; what a part offers.

A transform says what happens to a record. It knows no engine, no run, no store: what it reads and
writes besides records goes through its `Workspace`.
"""

import dataclasses
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from ..schemas.denied import Denied
from ..schemas.ids import digest
from ..schemas.outcome import ErrorCode, RejectionReason
from ..schemas.reference import Reference

In = TypeVar("In")
Out = TypeVar("Out")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Generic[Out]):
    """What one input became."""

    input_id: str
    record: Out


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An input that a rule left out, with the number that decided."""

    input_id: str
    reason: RejectionReason
    value: float | None = None
    message: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An input that could not be processed; the code's class decides whether it is tried again."""

    input_id: str
    code: ErrorCode
    message: str
    value: float | None = None
    wait_until_us: int | None = None
    """When to try again, in microseconds since 1970 in UTC, where that was told."""


class RejectRecord(Exception):  # noqa: N818  (an outcome, not an error)
    """Raised by an `Expand` or a `Gather` to leave its input out for a reason.

    Attributes:
        reason: why, from the closed list.
        value: the number that decided.
    """

    def __init__(self, reason: RejectionReason, *, value: float | None = None) -> None:
        super().__init__(reason, value)
        self.reason = reason
        self.value = value


class Workspace(Protocol):
    """What a part lends to the transforms that run on it."""

    scratch: Path
    """A local folder, emptied when the part ends."""
    denied: Denied
    """What was taken down and must not be fetched again. Never part of a digest."""

    def read(self, reference: Reference) -> bytes:
        """Return the bytes that `reference` means, checked against its digest."""

    def path(self, reference: Reference) -> Path:
        """Return a local path of the whole file that `reference` means. Do not write to it."""

    def add_media(
        self,
        data: bytes,
        *,
        video_id: str,
        owner_id: str,
        kind: str,
        start_us: int,
        end_us: int,
        mime: str,
    ) -> Reference:
        """Append one row to the part's media file (`schemas.reference.Media` explains the columns).

        Args:
            data: the content.
            video_id: the video that the row belongs to; rows of one video must come together.
            owner_id: the `video_id` of frames and audio, the `clip_id` of clip files.
            kind: `frame`, `audio` or `clip`.
            start_us: start on the source's presentation clock.
            end_us: end, exclusive; equal to `start_us` for a frame.
            mime: media type of `data`.
        """

    def add_file(self, path: Path, *, sha256: str) -> Reference:
        """Take a local file over into the part's commit; `path` is gone afterwards."""

    def await_space(
        self, num_bytes: int, cancelled: threading.Event | None = None, *, was_full: bool = False
    ) -> None:
        """Wait until there is room for `num_bytes` on the disks that the part writes to.

        Args:
            num_bytes: what is about to be written, as far as it is known.
            cancelled: ends the wait.
            was_full: whether just that much did not fit.

        Raises:
            EnvironmentFault: there was no room in time.
        """


def parameter(default: Any, *, in_digest: bool = True) -> Any:  # noqa: ANN401  (a field's default)
    """Declare a transform's field that may stay out of its digest.

    Args:
        default: the default value; a list, dict or set is not allowed.
        in_digest: False for what never changes the output, such as a time-out.
    """
    return dataclasses.field(default=default, metadata={"in_digest": in_digest})


class Transform(ABC, Generic[In, Out]):
    """What is common to the three verbs.

    Subclasses are keyword-only dataclasses: their fields are their parameters, their recipe section
    and their digest. A transform pickles before `setup`.
    """

    version: ClassVar[int] = 1
    """Raised when the same input gives another output."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "allow_inf_nan": False}

    workspace: ClassVar[Workspace | None] = None
    """Set on the instance by the runtime before each part."""

    def setup(self) -> None:
        """Load what is too heavy to ship, such as model weights. Called once in each worker."""

    def teardown(self) -> None:
        """Release what `setup` took. Called once, also after a failure."""

    def open_part(self, workspace: Workspace) -> None:
        """Take the workspace of the part that comes next."""
        self.workspace = workspace  # type: ignore[misc]  # shadows the class's None on purpose

    def files(self) -> Workspace:
        """Return the workspace of the part in hand.

        Raises:
            RuntimeError: no part was opened.
        """
        if self.workspace is None:
            raise RuntimeError(f"{type(self).__name__} has no part in hand: call open_part first")
        return self.workspace

    def models(self) -> tuple[str, ...]:
        """Name the models that decide the output, as `name@revision`; part of the digest."""
        return ()

    def digest(self) -> str:
        """Return what tells this transform's output apart: name, version, parameters, models."""
        return digest(type(self).__name__, self.version, self.parameters(), self.models())

    def parameters(self) -> dict[str, Any]:
        """Return what of the fields changes the output, as JSON can hold it; part of the digest."""
        stated: dict[str, Any] = _parameters(self)
        return stated


class Map(Transform[In, Out]):
    """One record in; one record, one rejection or one failure out."""

    @property
    def sees_batches(self) -> bool:
        """Whether what a record becomes may depend on the others of its batch, as with a model.

        Where it may, records of a batch that had to be taken apart carry the flag `batch_split`.
        """
        return True

    @abstractmethod
    def process_batch(self, records: Sequence[In]) -> Sequence[Kept[Out] | Rejected | Failed]:
        """Return one result for each record, in any order; each carries its input's id."""


class Expand(Transform[In, Out]):
    """One record in, any number out. None at all counts as rejected: `empty`.

    To name a better reason, raise `RejectRecord`.
    """

    @abstractmethod
    def process(self, record: In) -> Iterable[Out]:
        """Yield the records made from `record`."""


class Gather(Transform[In, Out]):
    """Neighbouring records of one key in (all clips of a video), any number out."""

    @abstractmethod
    def key(self, record: In) -> str:
        """Return the key of the group that `record` belongs to."""

    @abstractmethod
    def process_group(self, key: str, records: Sequence[In]) -> Iterable[Out]:
        """Yield the records made from one whole group, in the order in which it came in."""


def record_id(record: object) -> str:
    """Return a record's id: by convention, its first field."""
    value: str = getattr(record, dataclasses.fields(record)[0].name)  # type: ignore[arg-type]
    return value


def _parameters(value: Any) -> Any:  # noqa: ANN401  (walks any parameter)
    """Return what JSON can hold of a parameter; nested dataclasses carry their class's name."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f for f in dataclasses.fields(value) if f.metadata.get("in_digest", True)]
        named = {f.name: _parameters(getattr(value, f.name)) for f in fields if f.init}
        return {"class": type(value).__name__, "version": getattr(value, "version", 1), **named}
    if isinstance(value, tuple | list):
        return [_parameters(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _parameters(item) for key, item in value.items()}
    if isinstance(value, Path):
        return str(value)
    return value
