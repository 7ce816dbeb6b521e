"""A whole training: open the data, build or resume, measure, train, save, draw the curves."""

import logging
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import torch

from ..schemas.errors import EnvironmentFault, UsageError
from .checkpoint import load_checkpoint, newest_checkpoint, save_checkpoint
from .cosmo.calibrate import calibrate
from .cosmo.model import Cosmo
from .curves import draw_curves
from .evaluate import Evaluation, evaluate
from .metrics import MetricsLog, Speed, StepMetrics, read_events
from .parallelize import Ranks, join_ranks
from .recipe import TrainRecipe
from .step_clock import StepClock
from .stopping import StopRequest
from .trainer import Trainer
from .training_data import HeldOut, TrainingStreams

logger = logging.getLogger(__name__)

CHECKPOINTS, CURVES = "checkpoints", "curves.png"


class TrainObserver(Protocol):
    """Is told of a training on the first rank, as it goes."""

    def on_start(self, *, tokens_done: int, tokens_total: int) -> None:
        """Training begins, or goes on."""

    def on_step(self, metrics: StepMetrics, speed: Speed) -> None:
        """A step was taken."""

    def on_evaluation(self, step: int, evaluation: Evaluation) -> None:
        """Held-out documents were measured."""

    def on_checkpoint(self, path: Path) -> None:
        """A checkpoint was written."""

    def on_message(self, text: str) -> None:
        """Something happened that a person should know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainReport:
    """How a training ended."""

    output: Path
    """Folder of everything that it wrote."""
    checkpoint: Path
    """The newest checkpoint; `Cosmo.from_pretrained` reads it."""
    curves: Path | None
    """The picture of its course; None on other ranks than the first."""
    steps: int
    tokens: int
    before: Evaluation | None
    """Measured before the first step; None where nothing is held out."""
    after: Evaluation | None
    """Measured last."""
    resumed_from: int | None
    """The step it went on from; None if it began anew."""
    stopped_by: int | None
    """Number of the signal that ended it early; None if it came to its end."""
    is_first_rank: bool = True
    """Whether this process is the one that talks to people."""


def train(recipe: TrainRecipe, *, observer: TrainObserver | None = None) -> TrainReport:
    """Train to the recipe's horizon, going on from its newest checkpoint if it has one.

    Under `torchrun` every rank calls it. SIGTERM and SIGINT save and end it between two steps.

    Args:
        recipe: what to train, on what, where to.
        observer: is told of it on the first rank.

    Raises:
        UsageError: the recipe does not fit the dataset, the ranks, or an earlier training.
        EnvironmentFault: files cannot be written or read, or the training has diverged.
    """
    with ExitStack() as stack:
        ranks = stack.enter_context(join_ranks())
        stop = stack.enter_context(StopRequest())
        training = _Training(recipe, ranks, observer if ranks.is_first else None, stop)
        stack.callback(training.close)
        return training.run()


class _Training:
    def __init__(
        self,
        recipe: TrainRecipe,
        ranks: Ranks,
        observer: TrainObserver | None,
        stop: StopRequest,
    ) -> None:
        self.recipe, self.ranks, self.stop = recipe, ranks, stop
        self.observer = observer
        self.output = Path(recipe.output)
        self.log: MetricsLog | None = None
        model = Cosmo.build(
            recipe.model, device=ranks.device, frozen_dtype=ranks.frozen_dtype, seed=recipe.seed
        )
        assert model.processor is not None  # it was built from folders
        self.streams = TrainingStreams(recipe, model.processor, ranks.world)
        self.held_out = self._open_held_out(model)
        self.trainer = Trainer(model, recipe, ranks)
        self.resumed_from: int | None = None
        self.stopped_by: int | None = None
        self.saved: Path | None = None

    def run(self) -> TrainReport:
        self._begin()
        ledger, horizon = self.trainer.ledger, self.recipe.optimizer.tokens
        clock = StepClock()
        batches = clock.waiting(iter(self.streams))
        while ledger.tokens < horizon and not self._shall_stop():
            batch, pairs = next(batches)
            metrics = self.trainer.step(batch, pairs)
            self._note(metrics, clock.speed(batch, pairs, ranks=self.ranks.size))
            is_last = ledger.tokens >= horizon
            if is_last or ledger.steps % self.recipe.evaluation.every_steps == 0:
                self._evaluate()
            if is_last or ledger.steps % self.recipe.checkpoint.every_steps == 0:
                self._save()
            clock.go_on()
        return self._end()

    def close(self) -> None:
        if self.log is not None:
            self.log.close()

    def _begin(self) -> None:
        """Resume, or measure and save before the first step: a save that fails should fail now."""
        found = newest_checkpoint(self.output / CHECKPOINTS)
        if found is not None:
            self.streams.load_state_dict(load_checkpoint(found, self.trainer))
            self.resumed_from = self.trainer.ledger.steps
            self._say(f"resumed from {found}, step {self.resumed_from}")
        step = self.trainer.ledger.steps
        if self.ranks.is_first:
            try:
                self.output.mkdir(parents=True, exist_ok=True)
                self.log = MetricsLog(self.output, after_step=step)
            except OSError as error:
                raise EnvironmentFault(
                    f"cannot write to {self.output}: {error.strerror or error}; give the recipe "
                    "another output"
                ) from error
        if found is None:
            self._write("start", _about(self.recipe, self.trainer.model))
            calibrate(self.trainer.model, self.streams.first_sequences().to(self.ranks.device))
            self._evaluate()
            self._save()
        if self.observer:
            tokens = self.recipe.optimizer.tokens
            self.observer.on_start(tokens_done=self.trainer.ledger.tokens, tokens_total=tokens)

    def _end(self) -> TrainReport:
        path = self._save()
        curves: Path | None = None
        before = after = None
        if self.ranks.is_first:
            before, after = _first_and_last(self.output / "metrics.jsonl")
            curves = self._draw()
        return TrainReport(
            output=self.output,
            checkpoint=path,
            curves=curves,
            steps=self.trainer.ledger.steps,
            tokens=self.trainer.ledger.tokens,
            before=before,
            after=after,
            resumed_from=self.resumed_from,
            stopped_by=self.stopped_by,
            is_first_rank=self.ranks.is_first,
        )

    def _draw(self) -> Path | None:
        picture = self.output / CURVES
        try:
            draw_curves(self.output / "metrics.jsonl", picture)
        except EnvironmentFault as error:  # without matplotlib all else is still there
            self._say(f"no curves were drawn: {error}")
            return None
        return picture

    def _open_held_out(self, model: Cosmo) -> HeldOut | None:
        assert model.processor is not None
        try:
            return HeldOut.of(self.recipe, model.processor, self.ranks.world)
        except UsageError as error:
            # A small dataset may hold nothing out; whoever misspells a view must hear of it.
            if "has no document" not in str(error):
                raise
            self._say(f"nothing is held out, so there is no vision gain to see: {error}")
            return None

    def _shall_stop(self) -> bool:
        """Tell whether any rank was asked to stop; all ranks ask at the same step."""
        asked = torch.tensor([self.stop.signal or 0], device=self.ranks.device)
        self.stopped_by = int(self.ranks.gather(asked).max()) or None
        return self.stopped_by is not None

    def _note(self, metrics: StepMetrics, speed: Speed) -> None:
        if self.log is not None:
            self.log.write_step(metrics, speed, self.trainer.ledger, self.streams.epoch)
        if self.observer:
            self.observer.on_step(metrics, speed)

    def _evaluate(self) -> None:
        if self.held_out is None:
            return
        evaluation = evaluate(
            self.trainer.model,
            self.held_out.packed_batches(),
            self.held_out.pair_batches(),
            ranks=self.ranks,
            autocast=self.ranks.autocast,
        )
        step, tokens = self.trainer.ledger.steps, self.trainer.ledger.tokens
        if evaluation.documents < 2 and step == 0:
            self._say("no vision gain to see: fewer than two held-out documents have media")
        self._write("evaluation", {"step": step, "tokens": tokens, **evaluation.to_plain()})
        if self.observer:
            self.observer.on_evaluation(step, evaluation)

    def _save(self) -> Path:
        path = save_checkpoint(
            self.output / CHECKPOINTS,
            self.trainer,
            self.streams.state_dict(),
            keep=self.recipe.checkpoint.keep,
        )
        if self.observer and path != self.saved:
            self.observer.on_checkpoint(path)
        self.saved = path
        return path

    def _write(self, event: str, content: Mapping[str, object]) -> None:
        if self.log is not None:
            self.log.write(event, content)

    def _say(self, text: str) -> None:
        logger.info("%s", text)
        if self.observer:
            self.observer.on_message(text)


def _about(recipe: TrainRecipe, model: Cosmo) -> dict[str, object]:
    assert model.bases is not None
    packages = ("torch", "transformers", "numpy", "safetensors")
    return {
        "recipe": recipe.to_plain(),
        "recipe_digest": recipe.digest,
        "text_policy_digest": recipe.text.digest,
        "bases": model.bases.digests(),
        "versions": {"python": sys.version.split()[0], **{p: version(p) for p in packages}},
    }


def _first_and_last(metrics: Path) -> tuple[Evaluation | None, Evaluation | None]:
    found = [
        Evaluation.from_plain(event)
        for event in read_events(metrics)
        if event["event"] == "evaluation"
    ]
    return (found[0], found[-1]) if found else (None, None)
