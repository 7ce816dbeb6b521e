"""Apache Beam: a part is an element, a worker's `DoFn` holds the step's models.

`RunStep` takes parts through a step, `RunStage` records through a stage, for pipelines of your own.
"""

import contextlib
import logging
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from ...schemas.errors import EnvironmentFault, IncompleteError, InterlinkError, UsageError
from ...transforms.base import Gather
from ..job import Job
from ..part import PartRunner
from ..runtime import run_stage
from ..step import Stage
from ..trials import RetryPolicy
from .quiet import quiet, quiet_import

try:
    with quiet_import():  # Beam warns that Google's clients are missing, which nothing here needs
        import apache_beam as beam
        import grpc
        from apache_beam.options.pipeline_options import (
            DirectOptions,
            PipelineOptions,
            StandardOptions,
        )
        from apache_beam.runners.portability.fn_api_runner import FnApiRunner
        from apache_beam.transforms.environments import SubprocessSDKEnvironment
except ImportError as error:
    raise EnvironmentFault(
        "the engine 'beam' needs Apache Beam: pip install 'interlink[beam]', or use engine: local"
    ) from error

OUTCOMES = "outcomes"
"""Tag of `RunStage`'s second output: one `Outcome` for each record that went in."""

_LEVELS = {
    # A dead worker gives a dozen tracebacks of Beam's own; the engine says it in one sentence.
    "apache_beam": logging.CRITICAL,
    "apache_beam.runners.portability.local_job_service": logging.ERROR,  # what workers log
}
_THREADS = {"run_worker", "beam_control_read", "read_grpc_client_inputs"}
_WORKER = (
    # Without a handler, the first import that logs makes one on the terminal, at INFO.
    "import logging; logging.getLogger().addHandler(logging.NullHandler());"
    # Ctrl-C reaches the whole process group; what becomes of workers is the driver's business.
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
    "from apache_beam.runners.worker import sdk_worker_main; sdk_worker_main.main([])"
)


class BeamEngine:
    """Runs each step as one Beam job.

    Args:
        options: arguments for `PipelineOptions`. Without `--runner` the `FnApiRunner` is taken, as
            Beam's own default first tries to download another one: in this process, or on as many
            worker processes as the step has workers.
        job: where jobs on a cluster are noted; None notes nothing.
    """

    def __init__(self, options: Sequence[str] = (), job: Job | None = None) -> None:
        self._options = list(options)
        self._job = job

    def run(self, runner: PartRunner, parts: Sequence[str]) -> None:
        """Take the parts through the step; Beam decides where."""
        options = PipelineOptions(self._options)
        is_local = options.view_as(StandardOptions).runner in {None, "FnApiRunner"}
        chosen = self._local_runner(options, runner.step.resources.workers) if is_local else None
        try:
            pipeline = beam.Pipeline(runner=chosen, options=options)
        except ValueError as error:
            raise UsageError(f"Beam refuses its options {self._options}: {error}") from error
        done = pipeline | "ReadPlan" >> beam.Create(list(parts)) | RunStep(runner)
        # Where nothing awaits a worker's output, the FnApiRunner of Beam 2.77 awaits a dead worker
        # for ever.
        _ = done | "Count" >> beam.combiners.Count.Globally()
        with quiet(_LEVELS, _THREADS) if is_local else contextlib.nullcontext():
            try:
                pipeline.run().wait_until_finish()
            except (RuntimeError, OSError, grpc.RpcError, beam.error.BeamError) as error:
                raise _why_failed(runner, error) from error

    def close(self) -> None:
        """Do nothing: a Beam job ends by itself."""

    def _local_runner(self, options: Any, workers: int) -> Any:  # noqa: ANN401  (Beam has no types)
        direct = options.view_as(DirectOptions)
        if workers > 1 and not any(option.startswith("--direct_") for option in self._options):
            direct.direct_running_mode, direct.direct_num_workers = "multi_processing", workers
        if direct.direct_running_mode != "multi_processing":
            return FnApiRunner()
        direct.direct_running_mode = "in_memory"  # else it would start workers in its own way
        command = f"exec {shlex.join([sys.executable, '-c', _WORKER])}"
        environment = SubprocessSDKEnvironment.from_command_string(command)
        return FnApiRunner(default_environment=environment)


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
    faults = re.findall(rf"{EnvironmentFault.__name__}: (.+)", str(error))
    if faults:
        return EnvironmentFault(faults[-1])
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return IncompleteError(
        f"the Beam job of step {runner.step.name!r} failed, as when a worker dies: {lines[-1]} "
        "What is committed stays: run again to go on"
    )
