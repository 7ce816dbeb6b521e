"""Apache Beam: a part is an element, a worker's `DoFn` holds the step's models.

`RunStep` takes parts through a step, `RunStage` records through a stage, for pipelines of your own.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ...schemas.errors import EnvironmentFault, IncompleteError, InterlinkError, UsageError
from ...transforms.base import Gather
from ..jobs.job import Job
from ..parts.commit import read_commit
from ..parts.part import PartRunner
from ..parts.runtime import run_stage
from ..parts.stop_note import is_stopped
from ..parts.trials import RetryPolicy
from ..step import Stage
from .quiet import quiet, quiet_import

try:
    with quiet_import():  # Beam warns that Google's clients are missing, which nothing here needs
        import apache_beam as beam
        import grpc
        from apache_beam.options.pipeline_options import (
            GoogleCloudOptions,
            PipelineOptions,
            PortableOptions,
            StandardOptions,
        )

        from .beam_jobs import JobService, dataflow_errors, id_of, job_name, last_words
        from .beam_local import local_runner
except ImportError as error:
    raise EnvironmentFault(
        "the engine 'beam' needs Apache Beam: pip install 'interlink[beam]', or use engine: local"
    ) from error

logger = logging.getLogger(__name__)

OUTCOMES = "outcomes"
"""Tag of `RunStage`'s second output: one `Outcome` for each record that went in."""

_LEVELS = {
    # A dead worker gives a dozen tracebacks of Beam's own; the engine says it in one sentence.
    "apache_beam": logging.CRITICAL,
    "apache_beam.runners.portability.local_job_service": logging.ERROR,  # what workers log
}
_THREADS = {"run_worker", "beam_control_read", "read_grpc_client_inputs"}


class BeamEngine:
    """Runs each step as one Beam job.

    On a runner that outlives its driver, a later driver finds the job by its name and follows it.

    Args:
        options: arguments for `PipelineOptions`. Without `--runner` the `FnApiRunner` is taken, as
            Beam's own default first tries to download another one: in this process, or on as many
            worker processes as the step has workers.
        job: where jobs on a cluster are noted; None notes nothing.
    """

    def __init__(self, options: Sequence[str] = (), job: Job | None = None) -> None:
        self._options = list(options)
        self._job = job
        self._service: JobService | None = None

    def run(self, runner: PartRunner, parts: Sequence[str]) -> None:
        """Take the parts through the step; Beam decides where."""
        name = job_name(runner, parts[0])
        faults = dataflow_errors() if self._runner_name() == "DataflowRunner" else ()
        with quiet(_LEVELS, _THREADS, silence_root=True):
            self._connect()
            try:
                if self._service is not None:
                    parts = self._follow_orphan(self._service, runner, parts, name)
                if parts:
                    self._submit(runner, parts, name)
            except (RuntimeError, OSError, grpc.RpcError, beam.error.BeamError, *faults) as error:
                raise _why_failed(runner, error) from error

    def close(self) -> None:
        """Do nothing: a Beam job ends by itself."""

    def _runner_name(self) -> str | None:
        name: str | None = PipelineOptions(self._options).view_as(StandardOptions).runner
        return name

    def _connect(self) -> None:
        endpoint = PipelineOptions(self._options).view_as(PortableOptions).job_endpoint
        if endpoint in {None, "embed"}:
            return
        try:
            self._service = JobService(endpoint)
        except EnvironmentFault as error:
            if self._service is not None or (self._job and self._job.left_remote("beam")):
                # It was there before, so it may come back.
                raise IncompleteError(f"{error}; then run again to go on") from error
            raise

    def _follow_orphan(
        self, service: JobService, runner: PartRunner, parts: Sequence[str], name: str
    ) -> Sequence[str]:
        """Wait for the end of a job that a dead driver has left, and return the parts to do."""
        store = runner.open_store()
        noted = self._job and service.clear(self._job, store, runner.folder, name)
        # It may have begun and not been noted.
        orphan = noted.job_id if noted else service.find(name)
        if orphan is None:
            return parts
        logger.warning("the job %s of another driver goes on: waiting for its end", orphan)
        is_ours = bool(self._job and noted and self._job.is_orphan(noted))
        try:
            self._wait(runner, service.follow(orphan), name, is_ours=is_ours)
        except (RuntimeError, grpc.RpcError) as error:
            logger.warning("it failed: %s", last_words(str(error)))
        if self._job is not None:
            service.clear(self._job, store, runner.folder, name)  # the note of the driver before
        if is_stopped(store, runner.stop_note):
            return []
        return [part for part in parts if read_commit(store, runner.folder, part) is None]

    def _submit(self, runner: PartRunner, parts: Sequence[str], name: str) -> None:
        options = PipelineOptions(self._options)
        cloud = options.view_as(GoogleCloudOptions)  # where the option lies, whatever the runner
        cloud.job_name = cloud.job_name or name
        is_local = self._runner_name() in {None, "FnApiRunner"}
        has_way = any(option.startswith("--direct_") for option in self._options)
        workers = 1 if has_way else runner.step.resources.workers
        chosen = local_runner(options, workers) if is_local else None
        try:
            pipeline = beam.Pipeline(runner=chosen, options=options)
        except ValueError as error:
            raise UsageError(f"Beam refuses its options {self._options}: {error}") from error
        done = pipeline | "ReadPlan" >> beam.Create(list(parts)) | RunStep(runner)
        # Where nothing awaits a worker's output, the FnApiRunner of Beam 2.77 awaits a dead worker
        # for ever.
        _ = done | "Count" >> beam.combiners.Count.Globally()
        if not is_local:
            self._tell_left()
        self._wait(runner, pipeline.run(), name)

    def _tell_left(self) -> None:
        """Tell of jobs that dead drivers left where no job service knows of them."""
        if self._job is None or self._service is not None:
            return
        for left in self._job.left_remote("beam"):
            logger.warning(
                "the job %s of an earlier driver may still run: cancel it where it runs, or let it "
                "be; what both do is kept once",
                left.job_id,
            )
            self._job.forget_remote(left)

    def _wait(self, runner: PartRunner, result: Any, name: str, *, is_ours: bool = True) -> None:  # noqa: ANN401
        """Wait for a job's end; when this driver is told to stop, a job of its own stops as well.

        One is its own that it began, or whose driver is known to be dead.
        """
        job_id = id_of(result)
        note = None
        if self._job is not None and job_id is not None and is_ours:
            note = self._job.note_remote(
                engine="beam",
                step=runner.folder,
                job_id=job_id,
                name=name,
                stop_note=runner.stop_note,
            )
        is_over = False
        try:
            result.wait_until_finish()
            is_over = True
        except (KeyboardInterrupt, SystemExit):
            if not is_ours:
                logger.warning("the job %s goes on, as its driver may live elsewhere", job_id)
            elif self._service is not None and job_id is not None:
                self._service.abandon(job_id, runner.open_store(), runner.stop_note)
            raise
        finally:
            if self._job is not None and note is not None:
                if self._service is not None:
                    is_over = self._service.has_ended(job_id)
                if is_over:
                    self._job.forget_remote(note)


