"""The life of one part in one step: read, run the stages, write, verify, commit."""

import dataclasses
import hashlib
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ...schemas.denied import Denied
from ...schemas.errors import EnvironmentFault
from ...schemas.outcome import Disposition, Outcome
from ...transforms.base import Transform
from ..faults import fault_point
from ..machine.cpu import cpu_seconds
from ..machine.package_digest import check_package
from ..machine.threads import use_one_thread
from ..step import Step
from ..storage.disk_guard import DiskGuard, DiskPolicy, PauseNote
from ..storage.local_files import disk_faults
from ..storage.records_file import write_records
from ..storage.scratch import DEFAULT_COPIES_BYTES, scratch_place
from ..storage.store import Store
from ..storage.verify import verify_parquet
from .attempt_notes import dead_attempts
from .attempts import Attempt
from .commit import DONE_NAME, KEPT_NAME, OUTCOMES_NAME, Commit, StageCounts, read_commit
from .kept import read_kept
from .plan import read_part
from .runtime import run_stage
from .stop_note import STOP_PREFIX, is_stopped, stop_step
from .trials import RetryPolicy
from .workspace import CommittedFile, PartWorkspace


@dataclasses.dataclass(kw_only=True)
class PartRunner:
    """Takes parts through one step. Pickles; `setup` runs in the worker.

    Attributes:
        store_url: root of the run.
        step: what to do.
        key: the step key; `folder` is where its commits lie.
        previous_folder: folder of the step before; None for the first step, which reads the plan.
        single_writer: whether the run's store need not put if absent; see `Store`.
        scratch: local folder for unfinished files; None puts it beside a local run.
        scratch_bytes: room for a part's local copies of files of a remote store.
        retry: how transient failures are tried again.
        disk: how much space stays free, and how long it is waited for.
        denied: what was taken down and must not be fetched again.
        package: the driver's `package_digest`, which the worker's must be; empty compares nothing.
        plan: number of the plan whose parts it takes; another plan's have a runner of their own.
    """

    store_url: str
    step: Step
    key: str
    previous_folder: str | None
    single_writer: bool = False
    scratch: str | None = None
    scratch_bytes: int = DEFAULT_COPIES_BYTES
    retry: RetryPolicy = dataclasses.field(default_factory=RetryPolicy)
    disk: DiskPolicy = dataclasses.field(default_factory=DiskPolicy)
    denied: Denied = dataclasses.field(default_factory=Denied)
    package: str = ""
    plan: int = 0
    _ready: list[Transform[Any, Any]] = dataclasses.field(
        default_factory=list, init=False, repr=False
    )
    _refused: Exception | None = dataclasses.field(default=None, init=False, repr=False)
    """Why this worker cannot work: others, or another driver, may have taken the note away."""

    @property
    def folder(self) -> str:
        """The step's folder under the run."""
        return step_folder(self.step, self.key)

    @property
    def stop_note(self) -> str:
        """Path of the note that stops this plan's parts in this step, and says why."""
        return f"{self.folder}/{STOP_PREFIX}{self.plan:03d}.json"

    def open_store(self) -> Store:
        """Return the run's store."""
        return Store(self.store_url, single_writer=self.single_writer)

    def setup(self) -> None:
        """Load the step's models; called once in each worker. What goes wrong stops the step."""
        use_one_thread()
        with _StopsStep(self.open_store, self.stop_note) as stops:
            check_package(self.package)
            for stage in self.step.stages:
                self._ready.append(stage.transform)
                stage.transform.setup()
        self._refused = stops.error

    def teardown(self) -> None:
        """Release the step's models."""
        while self._ready:
            self._ready.pop().teardown()

    def run(self, part: str) -> Commit | None:
        """Take one part through the step, unless it is done already.

        Returns:
            The commit, ours or that of whoever was faster; None if the step was stopped.
        """
        store = self.open_store()
        folder = f"{self.folder}/{part}"
        names = store.names(folder)  # one call tells whether it is done, and who began it before
        if DONE_NAME in names:
            return read_commit(store, self.folder, part)
        if self._refused is not None:
            stop_step(store, self.stop_note, self._refused)
        if is_stopped(store, self.stop_note):
            return None
        scratch = self._scratch(store)
        disks = [disk for disk in (scratch, store.local_path("")) if disk]
        guard = DiskGuard(disks, self.disk, PauseNote(store, self.folder, self.disk.wait_s))

        def attempt() -> Commit:
            dead = dead_attempts(store, folder, names)
            with (
                disk_faults(str(scratch)),
                Attempt(store, folder, dead, names=names) as begun,
            ):
                return self._take(store, part, begun, guard)

        with _StopsStep(lambda: store, self.stop_note):
            return guard.patiently(attempt)
        return None

    def _take(self, store: Store, part: str, attempt: Attempt, guard: DiskGuard) -> Commit:
        started, cpu_before = time.monotonic(), cpu_seconds()
        scratch = self._scratch(store) / attempt.name
        workspace = PartWorkspace(
            store, attempt.folder, scratch, self.scratch_bytes, denied=self.denied, guard=guard
        )
        try:
            fault_point("part.begun", attempt.folder)
            records = self._inputs(store, part)
            outcomes: list[Outcome] = []
            for stage in self.step.stages:
                fault_point("stage.before", f"{attempt.folder}/{stage.name}")
                stage.transform.open_part(workspace)
                run = run_stage(
                    stage, records, step=self.step.name, retry=self.retry, attempt=attempt
                )
                records = run.records
                outcomes.extend(run.outcomes)
                fault_point("stage.after", f"{attempt.folder}/{stage.name}")
            files = self._write(store, workspace, attempt.folder, records, outcomes)
            commit = Commit(
                part=part,
                step=self.step.name,
                key=self.key,
                attempt=attempt.name,
                num_kept=len(records),
                stages=_count(self.step, outcomes),
                files=files,
                wall_s=round(time.monotonic() - started, 3),
                cpu_s=round(cpu_seconds() - cpu_before, 3),
                ended=datetime.now(UTC).isoformat(timespec="milliseconds"),
            )
            return self._commit(store, attempt, commit)
        finally:
            workspace.close()

    def _inputs(self, store: Store, part: str) -> list[Any]:
        if self.previous_folder is None:
            return list(read_part(store, part))
        before = read_commit(store, self.previous_folder, part)
        if before is None:
            raise EnvironmentFault(
                f"part {part} has no commit in {store.display(self.previous_folder)}, which "
                f"{self.step.name!r} reads; run the step before it first"
            )
        return list(read_kept(store, [before], self.step.input_type))

    def _write(
        self,
        store: Store,
        workspace: PartWorkspace,
        folder: str,
        records: list[Any],
        outcomes: list[Outcome],
    ) -> tuple[CommittedFile, ...]:
        """Write the attempt's files, read each back, and move them to the store."""
        kept, fates = workspace.scratch / KEPT_NAME, workspace.scratch / OUTCOMES_NAME
        write_records(kept, records, self.step.output_type)
        write_records(fates, outcomes, Outcome)
        fault_point("part.written", folder, written=kept)
        verify_parquet(kept, num_rows=len(records))
        verify_parquet(fates, num_rows=len(outcomes))
        local = [kept, fates]
        media = workspace.finish_media()
        if media is not None:
            verify_parquet(media)
            local.append(media)
        fault_point("part.verified", folder)
        files = [_describe(path, f"{folder}/{path.name}") for path in local]
        for path, file in zip(local, files, strict=True):
            store.put_file(file.path, path)
        return (*files, *workspace.files)

    def _commit(self, store: Store, attempt: Attempt, commit: Commit) -> Commit:
        fault_point("commit.before", attempt.folder)
        attempt.before_commit()
        if store.put_if_absent(f"{self.folder}/{commit.part}/{DONE_NAME}", commit.to_json()):
            fault_point("commit.after", attempt.folder)
            attempt.bury_others()
            return commit
        winner = read_commit(store, self.folder, commit.part)
        assert winner is not None
        if winner.attempt != commit.attempt:  # it is ours where the answer to the put was lost
            store.remove(attempt.folder)  # another worker was faster; its bytes are as good
        return winner

    def _scratch(self, store: Store) -> Path:
        return scratch_place(store) if self.scratch is None else Path(self.scratch)


