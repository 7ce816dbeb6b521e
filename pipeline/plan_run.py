"""One plan, taken through the steps of a recipe; what they did is counted in `step_run.py`."""

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from ..schemas.denied import Denied
from .curate import step_keys
from .dataset.denied import read_denied
from .engines.engine import Engine, make_engine
from .jobs.job import Job
from .jobs.observer import Observer
from .machine.package_digest import package_digest
from .parts.part import PartRunner
from .parts.plan import plan_parts
from .parts.trials import RetryPolicy
from .recipes.recipe import Recipe
from .step import EngineName, Step
from .step_run import StepReport, read_step, run_step
from .storage.store import Store


class PlanRunner:
    """Takes plans through steps; entered, it has the engines, and at the end it closes them.

    Args:
        recipe: what to do.
        steps: its steps, or the first of them.
        only: the one step to do, of which those before it are done already; None for all.
        job: whose time budget holds, and where engines note what they begin elsewhere.
        observers: who is told what happens.
    """

    def __init__(
        self,
        recipe: Recipe,
        steps: Sequence[Step],
        *,
        only: str | None,
        job: Job,
        observers: Sequence[Observer],
    ) -> None:
        self._recipe = recipe
        self._steps = steps
        self._only = only
        self._job = job
        self._observers = observers
        self._engines: dict[EngineName, Engine] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with (
            ExitStack() as stack
        ):  # an engine that is not installed is told before anything is done
            for name in dict.fromkeys(step.engine for step in self._steps if self._is_wanted(step)):
                self._engines[name] = make_engine(
                    name,
                    beam_options=self._recipe.beam.options,
                    ray_address=self._recipe.ray.address,
                    job=self._job,
                )
                stack.callback(self._engines[name].close)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def steps(self) -> Sequence[Step]:
        """The steps as far as they are wanted."""
        names = [step.name for step in self._steps]
        return self._steps[: names.index(self._only) + 1 if self._only else None]

    @property
    def engine_names(self) -> list[str]:
        """Names of the engines at work."""
        return sorted(self._engines)

    def take(self, plan: int) -> list[StepReport]:
        """Take a plan through the steps; where one step is wanted, up to that one.

        Raises:
            UsageError: a step before the wanted one is not done.
            InterlinkError: as `step_run.run_step` says.
        """
        parts = plan_parts(Store(self._recipe.run), plan)
        denied = read_denied(Store(self._recipe.dataset_url))
        reports: list[StepReport] = []
        for step, key in zip(self.steps, step_keys(self.steps), strict=True):
            runner = self._runner(plan, step, key, reports[-1].folder if reports else None, denied)
            if self._is_wanted(step):
                report = run_step(
                    self._engines[step.engine],
                    runner,
                    plan=plan,
                    parts=parts,
                    max_failed_share=self._recipe.max_failed_share,
                    observers=self._observers,
                    until=self._job.until,
                )
            else:
                report = read_step(runner, plan=plan, parts=parts)
            reports.append(report)
        return reports

    def _is_wanted(self, step: Step) -> bool:
        return self._only in {None, step.name}

    def _runner(
        self, plan: int, step: Step, key: str, previous_folder: str | None, denied: Denied
    ) -> PartRunner:
        retries = self._recipe.retries
        return PartRunner(
            store_url=self._recipe.run,
            step=step,
            key=key,
            previous_folder=previous_folder,
            single_writer=self._recipe.single_writer,
            scratch=self._recipe.scratch,
            scratch_bytes=self._recipe.scratch_bytes,
            retry=RetryPolicy(attempts=retries.attempts, first_pause_s=retries.first_pause_s),
            disk=self._recipe.disk.policy(),
            denied=denied,
            package=package_digest(),
            plan=plan,
        )