class RunStep(beam.PTransform):  # type: ignore[misc]  # Beam has no types
    """Part names in, part names out, in any order: each is committed in the run's store."""

    def __init__(self, runner: PartRunner) -> None:
        super().__init__(label=runner.step.name)
        self._runner = runner

    def expand(self, parts: Any) -> Any:  # noqa: ANN401  (Beam has no types)
        """Spread the parts over the workers and run them."""
        # Without a reshuffle Beam fuses the parts with their source into one bundle.
        return parts | "Spread" >> beam.Reshuffle() | "Run" >> beam.ParDo(_PartFn(self._runner))


class RunStage(beam.PTransform):  # type: ignore[misc]  # Beam has no types
    """Records in; records out, and their outcomes under the tag `outcomes`.

    For stages whose transform needs no `Workspace`. Beam forms the batches, and gives the records
    of a group in any order.
    """

    def __init__(self, stage: Stage, retry: RetryPolicy | None = None) -> None:
        super().__init__(label=stage.name)
        self._stage = stage
        self._retry = retry or RetryPolicy()

    def expand(self, records: Any) -> Any:  # noqa: ANN401  (Beam has no types)
        """Group or batch the records and run the stage on each batch."""
        transform = self._stage.transform
        if isinstance(transform, Gather):
            batches = (
                records
                | "Key" >> beam.Map(lambda record: (transform.key(record), record))
                | "Group" >> beam.GroupByKey()
                | "Ungroup" >> beam.Map(lambda group: list(group[1]))
            )
        else:
            size = self._stage.batch_size
            batches = records | beam.BatchElements(min_batch_size=size, max_batch_size=size)
        run = beam.ParDo(_StageFn(self._stage, self._retry))
        return batches | "Run" >> run.with_outputs(OUTCOMES, main="kept")


class _PartFn(beam.DoFn):  # type: ignore[misc]  # Beam has no types
    def __init__(self, runner: PartRunner) -> None:
        self._runner = runner

    def setup(self) -> None:
        self._runner.setup()

    def process(self, part: str) -> Iterator[str]:
        if self._runner.run(part) is not None:
            yield part

    def teardown(self) -> None:
        self._runner.teardown()


class _StageFn(beam.DoFn):  # type: ignore[misc]  # Beam has no types
    def __init__(self, stage: Stage, retry: RetryPolicy) -> None:
        self._stage = stage
        self._retry = retry

    def setup(self) -> None:
        self._stage.transform.setup()

    def process(self, batch: list[Any]) -> Iterator[Any]:
        run = run_stage(self._stage, batch, step=self._stage.name, retry=self._retry)
        yield from run.records
        for outcome in run.outcomes:
            yield beam.pvalue.TaggedOutput(OUTCOMES, outcome)

    def teardown(self) -> None:
        self._stage.transform.teardown()


def _why_failed(runner: PartRunner, error: Exception) -> InterlinkError:
    """Say why a job failed; Beam knows errors of workers only by their text."""
    # A fault that could not be noted in the run, such as its own full disk, comes this way.
    faults = re.findall(r"(?:EnvironmentFault|DiskFullError|OutOfMemoryError): (.+)", str(error))
    if faults:
        return EnvironmentFault(faults[-1])
    missing = re.findall(r"ModuleNotFoundError: (.+)", str(error))
    if missing:
        return EnvironmentFault(
            f"Beam's workers lack a package: {missing[-1]}; install interlink in them as it is "
            "here, such as by the image of docker/beam"
        )
    last = last_words(str(error)) or type(error).__name__
    return IncompleteError(
        f"the Beam job of step {runner.step.name!r} failed, as when a worker dies: {last} "
        "What is committed stays: run again to go on"
    )
