"""A whole training: open the data, build or resume, measure, train, save, draw the curves."""

import logging
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path

import torch

from ..schemas.errors import EnvironmentFault, UsageError
from .checkpoint import (
    CHECKPOINTS,
    load_checkpoint,
    newest_checkpoint,
    read_state,
    save_checkpoint,
)
from .cosmo.calibrate import calibrate
from .cosmo.model import Cosmo
from .curves import draw_curves
from .data.dataset import open_dataset
from .data.packing import NothingFits
from .evaluate import Evaluation, evaluate
from .held_out import HeldOut
from .metrics import MetricsLog, Speed, StepMetrics, read_events
from .parallelize import Ranks, join_ranks
from .recipe import TrainRecipe
from .step_clock import StepClock
from .stopping import StopRequest
from .train_report import TrainObserver, TrainReport
from .trainer import Trainer
from .training_data import TrainingStreams

logger = logging.getLogger(__name__)

CURVES = "curves.png"


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
        self.found = self._find_checkpoint()
        model = Cosmo.build(
            recipe.model, device=ranks.device, frozen_dtype=ranks.frozen_dtype, seed=recipe.seed
        )
        assert model.processor is not None  # it was built from folders
        self.processor = model.processor
        version = self._version()
        # What the first rank computes about the dataset lies in the cache of the others then.
        with ranks.first_goes_ahead():
            self.streams = TrainingStreams(recipe, self.processor, ranks.world, version=version)
            self.held_out = self._open_held_out()
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
        self.trainer.close()
        if self.log is not None:
            self.log.close()

    def _begin(self) -> None:
        """Resume, or measure and save before the first step: a save that fails should fail now."""
        if self.found is not None:
            state = load_checkpoint(self.found, self.trainer)
            self.streams.load_state_dict(state["streams"])
            self.resumed_from = self.trainer.ledger.steps
            self._say(f"resumed from {self.found}, step {self.resumed_from}")
        if self.ranks.is_first:
            try:
                self.output.mkdir(parents=True, exist_ok=True)
                self.log = MetricsLog(self.output, after_step=self.resumed_from)
            except OSError as error:
                raise EnvironmentFault(
                    f"cannot write to {self.output}: {error.strerror or error}; give the recipe "
                    "another output"
                ) from error
        if self.found is None:
            self._write("start", self._about())
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

    def _find_checkpoint(self) -> Path | None:
        """Return the checkpoint to go on from, which every rank must see alike."""
        found = newest_checkpoint(self.output / CHECKPOINTS)
        names = self.ranks.gather_text(found.name if found else "")
        if len(set(names)) > 1:
            raise UsageError(
                f"ranks find different checkpoints in {self.output}: {', '.join(map(repr, names))};"
                " output must be a folder that every machine sees"
            )
        return found

    def _version(self) -> int:
        """Return the version of the dataset to read: that of the checkpoint, or one for all ranks.

        The newest one may be another a moment later, and so on another rank.
        """
        if self.found is not None:
            return int(read_state(self.found)["data"]["version"])
        found = open_dataset(self.recipe.dataset, version=self.recipe.version).manifest.version
        return int(self.ranks.gather_text(str(found))[0])

    def _open_held_out(self) -> HeldOut | None:
        if self.recipe.evaluation.view is None:
            return None
        version = self.streams.source["version"]
        try:
            return HeldOut.of(self.recipe, self.processor, self.ranks.world, version=version)
        except NothingFits as error:  # as of a small dataset; it can be trained on all the same
            self._say(f"nothing is held out, so there is no vision gain to see: {error}")
            return None

    def _shall_stop(self) -> bool:
        """Tell whether any rank was asked to stop; all ranks ask at the same step."""
        asked = torch.tensor([self.stop.signal or 0], device=self.ranks.device)
        self.stopped_by = int(self.ranks.gather(asked).max()) or None
        return self.stopped_by is not None

    def _note(self, metrics: StepMetrics, speed: Speed) -> None:
        if self.log is not None:
            self.log.write_step(
                metrics,
                speed,
                self.trainer.ledger,
                epoch=self.streams.epoch,
                unreadable=self.streams.num_unreadable,
            )
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
            {"streams": self.streams.state_dict(), **self.streams.source},
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

    def _about(self) -> dict[str, object]:
        assert self.trainer.model.bases is not None  # it was built from folders
        packages = ("torch", "transformers", "numpy", "safetensors")
        return {
            "recipe": self.recipe.to_plain(),
            "recipe_digest": self.recipe.digest,
            "text_policy_digest": self.recipe.text.digest,
            "data": self.streams.source,
            "bases": self.trainer.model.bases.digests(),
            "versions": {
                "python": sys.version.split()[0],
                **{p: metadata.version(p) for p in packages},
            },
        }


def _first_and_last(metrics: Path) -> tuple[Evaluation | None, Evaluation | None]:
    found = [
        Evaluation.from_plain(event)
        for event in read_events(metrics)
        if event["event"] == "evaluation"
    ]
    return (found[0], found[-1]) if found else (None, None)