def step_folder(step: Step, key: str) -> str:
    """Return the folder of a step's commits under the run, for its step key."""
    return f"steps/{step.name}-{key[:12]}"


class _StopsStep:
    """Stops the step, and keeps the error from the engine, which would tell it in its own way."""

    def __init__(self, open_store: Callable[[], Store], note: str) -> None:
        self.error: Exception | None = None
        self._open_store = open_store
        self._note = note

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False  # all is well, or the process is told to end
        store = self._open_store()
        if isinstance(error, OSError):  # transforms' own are caught by the runtime
            error = EnvironmentFault(f"cannot read or write {store.display()}: {error}")
        self.error = error
        stop_step(store, self._note, error)
        return True


def _count(step: Step, outcomes: list[Outcome]) -> tuple[StageCounts, ...]:
    counted = []
    for stage in step.stages:
        own = [o for o in outcomes if o.stage == stage.name]
        fates = Counter(o.disposition for o in own)
        numbers = {fate.value: fates[fate] for fate in Disposition}
        outputs = sum(o.num_outputs for o in own)
        counted.append(StageCounts(stage=stage.name, outputs=outputs, **numbers))
    return tuple(counted)


def _describe(path: Path, name: str) -> CommittedFile:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return CommittedFile(path=name, num_bytes=path.stat().st_size, sha256=sha256)
