"""Toy runs: a plan of toy sources, taken through a step by the very code of production."""

import hashlib
import multiprocessing
from collections.abc import Callable, Sequence
from pathlib import Path

from interlink.pipeline.engines.engine import Engine
from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.jobs.observer import Observer
from interlink.pipeline.parts.commit import KEPT_NAME, OUTCOMES_NAME, Commit
from interlink.pipeline.parts.part import PartRunner
from interlink.pipeline.parts.plan import plan_parts, write_plan
from interlink.pipeline.parts.trials import RetryPolicy
from interlink.pipeline.step import Resources, Stage, Step
from interlink.pipeline.step_run import StepReport, run_step
from interlink.pipeline.storage.disk_guard import DiskPolicy
from interlink.pipeline.storage.records_file import read_records
from interlink.pipeline.storage.store import Store
from interlink.schemas.outcome import Outcome
from interlink.schemas.source import Source

QUICK = RetryPolicy(attempts=3, first_pause_s=0)


class ToyRun:
    """A run in a folder, with one plan.

    Args:
        root: the run's folder, or its URL.
        sources: what the plan divides into parts.
    """

    def __init__(self, root: Path | str, sources: Sequence[Source]) -> None:
        self.store = Store(str(root))
        write_plan(self.store, 1, sources)
        self.parts = plan_parts(self.store, 1)

    def runner(self, *stages: Stage, name: str = "toy", **resources: float) -> PartRunner:
        """Return what takes a part of this run through the stages."""
        step = Step(name=name, stages=stages, resources=Resources(**resources))
        return PartRunner(
            store_url=self.store.url,
            step=step,
            key=step.key(""),
            previous_folder=None,
            retry=QUICK,
            disk=DiskPolicy(min_free_bytes=0, wait_s=0.2),
        )

    def go(
        self,
        engine: Engine,
        runner: PartRunner,
        *,
        max_failed_share: float = 1.0,
        observers: Sequence[Observer] = (),
    ) -> StepReport:
        """Take all parts through the step."""
        return run_step(
            engine,
            runner,
            plan=1,
            parts=self.parts,
            max_failed_share=max_failed_share,
            observers=observers,
        )

    def kept_digests(self, report: StepReport) -> dict[str, str]:
        """Return the digest of each part's `kept.parquet`, computed anew from its bytes."""
        digests = {}
        for commit in report.commits:
            file = commit.file(KEPT_NAME)
            assert file is not None
            digests[commit.part] = hashlib.sha256(self.store.read(file.path)).hexdigest()
            assert digests[commit.part] == file.sha256
        return digests

    def kept(self, report: StepReport, record_type: type) -> list:
        """Return the kept records of all parts, in order."""
        return self._rows(report, KEPT_NAME, record_type)

    def outcomes(self, report: StepReport) -> list[Outcome]:
        """Return the outcomes of all parts, in order."""
        return self._rows(report, OUTCOMES_NAME, Outcome)

    def _rows(self, report: StepReport, name: str, record_type: type) -> list:
        rows: list = []
        for commit in report.commits:
            rows.extend(self.rows(commit, name, record_type))
        return rows

    def rows(self, commit: Commit, name: str, record_type: type) -> list:
        """Return the rows of one committed file."""
        file = commit.file(name)
        assert file is not None
        with self.store.open(file.path) as opened:
            return read_records(opened, record_type)


def go_in_process(run: ToyRun, runner: PartRunner) -> bool:
    """Take the step on the local engine in a process of its own; return whether it survived."""
    return _survives(_go, run, runner)


def take_part(runner: PartRunner, part: str) -> Commit | None:
    """Take a part in a process of its own; return its commit, or None if the process died of it."""
    return runner.run(part) if _survives(_take_part, runner, part) else None


def _survives(function: Callable[..., None], *arguments: object) -> bool:
    process = _PROCESSES.Process(target=function, args=arguments)
    process.start()
    process.join(timeout=120)
    assert process.exitcode in {0, 9}, f"neither done nor dead: {process.exitcode}"
    return process.exitcode == 0


def _go(run: ToyRun, runner: PartRunner) -> None:
    run.go(LocalEngine(), runner)


def _take_part(runner: PartRunner, part: str) -> None:
    runner.setup()
    assert runner.run(part) is not None
    runner.teardown()


_PROCESSES = multiprocessing.get_context("forkserver")
# What a first part imports takes longer than the part.
_PROCESSES.set_forkserver_preload(
    ["interlink_toy_runs", "interlink_toys", "numpy", "pyarrow.dataset", "pandas"]
)
