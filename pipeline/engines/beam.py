"""Apache Beam: a part is an element, a worker's `DoFn` holds the step's models.

`RunStep` takes parts through a step, `RunStage` records through a stage, for pipelines of your own.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ...schemas.errors import EnvironmentFault
from ...transforms.base import Gather
from ..part import PartRunner
from ..runtime import RetryPolicy, run_stage
from ..step import Stage

try:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
except ImportError as error:
    raise EnvironmentFault(
        "the engine 'beam' needs Apache Beam: pip install 'interlink[beam]', or use engine: local"
    ) from error

OUTCOMES = "outcomes"
"""Tag of `RunStage`'s second output: one `Outcome` for each record that went in."""


class BeamEngine:
    """Runs each step as one Beam job.

    Args:
        options: arguments for `PipelineOptions`. Without `--runner` the in-process `FnApiRunner`
            is taken, as Beam's own default first tries to download another one.
    """

    def __init__(self, options: Sequence[str] = ()) -> None:
        self._options = PipelineOptions(list(options))
        standard = self._options.view_as(StandardOptions)
        if standard.runner is None:
            standard.runner = "FnApiRunner"

    def run(self, runner: PartRunner, parts: Sequence[str]) -> None:
        """Take the parts through the step; Beam decides where."""
        with beam.Pipeline(options=self._options) as pipeline:
            _ = pipeline | "ReadPlan" >> beam.Create(list(parts)) | RunStep(runner)

    def close(self) -> None:
        """Do nothing: a Beam job ends by itself."""


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

    For stages whose transform needs no `Workspace`; batches are formed by Beam.
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
