"""Runs one record through one step again, here, outside of the run, and tells what happens.

The record goes in as the step before gave it. What comes out is written into a folder of its own;
the run is only read.
"""

import dataclasses
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from ...schemas.denied import Denied
from ...schemas.outcome import Outcome
from ...schemas.reference import Reference
from ...transforms.base import Expand, Gather, Map, RejectRecord, Transform
from ..machine.cpu import cpu_seconds
from ..parts.commit import KEPT_NAME, OUTCOMES_NAME
from ..parts.runtime import run_stage
from ..parts.trials import RetryPolicy
from ..parts.workspace import PartWorkspace
from ..step import Stage
from ..storage.records_file import write_records
from ..storage.store import Store
from .find_record import FoundRecord

OUTPUTS = "outputs"
"""Folder of what came out, under that of the replay."""
_ONCE = RetryPolicy(attempts=1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageReplay:
    """What one stage did."""

    stage: str
    outcomes: Sequence[Outcome]
    num_outputs: int
    """Records that came out."""
    wall_s: float
    cpu_s: float
    """CPU seconds of this process and its children."""
    peak_bytes: int
    """The most memory that this process has held so far."""
    peak_child_bytes: int
    """The most that one of its ended children has held."""


class Listener(Protocol):
    """Is told what happens, as it happens: the process may not live to the end."""

    def loading(self, stage: str) -> None:
        """A stage loads its model."""

    def begins(self, stage: str, num_records: int) -> None:
        """A stage takes records in hand."""

    def raised(self, stage: str, error: BaseException) -> None:
        """A transform raised something; the error has its traceback."""

    def ended(self, replay: StageReplay) -> None:
        """A stage is through with its records."""


def replay(
    run: Store,
    found: FoundRecord,
    output: Path,
    listener: Listener,
    *,
    denied: Denied | None = None,
) -> list[Any]:
    """Take a record through its step.

    Each stage tries it once. Records that come out, outcomes, media and files are written under
    `output/outputs`, as a part's attempt writes them.

    Args:
        run: the run; nothing is written there.
        found: the record and its step.
        output: a folder that is made here; empty, if it is there.
        listener: who is told.
        denied: what was taken down.

    Returns:
        The records that came out.

    Raises:
        EnvironmentFault: the machine is at fault.
    """
    store = Store(str(output))
    workspace = _ReplayWorkspace(run, store, output / "scratch", denied or Denied())
    records, outcomes = list(found.inputs), list[Outcome]()
    ready: list[Transform[Any, Any]] = []
    try:
        for stage in found.step.stages:
            listener.loading(stage.name)
            ready.append(stage.transform)
            stage.transform.setup()
            stage.transform.open_part(workspace)
            _listen(stage, listener)
            listener.begins(stage.name, len(records))
            wall, cpu = time.monotonic(), cpu_seconds()
            done = run_stage(stage, records, step=found.step.name, retry=_ONCE)
            records = done.records
            outcomes.extend(done.outcomes)
            listener.ended(_describe(stage, done.outcomes, len(records), wall, cpu))
        workspace.write(records, found.step.output_type, outcomes)
    finally:
        for transform in reversed(ready):
            transform.teardown()
        workspace.close()
    return records


class _ReplayWorkspace:
    """Reads what the run holds, and what this replay added; writes into the replay's folder."""

    def __init__(self, run: Store, output: Store, scratch: Path, denied: Denied) -> None:
        self._output = output
        self._run = PartWorkspace(run, "replay", scratch / "run", denied=denied)
        self._own = PartWorkspace(output, OUTPUTS, scratch / "own", denied=denied)
        self.scratch = self._own.scratch
        self.denied = denied
        self.add_media = self._own.add_media
        self.add_file = self._own.add_file
        self.await_space = self._own.await_space

    def read(self, reference: Reference) -> bytes:
        return self._holder(reference).read(reference)

    def path(self, reference: Reference) -> Path:
        return self._holder(reference).path(reference)

    def write(self, records: list[Any], record_type: type, outcomes: list[Outcome]) -> None:
        """Write what came out, as a part's attempt does."""
        kept, fates = self.scratch / KEPT_NAME, self.scratch / OUTCOMES_NAME
        write_records(kept, records, record_type)
        write_records(fates, outcomes, Outcome)
        media = self._own.finish_media()
        for path in (kept, fates, *([media] if media else [])):
            self._output.put_file(f"{OUTPUTS}/{path.name}", path)

    def close(self) -> None:
        self._own.close()
        self._run.close()
        self.scratch.parent.rmdir()

    def _holder(self, reference: Reference) -> PartWorkspace:
        return self._own if reference.file.startswith(f"{OUTPUTS}/") else self._run


def _describe(
    stage: Stage, outcomes: Sequence[Outcome], num_outputs: int, wall: float, cpu: float
) -> StageReplay:
    own, children = (
        resource.getrusage(who).ru_maxrss * 1024  # Linux counts kibibytes
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return StageReplay(
        stage=stage.name,
        outcomes=outcomes,
        num_outputs=num_outputs,
        wall_s=time.monotonic() - wall,
        cpu_s=cpu_seconds() - cpu,
        peak_bytes=own,
        peak_child_bytes=children,
    )


def _listen(stage: Stage, listener: Listener) -> None:
    """Tell what the transform raises, before the runtime makes an outcome of it."""
    transform = stage.transform
    name = _VERBS[next(verb for verb in _VERBS if isinstance(transform, verb))]
    call: Callable[..., Any] = getattr(transform, name)

    def tell_batch(records: Sequence[Any]) -> Any:  # noqa: ANN401  (any results)
        with _Tells(stage.name, listener):
            return call(records)

    def tell_outputs(*arguments: Any) -> Iterator[Any]:  # noqa: ANN401  (any records)
        with _Tells(stage.name, listener):
            outputs: Iterable[Any] = call(*arguments)
            yield from outputs

    # On the instance, where it hides the method of the class.
    vars(transform)[name] = tell_batch if isinstance(transform, Map) else tell_outputs


_VERBS: dict[type, str] = {Map: "process_batch", Expand: "process", Gather: "process_group"}


class _Tells:
    """Tells of an error that passes, and lets it pass."""

    def __init__(self, stage: str, listener: Listener) -> None:
        self._stage = stage
        self._listener = listener

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, RejectRecord):
            self._listener.raised(self._stage, error)
